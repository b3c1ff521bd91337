package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/audit"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// aideKind is that AIDE runs regularly, or that it watches the audit programs.
func aideKind() Kind { return Kind{Name: "aide", New: newAide} }

type aide struct{ what string }

func newAide(name string, decode Decode) (Resource, error) {
	var body struct{}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "schedule" && name != "audit_tools" {
		return nil, fmt.Errorf("%q is neither schedule nor audit_tools", name)
	}
	return aide{name}, nil
}

func (a aide) Ref() rule.Ref { return rule.Ref{Kind: "aide", Name: a.what} }

type aideFound struct {
	good    bool
	config  string
	missing []string   // programs that no line is about
	weak    []aideLine // first lines about a program, that compare too little
	timer   string     // a timer that exists and is not enabled
}

// aideWatch is what has to be the same of a program.
func aideWatch() string { return "p+i+n+u+g+s+b+acl+xattrs+sha512" }

func (a aide) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "AIDE runs at least daily"}
	if a.what == "audit_tools" {
		o.Expected = "AIDE compares checksums of the audit programs"
	}
	var found aideFound
	installed := false
	for _, p := range []string{"/usr/bin/aide", "/usr/sbin/aide", "/sbin/aide"} {
		if _, err := h.Stat(p); err == nil {
			installed = true
		} else if !errors.Is(err, fs.ErrNotExist) {
			return o, fmt.Errorf("cannot look for aide: %w", err)
		}
	}
	if !installed {
		o.NotApplicable = "AIDE is not installed"
		return o, nil
	}
	if a.what == "schedule" {
		err := a.schedule(ctx, h, &o, &found)
		o.State = found
		return o, err
	}
	for _, p := range []string{"/etc/aide/aide.conf", "/etc/aide.conf"} {
		if _, err := h.Stat(p); err == nil {
			found.config = p
			break
		}
	}
	if found.config == "" {
		o.NotApplicable = "AIDE has no configuration"
		return o, nil
	}
	lines, err := aideLines(h, found.config)
	if err != nil {
		return o, err
	}
	tools, err := audit.Tools(h)
	if err != nil {
		return o, err
	}
	if len(tools) == 0 {
		o.NotApplicable = "the audit programs are not installed"
		return o, nil
	}
	for _, t := range tools {
		// Of several lines about one path, AIDE takes the first.
		switch i := slices.IndexFunc(lines, func(l aideLine) bool { return l.about(t) }); {
		case i < 0:
			found.missing = append(found.missing, t)
		case !lines[i].watches():
			found.weak = append(found.weak, lines[i])
		}
	}
	bad := len(found.missing) + len(found.weak)
	found.good = bad == 0
	o.Persisted = fmt.Sprintf("%d of %d are watched", len(tools)-bad, len(tools))
	var wrong []string
	if len(found.missing) > 0 {
		wrong = append(wrong, "no line of its own watches "+strings.Join(found.missing, ", "))
	}
	for _, l := range found.weak {
		wrong = append(wrong, fmt.Sprintf("%s:%d compares only %s", l.path, l.number, l.words[1]))
		o.Sources = append(o.Sources, rule.Source{Path: l.path, Line: l.number, Text: l.text, Wins: true})
	}
	o.Message = o.Persisted
	if !found.good {
		o.Message = strings.Join(wrong, "; ")
	}
	o.State = found
	return o, nil
}

