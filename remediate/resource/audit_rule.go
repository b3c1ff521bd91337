package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/audit"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// auditRuleKind is what the audit system records, given as lines of auditctl and compared by meaning.
func auditRuleKind() Kind { return Kind{Name: "audit_rule", New: newAuditRule} }

type auditRule struct {
	name  string
	lines []string
}

func newAuditRule(name string, decode Decode) (Resource, error) {
	var body struct {
		Lines []string `hcl:"lines"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if len(body.Lines) == 0 {
		return nil, errors.New("lines are empty")
	}
	for _, l := range body.Lines {
		if strings.ContainsAny(l, "\n\r") || strings.TrimSpace(l) != l {
			return nil, fmt.Errorf("%q is not one line", l)
		}
		r, err := audit.ParseRule(l)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", l, err)
		}
		if r.Delete || r.Never {
			return nil, fmt.Errorf("%q records nothing", l)
		}
	}
	return auditRule{name, body.Lines}, nil
}

func (a auditRule) Ref() rule.Ref { return rule.Ref{Kind: "audit_rule", Name: a.name} }

const (
	auditDropIn  = audit.Dir + "/60-harden.rules"
	auditControl = audit.Dir + "/99-harden.rules"
)

type auditWish struct {
	line  string
	found audit.Recorded
}

type auditFound struct {
	merged bool
	lock   audit.Control // -e, after which nothing more may come
	wishes []auditWish
}

// auditMissing is the reason why no audit rule is loaded here.
func auditMissing(h host.Files) (string, error) {
	for _, p := range []string{"/usr/sbin/auditd", "/sbin/auditd", "/usr/sbin/auditctl", "/sbin/auditctl"} {
		if _, err := h.Stat(p); err == nil {
			return "", nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("cannot look for auditd: %w", err)
		}
	}
	return "auditd is not installed", nil
}

func auditLoad(h host.Files) (audit.Config, error) {
	c, err := audit.Load(h)
	if err != nil {
		return c, err
	}
	if c.Broken != "" {
		return c, fmt.Errorf("cannot tell what is audited: auditctl stops at %s", c.Broken)
	}
	return c, nil
}

func (a auditRule) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: strings.Join(a.lines, "; ")}
	if reason, err := auditMissing(h); err != nil || reason != "" {
		o.NotApplicable = reason
		return o, err
	}
	c, err := auditLoad(h)
	if err != nil {
		return o, err
	}
	found := auditFound{merged: c.Merged, lock: c.Enabled}
	recorded := 0
	var wrong, skipped []string
	for _, line := range a.lines {
		want, err := audit.ParseRule(line)
		if err != nil {
			return o, fmt.Errorf("%q: %w", line, err)
		}
		want = auditForArch(want, h.Info().Arch)
		if want.List == "" {
			recorded++
			continue
		}
		want.Settle(h)
		if dir := want.Lacks(h); dir != "" {
			skipped = append(skipped, fmt.Sprintf("%s does not exist, so nothing is there to watch: %s", dir, line))
			continue
		}
		r := c.Look(want)
		found.wishes = append(found.wishes, auditWish{auditLine(line, h.Info().Arch), r})
		for _, by := range r.By {
			s := rule.Source{Path: by.Line.Path, Line: by.Line.Line, Text: by.Line.Text, Wins: r.Blocked == nil}
			if !slices.Contains(o.Sources, s) {
				o.Sources = append(o.Sources, s)
			}
		}
		switch {
		case r.Blocked != nil:
			o.Sources = append(o.Sources, rule.Source{Path: r.Blocked.Line.Path, Line: r.Blocked.Line.Line, Text: r.Blocked.Line.Text, Wins: true})
			wrong = append(wrong, fmt.Sprintf("%s comes before and keeps it out of the log: %s", r.Blocked.Line, line))
		case len(r.Missing) > 0 && len(want.Syscalls) > len(r.Missing):
			wrong = append(wrong, fmt.Sprintf("nothing records %s of: %s", strings.Join(r.Missing, ","), line))
		case len(r.Missing) > 0:
			wrong = append(wrong, "nothing records: "+line)
		default:
			recorded++
		}
	}
	if len(skipped) == len(a.lines) {
		o.NotApplicable = strings.Join(skipped, "; ")
		return o, nil
	}
	o.Persisted = fmt.Sprintf("%d of %d recorded", recorded, len(a.lines)-len(skipped))
	o.Message = strings.Join(append([]string{"everything is recorded"}, skipped...), "; ")
	if len(wrong) > 0 {
		o.Message = strings.Join(wrong, "; ")
	}
	o.State = found
	return o, nil
}

// auditGone are system calls that 64-bit ARM never had; auditctl stops at a line that names one there.
func auditGone() []string {
	return []string{"access", "chmod", "chown", "creat", "lchown", "link", "mkdir", "mknod", "open", "rename", "rmdir", "stime", "symlink",
		"time", "unlink", "utime", "utimes"}
}

// auditForArch is what a wanted rule comes to on an architecture. The zero Rule says that nothing is left.
func auditForArch(r audit.Rule, arch string) audit.Rule {
	if arch != "arm64" || r.Arch != "b64" || len(r.Syscalls) == 0 {
		return r
	}
	r.Syscalls = slices.DeleteFunc(slices.Clone(r.Syscalls), func(s string) bool { return slices.Contains(auditGone(), s) })
	if len(r.Syscalls) == 0 {
		return audit.Rule{}
	}
	return r
}

// auditLine is the line that a change writes on an architecture.
func auditLine(line, arch string) string {
	r, err := audit.ParseRule(line)
	if err != nil || arch != "arm64" || r.Arch != "b64" {
		return line
	}
	words := strings.Fields(line)
	var out []string
	for i := 0; i < len(words); i++ {
		if words[i] != "-S" || i+1 == len(words) {
			out = append(out, words[i])
			continue
		}
		i++
		calls := slices.DeleteFunc(strings.Split(words[i], ","), func(s string) bool { return slices.Contains(auditGone(), s) })
		if len(calls) > 0 {
			out = append(out, "-S", strings.Join(calls, ","))
		}
	}
	return strings.Join(out, " ")
}

func (a auditRule) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(auditFound)
	var changes []rule.Change
	var add []string
	for _, w := range found.wishes {
		if b := w.found.Blocked; b != nil {
			subject, reason := b.Line.String(), "a rule of this machine keeps it out of the log on purpose"
			c := rule.Change(rule.Unfixable{Subject: subject, Reason: reason, Of: rule.Persisted})
			if !slices.Contains(changes, c) {
				changes = append(changes, c)
			}
			continue
		}
		if len(w.found.Missing) > 0 {
			add = append(add, w.line)
		}
	}
	if len(add) > 0 {
		changes = append(changes, auditAppend(found.merged, found.lock, auditDropIn, add))
	}
	return changes
}

// auditAppend adds lines to a file of the project, or to the one file that is loaded: before -e, which
// may lock what comes after. augenrules puts that last by itself.
func auditAppend(merged bool, lock audit.Control, file string, lines []string) rule.Change {
	if !merged && lock.Set {
		return rule.EditFile{Path: lock.Line.Path, Edits: []rule.Edit{{Op: rule.InsertBefore, Line: lock.Line.Line, Old: lock.Line.Text, New: lines}}}
	}
	e := rule.EditFile{Path: file, Create: rule.Attr{Mode: 0o640}, Header: Header, Edits: []rule.Edit{{Op: rule.Append, New: lines}}}
	if !merged {
		e.Path, e.Header = audit.File, nil
	}
	return e
}

// auditControlKind is a setting of the audit system itself: -e, -f, -b.
func auditControlKind() Kind { return Kind{Name: "audit_control", New: newAuditControl} }

type auditControlSetting struct {
	name       string
	value, min *int
}

// auditFlag is the option of auditctl that sets a control.
func auditFlag(name string) string {
	switch name {
	case "enabled":
		return "-e"
	case "failure":
		return "-f"
	case "backlog_limit":
		return "-b"
	}
	return ""
}

func newAuditControl(name string, decode Decode) (Resource, error) {
	var body struct {
		Value *int `hcl:"value,optional"`
		Min   *int `hcl:"min,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if auditFlag(name) == "" {
		return nil, fmt.Errorf("%q is none of enabled, failure, backlog_limit", name)
	}
	if (body.Value == nil) == (body.Min == nil) {
		return nil, errors.New("exactly one of value and min is needed")
	}
	for _, n := range []*int{body.Value, body.Min} {
		if n != nil && *n < 0 {
			return nil, fmt.Errorf("%d is below zero", *n)
		}
	}
	return auditControlSetting{name, body.Value, body.Min}, nil
}

