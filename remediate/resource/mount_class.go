package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fstab"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// mountClassKind is the options of every entry of fstab that mounts things of one class.
func mountClassKind() Kind { return Kind{Name: "mount_class", New: newMountClass} }

type mountClass struct {
	class   string
	options []string
}

func newMountClass(name string, decode Decode) (Resource, error) {
	var body struct {
		Options []string `hcl:"options"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "removable" && name != "nfs" {
		return nil, fmt.Errorf("mount_class is \"removable\" or \"nfs\", not %q", name)
	}
	if len(body.Options) == 0 {
		return nil, errors.New("options of a mount_class are empty")
	}
	for _, o := range body.Options {
		if !optionText.MatchString(o) {
			return nil, fmt.Errorf("%q is not a mount option", o)
		}
	}
	return mountClass{name, body.Options}, nil
}

func (m mountClass) Ref() rule.Ref { return rule.Ref{Kind: "mount_class", Name: m.class} }

// has reports whether an entry is of the class. Removable is what the device names and file systems of
// optical and floppy drives say, and what is mounted below the places for media (file-hierarchy(7)).
func (m mountClass) has(e fstab.Entry) bool {
	if e.Path == "" {
		return false
	}
	if m.class == "nfs" {
		return e.Type == "nfs" || e.Type == "nfs4"
	}
	for _, pattern := range []string{"/dev/cdrom*", "/dev/dvd*", "/dev/sr[0-9]*", "/dev/fd[0-9]*", "/dev/floppy*"} {
		if ok, err := path.Match(pattern, e.Source); err == nil && ok {
			return true
		}
	}
	return e.Type == "iso9660" || e.Type == "udf" || strings.HasPrefix(e.Path, "/media/")
}

func (m mountClass) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "every " + m.class + " mount with " + strings.Join(m.options, ",")}
	content, err := h.ReadFile(fstab.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, fmt.Errorf("cannot read %s: %w", fstab.File, err)
	}
	var wishes []rule.Change
	var wrong, seen []string
	for _, e := range fstab.Parse(content) {
		if !m.has(e) || slices.Contains(seen, e.Path) {
			continue
		}
		seen = append(seen, e.Path)
		next, err := fstab.Read(h, e.Path)
		if err != nil {
			return o, err
		}
		missing := mountOption{e.Path, m.options}.missing(next.Options)
		o.Sources = append(o.Sources, rule.Source{Path: fstab.File, Line: e.Line, Text: strings.TrimSpace(e.Raw), Wins: true})
		if len(missing) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s (%s:%d) is without %s", e.Path, fstab.File, e.Line, strings.Join(missing, ",")))
			wishes = append(wishes, mountChange(next, missing))
		}
	}
	if len(seen) == 0 {
		o.NotApplicable = "no entry of " + fstab.File + " is about " + m.class + " mounts"
		return o, nil
	}
	o.Persisted = fmt.Sprintf("%d mounts, %d without", len(seen), len(wrong))
	o.Message = fmt.Sprintf("all %d %s mounts have %s", len(seen), m.class, strings.Join(m.options, ","))
	if len(wrong) > 0 {
		o.Message = strings.Join(wrong, "; ")
	}
	o.State = wishes
	return o, nil
}

func (m mountClass) Diff(o rule.Observation) []rule.Change {
	wishes, _ := o.State.([]rule.Change)
	return wishes
}
