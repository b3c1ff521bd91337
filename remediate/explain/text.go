package explain

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/mitchellh/go-wordwrap"

	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// indent is where the values of a listing begin, in columns.
const indent = 12

// Text writes an explanation for a terminal of this many columns. Nothing of a profile reaches it unescaped.
func Text(w io.Writer, e *Explanation, columns int) error {
	t := &text{columns: max(columns, 3*indent)}
	for _, c := range e.Controls {
		t.control(c)
	}
	for _, r := range e.Rules {
		t.rule(r, len(e.Controls) == 0)
	}
	if e.Profile == "" {
		t.field("profile", "none that is in use here: parameters have their defaults")
	} else {
		t.field("profile", e.Profile)
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

type text struct {
	out     bytes.Buffer
	columns int
}

func (t *text) control(c Control) {
	t.heading("Control "+c.ID, c.Title)
	t.field("benchmark", fmt.Sprintf("%s, level %d", c.Benchmark, c.Level))
	t.field("rules", strings.Join(c.Rules, ", "))
	t.waiver(c.Waiver)
	if c.Outside != nil {
		t.field("not about", "an image: "+c.Outside.Reason)
		t.field("owner", c.Outside.Owner)
		t.field("status", c.Outside.Status)
	}
	t.out.WriteByte('\n')
}

func (t *text) rule(r Rule, waiver bool) {
	t.heading(r.ID, r.Title)
	t.field("why", r.Why)
	t.field("breaks", r.Breaks)
	t.field("source", r.Source)
	t.field("severity", r.Severity)
	t.controls(r.Controls)
	for i, v := range r.Parameters {
		t.field(once(i, "parameters"), parameter(v))
	}
	for i, l := range r.Limits {
		t.field(once(i, "limits"), "may not break "+l.Invariant+": "+l.Why)
	}
	if waiver {
		t.waiver(r.Waiver)
	}
	t.out.WriteByte('\n')
	for line := range strings.Lines(r.State) {
		fmt.Fprintf(&t.out, "    %s\n", report.Printable(strings.TrimRight(line, "\r\n")))
	}
	t.out.WriteByte('\n')
}

// controls has a line for each benchmark, the profile's first.
func (t *text) controls(list []Asking) {
	var order []string
	ids := map[string][]string{}
	for _, c := range list {
		if ids[c.Benchmark] == nil {
			order = append(order, c.Benchmark)
		}
		waived := ""
		if c.Waived {
			waived = ", waived"
		}
		ids[c.Benchmark] = append(ids[c.Benchmark], fmt.Sprintf("%s (level %d%s)", c.ID, c.Level, waived))
	}
	for i, benchmark := range order {
		t.field(once(i, "controls"), benchmark+": "+strings.Join(ids[benchmark], ", "))
	}
	if len(order) == 0 {
		t.field("controls", "none of a shipped benchmark asks for it")
	}
}

func once(i int, label string) string {
	if i > 0 {
		return ""
	}
	return label
}

func parameter(v profile.Variable) string {
	value := v.Name + " = " + spaced(v.Value)
	if v.Value != v.Default {
		value += " (default " + spaced(v.Default) + ")"
	}
	return value + ": " + v.Description
}

// spaced gives a list, which is written without blanks, places to wrap at.
func spaced(value string) string { return strings.ReplaceAll(value, `","`, `", "`) }

func (t *text) waiver(w *rule.Waiver) {
	if w == nil {
		return
	}
	t.field("waived", fmt.Sprintf("%s: %s (owner %s, until %s)", w.Reason, w.Justification, w.Owner, w.Expires))
}

func (t *text) heading(name, title string) {
	for _, line := range t.wrap(name+": "+title, t.columns) {
		fmt.Fprintln(&t.out, line)
	}
	t.out.WriteByte('\n')
}

// field writes a label, and beside it a value over as many lines as it takes.
func (t *text) field(label, value string) {
	if value == "" {
		return
	}
	for i, line := range t.wrap(value, t.columns-indent) {
		fmt.Fprintf(&t.out, "%-*s%s\n", indent, once(i, label), line)
	}
}

func (t *text) wrap(s string, columns int) []string {
	wrapped := wordwrap.WrapString(report.Printable(s), uint(columns))
	return strings.Split(wrapped, "\n")
}