func (a auditControlSetting) Ref() rule.Ref { return rule.Ref{Kind: "audit_control", Name: a.name} }

func (a auditControlSetting) line() string {
	n := a.min
	if a.value != nil {
		n = a.value
	}
	return auditFlag(a.name) + " " + strconv.Itoa(*n)
}

type auditControlFound struct {
	merged, right bool
	stands, lock  audit.Control
}

func (a auditControlSetting) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: a.line()}
	if a.min != nil {
		o.Expected += " or more"
	}
	if reason, err := auditMissing(h); err != nil || reason != "" {
		o.NotApplicable = reason
		return o, err
	}
	c, err := auditLoad(h)
	if err != nil {
		return o, err
	}
	stands := map[string]audit.Control{"enabled": c.Enabled, "failure": c.Failure, "backlog_limit": c.Backlog}[a.name]
	found := auditControlFound{merged: c.Merged, stands: stands, lock: c.Enabled}
	if !stands.Set {
		o.Persisted = auditFlag(a.name) + " is not set"
		o.Message = "no line of the audit rules sets " + auditFlag(a.name)
	} else {
		n, err := strconv.Atoi(stands.Value)
		if err != nil {
			return o, fmt.Errorf("%s: %q is not a number", stands.Line, stands.Value)
		}
		found.right = a.value != nil && n == *a.value || a.min != nil && n >= *a.min
		o.Persisted = auditFlag(a.name) + " " + stands.Value
		o.Sources = []rule.Source{{Path: stands.Line.Path, Line: stands.Line.Line, Text: stands.Line.Text, Wins: true}}
		o.Message = fmt.Sprintf("%s is set by %s", o.Persisted, stands.Line)
	}
	o.State = found
	return o, nil
}

