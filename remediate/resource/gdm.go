package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/dconf"
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
	filled bool
	absent bool
	locked bool
}

func newGDM(name string, decode Decode) (Resource, error) {
	var body struct {
		Source string   `hcl:"source"`
		OneOf  []string `hcl:"one_of,optional"`
		Max    *int     `hcl:"max,optional"`
		Filled bool     `hcl:"filled,optional"`
		Absent bool     `hcl:"or_absent,optional"`
		Locked bool     `hcl:"locked,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	goals := 0
	for _, set := range []bool{len(body.OneOf) > 0, body.Max != nil, body.Filled} {
		if set {
			goals++
		}
	}
	switch {
	case body.Source != "dconf" && body.Source != "daemon":
		return nil, fmt.Errorf("source of gdm is %q, and must be \"dconf\" or \"daemon\"", body.Source)
	case !strings.Contains(name, "/"):
		return nil, fmt.Errorf("%q is not a section and a key with a slash between", name)
	case goals != 1:
		return nil, errors.New("exactly one of one_of, max and filled is needed")
	case body.Locked && body.Source != "dconf":
		return nil, errors.New("locked is for dconf")
	}
	return gdmSetting{name, body.Source == "dconf", body.OneOf, body.Max, body.Filled, body.Absent, body.Locked}, nil
}

func (r gdmSetting) Ref() rule.Ref { return rule.Ref{Kind: "gdm", Name: r.key} }

// right reports whether a value is as wanted. A number is of the type that the desktop's schemas give it: one of
// another type counts there as not set.
func (r gdmSetting) right(value string) bool {
	switch {
	case r.filled:
		return strings.Trim(value, `'"`) != ""
	case r.max == nil:
		return slices.Contains(r.values, value)
	}
	number, ok := strings.CutPrefix(value, "uint32 ")
	n, err := strconv.Atoi(number)
	return ok && err == nil && n >= 1 && n <= *r.max
}

func (r gdmSetting) expected() string {
	s := r.key + " is " + strings.Join(r.values, " or ")
	switch {
	case r.filled:
		s = r.key + " has a text"
	case r.max != nil:
		s = fmt.Sprintf("%s is from uint32 1 to %d", r.key, *r.max)
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
	var found gdmFound
	if r.dconf {
		err = r.observeDconf(h, &o, &found)
	} else {
		err = r.observeDaemon(h, &o, &found)
	}
	if err != nil {
		return o, err
	}
	o.Message = r.key + " is as it should be"
	if found.why != "" {
		o.Message = found.why
	}
	o.State = found
	return o, nil
}

// observeDaemon reads the files of the display manager itself; the last one that speaks decides.
func (r gdmSetting) observeDaemon(h host.Files, o *rule.Observation, found *gdmFound) error {
	value, set := "", false
	for _, f := range []string{"/etc/gdm/custom.conf", "/etc/gdm3/custom.conf", "/etc/gdm3/daemon.conf"} {
		content, err := h.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", f, err)
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
	o.Persisted = orUnset(value)
	if set && !r.right(value) || !set && !r.absent {
		found.why = r.key + " is " + o.Persisted
	}
	return nil
}

// profile is the dconf profile of who reads the setting: the greeter, or the sessions of users.
func (r gdmSetting) profile() string {
	if strings.HasPrefix(r.key, "org/gnome/login-screen/") {
		return "gdm"
	}
	return "user"
}

// observeDconf asks what the compiled databases say, which programs read, and what the next compilation would make of
// the key files: an update of any desktop package compiles them.
func (r gdmSetting) observeDconf(h host.Files, o *rule.Observation, found *gdmFound) error {
	key := "/" + r.key
	file, sources, err := dconf.Profile(h, r.profile())
	if errors.Is(err, dconf.ErrNoProfile) {
		o.Persisted = "not set"
		found.why = fmt.Sprintf("%s is not set: there is no dconf profile %s, so no database of the system is read", r.key, r.profile())
		return nil
	}
	if err != nil {
		return err
	}
	o.Sources = append(o.Sources, rule.Source{Path: file, Wins: true})
	var now, next []*dconf.Database
	for _, s := range sources {
		db, err := s.Load(h)
		if err != nil {
			return err
		}
		now = append(now, db)
		if s.Dir == "" {
			next = append(next, db)
			continue
		}
		values, locks, err := s.KeyFiles(h, key)
		if err != nil {
			return err
		}
		made := &dconf.Database{Values: map[string]string{}}
		for i, l := range values {
			made.Values[key] = l.Value
			o.Sources = append(o.Sources, rule.Source{Path: l.Path, Line: l.Line, Text: strings.TrimSpace(l.Text), Wins: i == len(values)-1})
		}
		for _, l := range locks {
			made.Locks = append(made.Locks, key)
			o.Sources = append(o.Sources, rule.Source{Path: l.Path, Line: l.Line, Text: l.Text, Wins: true})
		}
		next = append(next, made)
	}
	value, at, locked := dconf.Decide(now, key)
	o.Persisted = orUnset(value)
	if locked {
		o.Persisted += ", locked"
	}
	if why := r.wrong(value, at >= 0, locked); why != "" {
		found.why = why
		return nil
	}
	value, at, locked = dconf.Decide(next, key)
	if why := r.wrong(value, at >= 0, locked); why != "" {
		found.why = "compiled it is right, but after the next dconf update " + why
	}
	return nil
}

func (r gdmSetting) wrong(value string, set, locked bool) string {
	switch {
	case set && !r.right(value), !set && !r.absent:
		return r.key + " is " + orUnset(value)
	case r.locked && !locked:
		return r.key + " can be overridden by users"
	}
	return ""
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

func (r gdmSetting) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(gdmFound)
	if found.why == "" {
		return nil
	}
	return []rule.Change{rule.Unfixable{Subject: r.key, Reason: "the settings of a desktop are compiled by its own tools, and node images have no desktop", Of: rule.Persisted}}
}
