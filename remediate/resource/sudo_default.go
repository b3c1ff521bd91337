package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sudoDropIn has no dot in its name: sudo would leave such a file out.
const sudoDropIn = "/etc/sudoers.d/60-harden"

// sudoDefaultKind is one setting of sudo's Defaults lines, for everybody and in every narrower scope.
func sudoDefaultKind() Kind {
	return Kind{Name: "sudo_default", New: newSudoDefault, Guard: guardSudo, Guards: []string{sudoers.Path}}
}

type sudoDefault struct {
	name  string
	value *string
	any   bool
	min   *int
	max   *int
}

var sudoSetting = regexp.MustCompile(`^[a-z][a-z_]*$`)

func newSudoDefault(name string, decode Decode) (Resource, error) {
	var body struct {
		Value *string `hcl:"value,optional"`
		Any   bool    `hcl:"any,optional"`
		Min   *int    `hcl:"min,optional"`
		Max   *int    `hcl:"max,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	bounds := body.Min != nil || body.Max != nil
	switch {
	case !sudoSetting.MatchString(name):
		return nil, fmt.Errorf("%q is not the name of a setting of sudo", name)
	case bounds == (body.Value != nil):
		return nil, errors.New("exactly one of value, and min or max is needed")
	case body.Min != nil && body.Max != nil && *body.Min > *body.Max:
		return nil, fmt.Errorf("min %d is above max %d", *body.Min, *body.Max)
	case body.Value != nil && (*body.Value == "" || strings.ContainsAny(*body.Value, "\"\\\n")):
		return nil, fmt.Errorf("value %q does not fit between quotes", *body.Value)
	case body.Any && (bounds || *body.Value == "on" || *body.Value == "off"):
		return nil, errors.New("any is for settings that take a text")
	}
	return sudoDefault{name, body.Value, body.Any, body.Min, body.Max}, nil
}

func (r sudoDefault) Ref() rule.Ref { return rule.Ref{Kind: "sudo_default", Name: r.name} }

func (r sudoDefault) flag() bool { return r.value != nil && (*r.value == "on" || *r.value == "off") }

func (r sudoDefault) expected() string {
	switch {
	case r.any:
		return r.name + " is set"
	case r.value != nil:
		return r.name + " = " + *r.value
	case r.min == nil:
		return fmt.Sprintf("%s is at most %d", r.name, *r.max)
	case r.max == nil:
		return fmt.Sprintf("%s is at least %d", r.name, *r.min)
	}
	return fmt.Sprintf("%s is between %d and %d", r.name, *r.min, *r.max)
}

// right judges one entry.
func (r sudoDefault) right(s sudoers.Setting) bool {
	switch {
	case r.flag():
		return s.Op == sudoers.On && *r.value == "on" || s.Op == sudoers.Off && *r.value == "off"
	case r.any:
		return s.Op == sudoers.Set && s.Value != ""
	case r.value != nil:
		return s.Op == sudoers.Set && s.Value == *r.value
	}
	value := s.Value
	if s.Op == sudoers.Off {
		value = "0"
	}
	n, err := strconv.ParseFloat(value, 64)
	return err == nil && (r.min == nil || n >= float64(*r.min)) && (r.max == nil || n <= float64(*r.max))
}

// line is what makes it right.
func (r sudoDefault) line(prefix string) string {
	switch {
	case r.flag() && *r.value == "on":
		return prefix + " " + r.name
	case r.flag():
		return prefix + " !" + r.name
	case r.value != nil:
		return fmt.Sprintf("%s %s=%q", prefix, r.name, *r.value)
	case r.max != nil:
		return fmt.Sprintf("%s %s=%d", prefix, r.name, *r.max)
	}
	return fmt.Sprintf("%s %s=%d", prefix, r.name, *r.min)
}

// builtIn is the setting where no line speaks, when it is known; sudoers(5) of the release.
func (r sudoDefault) builtIn(h host.Reader, v sudoers.Version) (sudoers.Setting, bool) {
	s := sudoers.Setting{Name: r.name}
	switch r.name {
	case "authenticate":
		return s, true
	case "use_pty":
		// 1.9.14 turned it on.
		if s.Op = sudoers.Off; v.AtLeast(1, 9, 14) {
			s.Op = sudoers.On
		}
		return s, v != sudoers.Version{}
	case "logfile":
		s.Op = sudoers.Off
		return s, true
	case "timestamp_timeout":
		// Debian and Ubuntu are built with 15 minutes, upstream has 5.
		if s.Op, s.Value = sudoers.Set, "5"; h.Info().OS == "ubuntu" || h.Info().OS == "debian" {
			s.Value = "15"
		}
		return s, true
	}
	return s, false
}

type sudoDefaultFound struct{ changes []rule.Change }

// sudoConfig loads what sudo reads. gone is the reason why there is nothing to judge.
func sudoConfig(h host.Reader) (c *sudoers.Config, v sudoers.Version, gone string, err error) {
	v, installed := sudoers.Installed(h)
	c, err = sudoers.Load(h)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !installed:
		return nil, v, "sudo is not installed", nil
	case err != nil:
		return nil, v, "", err
	case len(c.Problems) > 0:
		return nil, v, "", fmt.Errorf("cannot tell what sudo does: %s", c.Problems[0])
	}
	return c, v, "", nil
}

func (r sudoDefault) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: r.expected()}
	c, v, gone, err := sudoConfig(h)
	if err != nil || gone != "" {
		o.NotApplicable = gone
		return o, err
	}
	view := r.look(h, c, v)
	r.describe(&o, c, view)
	if view.right() {
		o.State = sudoDefaultFound{}
		return o, nil
	}
	changes, err := r.plan(h, c, v, view)
	if err != nil {
		return o, err
	}
	o.State = sudoDefaultFound{changes}
	return o, nil
}

func (r sudoDefault) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(sudoDefaultFound)
	return found.changes
}

// sudoView is the last entry of each scope, judged. The first is everybody's, and may be no line.
type sudoView struct {
	global  *sudoers.Setting
	builtIn string
	ok      bool // the global one is right
	wrong   []sudoers.Setting
}

func (v sudoView) right() bool { return v.ok && len(v.wrong) == 0 }

func (r sudoDefault) look(h host.Reader, c *sudoers.Config, v sudoers.Version) sudoView {
	var view sudoView
	last := map[string]sudoers.Setting{}
	var order []string
	for _, s := range c.Settings(r.name) {
		if _, ok := last[s.Prefix]; !ok {
			order = append(order, s.Prefix)
		}
		last[s.Prefix] = s
	}
	for _, prefix := range order {
		s := last[prefix]
		switch {
		case s.Scope == sudoers.Everybody:
			view.global, view.ok = &s, r.right(s)
		case !r.right(s):
			view.wrong = append(view.wrong, s)
		}
	}
	if view.global == nil {
		s, known := r.builtIn(h, v)
		view.ok = known && r.right(s)
		view.builtIn = "not set"
		if known {
			view.builtIn = sudoText(s) + " (built in)"
		}
	}
	return view
}

func sudoText(s sudoers.Setting) string {
	switch s.Op {
	case sudoers.On:
		return s.Name
	case sudoers.Off:
		return "!" + s.Name
	}
	return s.Name + string(s.Op) + s.Value
}

func (r sudoDefault) describe(o *rule.Observation, c *sudoers.Config, view sudoView) {
	for _, s := range c.Settings(r.name) {
		wins := view.global != nil && s.Place == view.global.Place ||
			slices.ContainsFunc(view.wrong, func(w sudoers.Setting) bool { return w.Place == s.Place })
		o.Sources = append(o.Sources, rule.Source{Path: s.Path, Line: s.First, Text: s.Text, Wins: wins})
	}
	if view.global != nil {
		o.Persisted = sudoText(*view.global)
		o.Message = fmt.Sprintf("the last line for everybody says %s (%s)", o.Persisted, view.global.Place)
	} else {
		o.Persisted = view.builtIn
		o.Message = "no line for everybody sets it: " + view.builtIn
	}
	for _, s := range view.wrong {
		o.Persisted += fmt.Sprintf("; %s: %s", s.Prefix, sudoText(s))
		o.Message += fmt.Sprintf("; %s weakens it (%s)", s.Prefix, s.Place)
	}
}

// plan tries the drop-in, then the place where the last line stands, and reads the outcome back.
func (r sudoDefault) plan(h host.Reader, c *sudoers.Config, v sudoers.Version, view sudoView) ([]rule.Change, error) {
	scoped := make([]sudoEdit, 0, len(view.wrong))
	for _, s := range view.wrong {
		scoped = append(scoped, sudoReplace(s, r.line(s.Prefix)))
	}
	ways := [][]sudoEdit{nil}
	if !view.ok {
		line := r.line("Defaults")
		ways = [][]sudoEdit{{{sudoDropIn, rule.Edit{Op: rule.Append, New: []string{line}}}}}
		if view.global != nil {
			stands := []sudoEdit{sudoReplace(*view.global, line)}
			if ways = append(ways, stands); view.global.Path == sudoDropIn {
				slices.Reverse(ways)
			}
		}
		ways = append(ways, []sudoEdit{{sudoers.Path, rule.Edit{Op: rule.Append, New: []string{line}}}})
	}
	for _, way := range ways {
		edits := slices.Concat(way, scoped)
		after, err := sudoAfter(h, c, edits)
		if err != nil {
			return nil, err
		}
		if after != nil && r.look(h, after, v).right() {
			return sudoChanges(edits), nil
		}
	}
	return []rule.Change{rule.Unfixable{Subject: sudoers.Path, Reason: "no single edit makes " + r.name + " right", Of: rule.Persisted}}, nil
}

type sudoEdit struct {
	path string
	rule.Edit
}

// sudoReplace changes an entry where it stands. A line that says more than this entry stays, and a new
// one follows it: so the edits of several rules never meet in one line.
func sudoReplace(s sudoers.Setting, line string) sudoEdit {
	indent := indentOf(s.Text)
	if s.Alone && s.First == s.Last {
		return sudoEdit{s.Path, rule.Edit{Op: rule.ReplaceLine, Line: s.First, Old: s.Text, New: []string{indent + line}}}
	}
	return sudoEdit{s.Path, rule.Edit{Op: rule.InsertAfter, Line: s.Last, New: []string{indent + line}}}
}

func sudoChanges(edits []sudoEdit) []rule.Change {
	var files []rule.EditFile
	for _, e := range edits {
		at := slices.IndexFunc(files, func(f rule.EditFile) bool { return f.Path == e.path })
		if at < 0 {
			f := rule.EditFile{Path: e.path, Create: rule.Attr{Mode: 0o440}}
			if e.path == sudoDropIn {
				f.Header = Header
			}
			files = append(files, f)
			at = len(files) - 1
		}
		files[at].Edits = append(files[at].Edits, e.Edit)
	}
	var out []rule.Change
	for _, f := range files {
		out = append(out, f)
	}
	return out
}

// sudoAfter is what sudo would read after the edits; nil when it would refuse it.
func sudoAfter(h host.Reader, c *sudoers.Config, edits []sudoEdit) (*sudoers.Config, error) {
	after := host.NewOverlay(h)
	for _, change := range sudoChanges(edits) {
		e := change.(rule.EditFile)
		f, _ := c.File(e.Path)
		if f.Ignored != "" {
			return nil, nil
		}
		lines := editedLines(f.Lines, e.Edits)
		if err := after.Put(e.Path, []byte(strings.Join(lines, "\n")+"\n"), e.Create); err != nil {
			return nil, err
		}
	}
	changed, err := sudoers.Load(after)
	if err != nil || len(changed.Problems) > 0 {
		return nil, err
	}
	return changed, nil
}
