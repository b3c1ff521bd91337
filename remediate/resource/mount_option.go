package resource

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fstab"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// mountOptionKind is the options with which a file system is mounted.
func mountOptionKind() Kind { return Kind{Name: "mount_option", New: newMountOption} }

type mountOption struct {
	path    string
	options []string
}

var optionText = regexp.MustCompile(`^[A-Za-z0-9_.=:/%+-]+$`)

func newMountOption(name string, decode Decode) (Resource, error) {
	var body struct {
		Options []string `hcl:"options"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if !path.IsAbs(name) || path.Clean(name) != name {
		return nil, fmt.Errorf("%q is not an absolute path in its shortest form", name)
	}
	if len(body.Options) == 0 {
		return nil, errors.New("options of a mount_option are empty")
	}
	for _, o := range body.Options {
		if !optionText.MatchString(o) {
			return nil, fmt.Errorf("%q is not a mount option", o)
		}
	}
	return mountOption{name, body.Options}, nil
}

func (m mountOption) Ref() rule.Ref { return rule.Ref{Kind: "mount_option", Name: m.path} }

type mountFound struct {
	next    fstab.Mount
	mounted bool // now
	now     host.Mount
}

func (m mountOption) missing(options []string) []string {
	return slices.DeleteFunc(slices.Clone(m.options), func(o string) bool { return fstab.Has(options, o) })
}

func (m mountOption) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "mounted with " + strings.Join(m.options, ",")}
	next, err := fstab.Read(h, m.path)
	if err != nil {
		return o, err
	}
	found := mountFound{next: next}
	if r := h.Running(); r != nil {
		mounts, err := r.Mounts()
		if err != nil {
			return o, err
		}
		for _, mount := range mounts {
			if mount.Path == m.path {
				found.mounted, found.now = true, mount
			}
		}
	}
	m.describe(&o, found)
	o.State = found
	return o, nil
}

func (m mountOption) describe(o *rule.Observation, found mountFound) {
	next := found.next
	o.Persisted = strings.Join(next.Options, ",")
	if o.Persisted == "" {
		o.Persisted = "defaults"
	}
	if found.mounted {
		o.Running = strings.Join(found.now.Options, ",")
	}
	var by string
	switch next.Origin {
	case fstab.Table:
		by = fmt.Sprintf("%s:%d", fstab.File, next.Entry.Line)
		o.Sources = append(o.Sources, rule.Source{Path: fstab.File, Line: next.Entry.Line, Text: strings.TrimSpace(next.Entry.Raw), Wins: true})
	case fstab.Unit:
		by = next.Winner.Path
		o.Sources = append(o.Sources, rule.Source{Path: next.Winner.Path, Line: next.Winner.Line, Text: next.Winner.Text(), Wins: true})
	case fstab.BuiltIn:
		by = "systemd itself, since " + fstab.File + " has no entry for it"
	default:
		o.Persisted = ""
		if found.mounted {
			o.NotObservable = m.path + " is mounted now, and neither " + fstab.File + " nor a mount unit says how it is at boot"
		} else {
			o.NotApplicable = m.path + " is not a file system of its own"
		}
		return
	}
	for _, e := range next.Ignored {
		o.Sources = append(o.Sources, rule.Source{Path: fstab.File, Line: e.Line, Text: strings.TrimSpace(e.Raw)})
	}
	o.Message = m.path + " is mounted with " + strings.Join(m.options, ",") + " by " + by
	if missing := m.missing(next.Options); len(missing) > 0 {
		o.Message = m.path + " is mounted without " + strings.Join(missing, ",") + " by " + by
	} else if found.mounted && len(m.missing(found.now.Options)) > 0 {
		o.Message += "; it is now without " + strings.Join(m.missing(found.now.Options), ",")
	}
}

func (m mountOption) Diff(o rule.Observation) []rule.Change {
	found := o.State.(mountFound)
	var changes []rule.Change
	if missing := m.missing(found.next.Options); len(missing) > 0 {
		changes = append(changes, mountChange(found.next, missing))
	}
	if found.mounted && len(m.missing(found.now.Options)) > 0 {
		changes = append(changes, rule.Remount{Path: m.path, Options: m.options})
	}
	return changes
}

// mountChange is the wish for options, or says why it cannot be granted.
func mountChange(next fstab.Mount, missing []string) rule.Change {
	if _, reason := next.Edit(missing, Header); reason != "" {
		return rule.Unfixable{Subject: next.Path, Reason: reason, Of: rule.Persisted}
	}
	return rule.MountOptions{Path: next.Path, Options: missing, Header: Header}
}

// replaceLines puts one line in the place of an assignment that may run over several.
func replaceLines(first int, raw []string, with string) []rule.Edit {
	edits := []rule.Edit{{Op: rule.ReplaceLine, Line: first, Old: raw[0], New: []string{with}}}
	for i, old := range raw[1:] {
		edits = append(edits, rule.Edit{Op: rule.DeleteLine, Line: first + 1 + i, Old: old})
	}
	return edits
}
