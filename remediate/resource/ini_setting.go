package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/ini"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// iniSettingKind is settings of one section of a systemd configuration with drop-ins: journald.conf,
// coredump.conf and their like.
func iniSettingKind() Kind { return Kind{Name: "ini_setting", New: newIniSetting} }

type iniSetting struct {
	name     string // as systemd-analyze cat-config takes it: systemd/journald.conf
	section  string
	settings map[string]string
}

func newIniSetting(name string, decode Decode) (Resource, error) {
	var body struct {
		Section  string            `hcl:"section"`
		Settings map[string]string `hcl:"settings"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if path.IsAbs(name) || path.Clean(name) != name || !strings.HasSuffix(name, ".conf") || strings.HasPrefix(name, "..") {
		return nil, fmt.Errorf("%q is not a name such as systemd/journald.conf", name)
	}
	if body.Section == "" || strings.ContainsAny(body.Section, "[]\n") {
		return nil, fmt.Errorf("section %q is not a name without brackets", body.Section)
	}
	if len(body.Settings) == 0 {
		return nil, errors.New("settings are empty")
	}
	s := iniSetting{name: name, section: body.Section, settings: body.Settings}
	for _, k := range s.keys() {
		if k == "" || strings.ContainsAny(k, "= \t\n#;[") {
			return nil, fmt.Errorf("%q is not the name of a setting", k)
		}
		if v := s.settings[k]; strings.TrimSpace(v) != v || strings.ContainsAny(v, "\n") || strings.HasSuffix(v, `\`) {
			return nil, fmt.Errorf("%s: %q is not a value on one line", k, v)
		}
	}
	return s, nil
}

func (s iniSetting) Ref() rule.Ref { return rule.Ref{Kind: "ini_setting", Name: s.name} }

func (s iniSetting) keys() []string {
	var out []string
	for k := range s.settings {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// builtIn are defaults that need no line, from journald.conf(5). Only those that no distributor and
// no release has changed are here.
func builtIn(name, section, key string) (string, bool) {
	if name == "systemd/journald.conf" && section == "Journal" && key == "Compress" {
		return "yes", true
	}
	return "", false
}

type iniDeviation struct {
	key, want string
	// stands is the assignment that decides, or nil.
	stands *ini.Assignment
	lines  int // of the assignment
}

type iniFound struct {
	dropIn     string
	deviations []iniDeviation
}

func (s iniSetting) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	var o rule.Observation
	var expected []string
	for _, k := range s.keys() {
		if s.settings[k] == "" {
			expected = append(expected, k+" as a person decides")
			continue
		}
		expected = append(expected, k+"="+s.settings[k])
	}
	o.Expected = fmt.Sprintf("[%s] %s", s.section, strings.Join(expected, " "))
	if missing, err := s.programMissing(h); err != nil || missing != "" {
		o.NotApplicable = missing
		return o, err
	}
	c, err := ini.Read(h, ini.PersistentDirs(), s.name)
	if err != nil {
		return o, err
	}
	if c.Broken != "" {
		return o, fmt.Errorf("cannot tell what %s says: systemd stops reading at %s", s.name, c.Broken)
	}
	found := iniFound{dropIn: "/etc/" + s.name + ".d/60-harden.conf"}
	var persisted, wrong, why, open []string
	for _, k := range s.keys() {
		want := s.settings[k]
		all := c.All(s.section, k)
		for i, a := range all {
			o.Sources = append(o.Sources, rule.Source{Path: a.Path, Line: a.Line, Text: a.Text, Wins: i == len(all)-1})
		}
		a, ok := c.Last(s.section, k)
		value, from := a.Value, fmt.Sprintf("%s:%d", a.Path, a.Line)
		if !ok || value == "" {
			value, _ = builtIn(s.name, s.section, k)
			from = "built in"
		}
		if value == "" {
			persisted = append(persisted, k+" is not set")
		} else {
			persisted = append(persisted, fmt.Sprintf("%s=%s (%s)", k, value, from))
		}
		if want == "" {
			open = append(open, k)
			o.Evidence = append(o.Evidence, persisted[len(persisted)-1])
			continue
		}
		if ini.Same(value, want) {
			why = append(why, fmt.Sprintf("%s=%s comes from %s", k, value, from))
			continue
		}
		d := iniDeviation{key: k, want: want}
		if ok {
			d.stands, d.lines = &a, a.Last-a.Line+1
		}
		found.deviations = append(found.deviations, d)
		wrong = append(wrong, k+" is "+orUnset(value)+", and has to be "+want)
	}
	o.Persisted = strings.Join(persisted, "; ")
	o.Message = strings.Join(why, "; ")
	switch {
	case len(wrong) > 0:
		o.Message = strings.Join(wrong, "; ")
	case len(open) > 0:
		o.Manual = "the profile leaves open what is right for " + strings.Join(open, ", ")
	}
	found.choose(s.name)
	o.State = found
	return o, nil
}

func orUnset(value string) string {
	if value == "" {
		return "not set"
	}
	return value
}

// programMissing is the reason why nothing reads the file. It is known for the programs of systemd
// that distributions leave out or split off.
func (s iniSetting) programMissing(h host.Reader) (string, error) {
	program := map[string]string{
		"systemd/coredump.conf": "systemd-coredump", "systemd/journald.conf": "systemd-journald",
		"systemd/timesyncd.conf": "systemd-timesyncd", "systemd/resolved.conf": "systemd-resolved",
		"systemd/journal-upload.conf": "systemd-journal-upload", "systemd/journal-remote.conf": "systemd-journal-remote",
	}[s.name]
	if program == "" {
		return "", nil
	}
	for _, dir := range append(ini.PersistentDirs(), "/usr/lib/systemd", "/lib/systemd") {
		file := path.Join(dir, s.name)
		if !strings.HasSuffix(dir, "systemd") {
			if _, err := h.Stat(file); err == nil {
				return "", nil
			}
			continue
		}
		if _, err := h.Stat(path.Join(dir, program)); err == nil {
			return "", nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("cannot look for %s: %w", program, err)
		}
	}
	return program + " is not installed", nil
}

// choose names the drop-in so that it wins over files that no edit should touch: those below /usr.
func (f *iniFound) choose(name string) {
	for _, d := range f.deviations {
		if d.stands == nil || strings.HasPrefix(d.stands.Path, "/etc/") {
			continue
		}
		if path.Base(d.stands.Path) > path.Base(f.dropIn) && strings.Contains(d.stands.Path, name+".d/") {
			f.dropIn = "/etc/" + name + ".d/zz-harden.conf"
		}
	}
}

func (s iniSetting) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(iniFound)
	var changes []rule.Change
	var added []string
	for _, d := range found.deviations {
		switch {
		case d.stands == nil || !s.wins(d.stands.Path, found.dropIn):
			added = append(added, d.key+"="+d.want)
		case !strings.HasPrefix(d.stands.Path, "/etc/"):
			changes = append(changes, rule.Unfixable{Subject: d.stands.Path, Reason: "it sorts after any drop-in of the project and is not in /etc", Of: rule.Persisted})
		case d.lines > 1:
			changes = append(changes, rule.Unfixable{Subject: fmt.Sprintf("%s:%d", d.stands.Path, d.stands.Line), Reason: "the setting spans several lines", Of: rule.Persisted})
		default:
			changes = append(changes, rule.EditFile{Path: d.stands.Path, Edits: []rule.Edit{
				{Op: rule.ReplaceLine, Line: d.stands.Line, Old: d.stands.Text, New: []string{d.key + "=" + d.want}}}})
		}
	}
	if len(added) > 0 {
		changes = append(changes, rule.EditFile{Path: found.dropIn, Create: rule.Attr{Mode: 0o644}, Header: Header,
			Edits: []rule.Edit{{Op: rule.Append, Section: "[" + s.section + "]", New: added}}})
	}
	return changes
}

// wins reports whether an assignment in a file beats one in the drop-in.
func (s iniSetting) wins(file, dropIn string) bool {
	if !strings.Contains(file, s.name+".d/") {
		return false // the main file is read first
	}
	return path.Base(file) >= path.Base(dropIn)
}