func (a aide) schedule(ctx context.Context, h host.Reader, o *rule.Observation, found *aideFound) error {
	for _, t := range []string{"dailyaidecheck.timer", "aidecheck.timer", "aide-check.timer"} {
		v, err := lookUnit(ctx, h, t, false)
		if err != nil {
			return err
		}
		if v.starts() {
			found.good = true
			o.Evidence = append(o.Evidence, t)
		} else if v.status.State != "not-found" && v.status.State != "masked" {
			found.timer = t
		}
	}
	for _, p := range []string{"/etc/cron.daily", "/etc/cron.d", "/var/spool/cron/crontabs", "/var/spool/cron"} {
		entries, err := h.ReadDir(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot list %s: %w", p, err)
		}
		for _, e := range entries {
			content, err := h.ReadFile(path.Join(p, e.Name()))
			if err != nil {
				continue // a directory, or nothing that cron reads
			}
			if aideCron(string(content)) {
				found.good = true
				o.Evidence = append(o.Evidence, path.Join(p, e.Name()))
			}
		}
	}
	if content, err := h.ReadFile("/etc/crontab"); err == nil && aideCron(string(content)) {
		found.good = true
		o.Evidence = append(o.Evidence, "/etc/crontab")
	}
	slices.Sort(o.Evidence)
	o.Persisted = "run by " + strings.Join(o.Evidence, ", ")
	if !found.good {
		o.Persisted = "nothing runs it"
	}
	o.Message = o.Persisted
	return nil
}

// aideCron reports whether a line that is no comment runs aide.
func aideCron(content string) bool {
	for _, line := range strings.Split(content, "\n") {
		t := strings.TrimSpace(line)
		if t == "" || t[0] == '#' {
			continue
		}
		for _, w := range strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune(" \t;&|()\"'", r) }) {
			if b := path.Base(w); b == "aide" || b == "aide.wrapper" || b == "dailyaidecheck" {
				return true
			}
		}
	}
	return false
}

// aideLines reads the configuration and, on Debian's layout, its fragments.
func aideLines(h host.Files, config string) ([]aideLine, error) {
	files := []string{config}
	entries, err := h.ReadDir("/etc/aide/aide.conf.d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot list /etc/aide/aide.conf.d: %w", err)
	}
	for _, e := range entries {
		files = append(files, path.Join("/etc/aide/aide.conf.d", e.Name()))
	}
	var out []aideLine
	for _, f := range files {
		content, err := h.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", f, err)
		}
		for i, line := range strings.Split(string(content), "\n") {
			if words := strings.Fields(line); len(words) > 1 && words[0][0] != '#' {
				out = append(out, aideLine{f, i + 1, line, words})
			}
		}
	}
	return out, nil
}

// aideLine is a line of the configuration that is no comment.
type aideLine struct {
	path   string
	number int
	text   string
	words  []string // at least two
}

// about reports whether a line is about one program and nothing else.
func (l aideLine) about(tool string) bool {
	return strings.TrimSuffix(strings.TrimPrefix(l.words[0], "="), "$") == tool
}

// watches reports whether a line compares all that is wanted.
func (l aideLine) watches() bool {
	have := strings.Split(l.words[1], "+")
	return !slices.ContainsFunc(strings.Split(aideWatch(), "+"), func(w string) bool { return !slices.Contains(have, w) })
}

func (a aide) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(aideFound)
	switch {
	case found.good:
		return nil
	case a.what == "schedule" && found.timer != "":
		return []rule.Change{rule.ChangeUnit{Name: found.timer, Action: rule.EnableUnit}}
	case a.what == "schedule":
		return []rule.Change{rule.Unfixable{Subject: "aide", Reason: "its package brings no timer, and when a node may be searched is the operator's", Of: rule.Persisted}}
	}
	var changes []rule.Change
	for _, l := range found.weak {
		edit := rule.Edit{Op: rule.ReplaceLine, Line: l.number, Old: l.text, New: []string{l.words[0] + " " + aideWatch()}}
		changes = append(changes, rule.EditFile{Path: l.path, Edits: []rule.Edit{edit}})
	}
	if len(found.missing) > 0 {
		var lines []string
		for _, t := range found.missing {
			lines = append(lines, t+" "+aideWatch())
		}
		changes = append(changes, rule.EditFile{Path: found.config, Edits: []rule.Edit{{Op: rule.Append, New: lines}}})
	}
	return changes
}
