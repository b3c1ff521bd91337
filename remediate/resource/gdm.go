package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// gdmKind is one setting of the GNOME display manager: of its own file, or a default in dconf. Node images
// have no desktop, so this kind checks and does not change.
func gdmKind() Kind { return Kind{Name: "gdm", New: newGDM} }

type gdmSetting struct {
	key    string // section/key of daemon.conf, or path of dconf
	dconf  bool
	values []string
	max    *int
	absent bool
	locked bool
}

func newGDM(name string, decode Decode) (Resource, error) {
	var body struct {
		Source string   `hcl:"source"`
		OneOf  []string `hcl:"one_of,optional"`
		Max    *int     `hcl:"max,optional"`
		Absent bool     `hcl:"or_absent,optional"`
		Locked bool     `hcl:"locked,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	switch {
	case body.Source != "dconf" && body.Source != "daemon":
		return nil, fmt.Errorf("source of gdm is %q, and must be \"dconf\" or \"daemon\"", body.Source)
	case !strings.Contains(name, "/"):
		return nil, fmt.Errorf("%q is not a section and a key with a slash between", name)
	case len(body.OneOf) > 0 == (body.Max != nil):
		return nil, errors.New("exactly one of one_of and max is needed")
	case body.Locked && body.Source != "dconf":
		return nil, errors.New("locked is for dconf")
	}
	return gdmSetting{name, body.Source == "dconf", body.OneOf, body.Max, body.Absent, body.Locked}, nil
}

func (r gdmSetting) Ref() rule.Ref { return rule.Ref{Kind: "gdm", Name: r.key} }

func (r gdmSetting) right(value string) bool {
	if r.max == nil {
		return slices.Contains(r.values, value)
	}
	// dconf writes the type before a number.
	fields := strings.Fields(value)
	if len(fields) == 0 {
		return false
	}
	n, err := strconv.Atoi(fields[len(fields)-1])
	return err == nil && n >= 1 && n <= *r.max
}

func (r gdmSetting) expected() string {
	s := r.key + " is " + strings.Join(r.values, " or ")
	if r.max != nil {
		s = fmt.Sprintf("%s is from 1 to %d", r.key, *r.max)
	}
	if r.absent {
		s += ", or not set"
	}
	if r.locked {
		s += ", and locked"
	}
	return s
}

type gdmFound struct{ why string }

func (r gdmSetting) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: r.expected()}
	installed, err := gdmInstalled(h)
	if err != nil || !installed {
		o.NotApplicable = "the GNOME display manager is not installed"
		return o, err
	}
	files, locks, err := r.files(h)
	if err != nil {
		return o, err
	}
	value, set := "", false
	for _, f := range files {
		content, err := h.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return o, fmt.Errorf("cannot read %s: %w", f, err)
		}
		for _, s := range gdmLines(f, string(content), r.key) {
			for i := range o.Sources {
				o.Sources[i].Wins = false
			}
			_, v, _ := strings.Cut(s.Text, "=")
			value, set = strings.TrimSpace(v), true
			o.Sources = append(o.Sources, s)
		}
	}
	o.Persisted = "not set"
	if set {
		o.Persisted = value
	}
	var found gdmFound
	if set && !r.right(value) || !set && !r.absent {
		found.why = r.key + " is " + o.Persisted
	}
	if r.locked && found.why == "" {
		locked, err := r.isLocked(h, locks, &o)
		if err != nil {
			return o, err
		}
		if !locked {
			found.why = r.key + " can be overridden by users"
		}
	}
	o.Message = r.key + " is as it should be"
	if found.why != "" {
		o.Message = found.why
	}
	o.State = found
	return o, nil
}

func gdmInstalled(h host.Files) (bool, error) {
	for _, p := range []string{"/usr/sbin/gdm3", "/usr/sbin/gdm", "/usr/bin/gdm"} {
		switch _, err := h.Stat(p); {
		case err == nil:
			return true, nil
		case !errors.Is(err, fs.ErrNotExist):
			return false, fmt.Errorf("cannot look for %s: %w", p, err)
		}
	}
	return false, nil
}

// files lists where the setting may stand, the one that wins last, and where locks do.
func (r gdmSetting) files(h host.Files) (files, locks []string, err error) {
	if !r.dconf {
		return []string{"/etc/gdm/custom.conf", "/etc/gdm3/custom.conf", "/etc/gdm3/daemon.conf"}, nil, nil
	}
	for _, db := range []string{"gdm.d", "local.d"} {
		dir := "/etc/dconf/db/" + db
		for _, sub := range []string{dir, dir + "/locks"} {
			entries, err := h.ReadDir(sub)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, nil, fmt.Errorf("cannot read %s: %w", sub, err)
			}
			for _, e := range entries {
				switch p := sub + "/" + e.Name(); {
				case e.IsDir():
				case path.Base(sub) == "locks":
					locks = append(locks, p)
				default:
					files = append(files, p)
				}
			}
		}
	}
	return files, locks, nil
}

func gdmLines(file, content, key string) []rule.Source {
	var out []rule.Source
	section := ""
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		name, _, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") && section+"/"+strings.TrimSpace(name) == key {
			out = append(out, rule.Source{Path: file, Line: i + 1, Text: line, Wins: true})
		}
	}
	return out
}

func (r gdmSetting) isLocked(h host.Files, locks []string, o *rule.Observation) (bool, error) {
	for _, f := range locks {
		content, err := h.ReadFile(f)
		if err != nil {
			return false, fmt.Errorf("cannot read %s: %w", f, err)
		}
		for i, line := range strings.Split(string(content), "\n") {
			if strings.TrimSpace(line) == "/"+r.key {
				o.Sources = append(o.Sources, rule.Source{Path: f, Line: i + 1, Text: line, Wins: true})
				return true, nil
			}
		}
	}
	return false, nil
}

func (r gdmSetting) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(gdmFound)
	if found.why == "" {
		return nil
	}
	return []rule.Change{rule.Unfixable{Subject: r.key, Reason: "the settings of a desktop are compiled by its own tools, and node images have no desktop", Of: rule.Persisted}}
}