func (a auditControlSetting) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(auditControlFound)
	switch l := found.stands.Line; {
	case found.right:
		return nil
	case found.stands.Set:
		return []rule.Change{rule.EditFile{Path: l.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: l.Line, Old: l.Text, New: []string{a.line()}}}}}
	}
	if !found.merged && a.name == "enabled" {
		return []rule.Change{rule.Unfixable{Subject: audit.File, Of: rule.Persisted,
			Reason: "without augenrules the file is loaded as it stands, and -e has to stay its last line whatever other rules add"}}
	}
	return []rule.Change{auditAppend(found.merged, found.lock, auditControl, []string{a.line()})}
}

// auditMergedKind is the evidence for "what is loaded is what is configured".
func auditMergedKind() Kind { return Kind{Name: "audit_merged", New: newAuditMerged} }

type auditMerged struct{ name string }

func newAuditMerged(name string, decode Decode) (Resource, error) {
	var body struct{}
	if err := decode(&body); err != nil {
		return nil, err
	}
	return auditMerged{name}, nil
}

func (a auditMerged) Ref() rule.Ref { return rule.Ref{Kind: "audit_merged", Name: a.name} }

func (a auditMerged) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "the kernel has the rules that the files hold"}
	if reason, err := auditMissing(h); err != nil || reason != "" {
		o.NotApplicable = reason
		return o, err
	}
	c, err := auditLoad(h)
	if err != nil {
		return o, err
	}
	o.Persisted = fmt.Sprintf("%d rules", len(c.Rules))
	for _, l := range c.Lines {
		o.Evidence = append(o.Evidence, fmt.Sprintf("%s: %s", l, strings.TrimSpace(l.Text)))
	}
	slices.Sort(o.Evidence)
	o.Message = audit.File + " is loaded as it stands"
	if c.Merged {
		o.Message = audit.File + " is made of " + audit.Dir + " at every start of auditd"
		same, err := auditSame(h, c.Lines)
		if err != nil {
			return o, err
		}
		if !same {
			o.Message += ", and what stands there now is not that yet"
		}
	}
	o.Manual = "compare what is configured with what `auditctl -l` shows on a running node"
	return o, nil
}

// auditSame reports whether the generated file holds the lines already.
func auditSame(h host.Files, want []audit.Line) (bool, error) {
	content, err := h.ReadFile(audit.File)
	if errors.Is(err, fs.ErrNotExist) {
		return len(want) == 0, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", audit.File, err)
	}
	have := audit.ParseLines(audit.File, content)
	return slices.EqualFunc(have, want, func(a, b audit.Line) bool { return strings.TrimSpace(a.Text) == strings.TrimSpace(b.Text) }), nil
}

func (a auditMerged) Diff(rule.Observation) []rule.Change { return nil }
