// Package compare says what became worse, better or different from one report to the next, or from a
// baseline that people reviewed. It sees outcomes and evidence only: whether a report is authentic,
// and what a release asks for, is decided elsewhere.
package compare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Schema names the version of a baseline.
const Schema = "https://github.com/nodeimage/packer-plugin-harden/schema/baseline/v1"

// Baseline is what a report is held against: a report without what changes from run to run. Times,
// digests, line numbers and what runs are not in it.
type Baseline struct {
	Schema    string            `json:"schema"`
	Profile   string            `json:"profile"`
	Benchmark string            `json:"benchmark"`
	Host      string            `json:"host"`
	Require   string            `json:"require"`
	Variables []report.Variable `json:"variables"`
	Rules     []Rule            `json:"rules"`
}

// Rule is one rule of a baseline.
type Rule struct {
	Controls   []Control    `json:"controls"`
	Rule       string       `json:"rule"`
	Outcome    rule.Outcome `json:"outcome"`
	Underlying rule.Outcome `json:"underlying,omitempty"`
	Title      string       `json:"title"`
	Expected   string       `json:"expected"`
	Persisted  string       `json:"persisted,omitempty"`
	Decides    []string     `json:"decides,omitempty"` // the files that decide, sorted
	Waiver     *rule.Waiver `json:"waiver,omitempty"`
	// Outside says that nothing looks at the control.
	Outside *rule.Outside `json:"not_applicable,omitempty"`
	// place is where the first deciding line stands, for annotations.
	place rule.Source
}

// Control is a control of a rule.
type Control struct {
	Benchmark string `json:"benchmark,omitempty"` // left out when it is the profile's
	ID        string `json:"id"`
	Level     int    `json:"level"`
}

// Of reduces a report to its baseline, ordered by control and rule.
func Of(r *report.Report) Baseline {
	b := Baseline{
		Schema: Schema, Profile: r.Profile.Name, Benchmark: r.Profile.Benchmark, Host: r.Host.OS + " " + r.Host.Version,
		Require: r.Require, Variables: slices.Clone(r.Profile.Variables), Rules: []Rule{},
	}
	if b.Variables == nil {
		b.Variables = []report.Variable{}
	}
	for _, res := range r.Results {
		b.Rules = append(b.Rules, ruleOf(r.Profile.Benchmark, res))
	}
	slices.SortStableFunc(b.Rules, func(x, y Rule) int {
		return cmp.Or(report.CompareIDs(x.first(), y.first()), cmp.Compare(x.Rule, y.Rule))
	})
	return b
}

func (r Rule) first() string {
	if len(r.Controls) == 0 {
		return ""
	}
	return r.Controls[0].ID
}

func ruleOf(benchmark string, res report.Result) Rule {
	out := Rule{
		Controls: []Control{}, Rule: res.Rule, Outcome: res.Outcome, Underlying: res.Underlying, Title: res.Title,
		Expected: res.Expected, Persisted: res.Observed.Persisted, Outside: res.Outside,
	}
	for _, c := range res.Controls {
		control := Control{c.Benchmark, c.ID, c.Level}
		if c.Benchmark == benchmark {
			control.Benchmark = ""
		}
		out.Controls = append(out.Controls, control)
	}
	for i, s := range res.Places() {
		if i == 0 {
			out.place = s
		}
		if s.Wins && !slices.Contains(out.Decides, s.Path) {
			out.Decides = append(out.Decides, s.Path)
		}
	}
	slices.Sort(out.Decides)
	if res.Waiver != nil && !res.Waiver.Expired {
		out.Waiver = &res.Waiver.Waiver
	}
	return out
}

// Write writes the canonical form: JSON with a line for each variable and each rule, so that a
// reviewer of a change sees one line for each thing that changed.
func (b Baseline) Write(w io.Writer) error {
	var out bytes.Buffer
	line := func(v any) ([]byte, error) {
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		e.SetEscapeHTML(false)
		err := e.Encode(v)
		return report.InertJSON(visible(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))), err
	}
	out.WriteString("{\n")
	for _, f := range []struct{ name, value string }{
		{"schema", b.Schema}, {"profile", b.Profile}, {"benchmark", b.Benchmark}, {"host", b.Host}, {"require", b.Require},
	} {
		value, err := line(f.value)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "  %q: %s,\n", f.name, value)
	}
	list := func(name string, n int, item func(i int) any, end string) error {
		fmt.Fprintf(&out, "  %q: [", name)
		for i := range n {
			value, err := line(item(i))
			if err != nil {
				return err
			}
			if i > 0 {
				out.WriteByte(',')
			}
			fmt.Fprintf(&out, "\n    %s", value)
		}
		if n > 0 {
			out.WriteString("\n  ")
		}
		out.WriteString("]" + end + "\n")
		return nil
	}
	if err := list("variables", len(b.Variables), func(i int) any { return b.Variables[i] }, ","); err != nil {
		return err
	}
	if err := list("rules", len(b.Rules), func(i int) any { return b.Rules[i] }, ""); err != nil {
		return err
	}
	out.WriteString("}\n")
	_, err := w.Write(out.Bytes())
	return err
}

// visible escapes what a reviewer would not see, such as characters that change the direction of
// writing.
func visible(data []byte) []byte {
	var out []byte
	for _, r := range string(data) {
		switch {
		case unicode.IsGraphic(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// Parse reads a baseline, or a report, which is reduced to one.
func Parse(data []byte) (Baseline, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&head); err != nil {
		return Baseline{}, fmt.Errorf("cannot read baseline: %w", err)
	}
	switch head.Schema {
	case report.Schema:
		r, err := report.Parse(data)
		if err != nil {
			return Baseline{}, err
		}
		return Of(r), nil
	case Schema:
	default:
		return Baseline{}, fmt.Errorf("cannot read baseline: its schema is %q, and this version reads %q and reports", head.Schema, Schema)
	}
	if len(data) > report.MaxSize {
		return Baseline{}, fmt.Errorf("cannot read baseline: larger than %d bytes", report.MaxSize)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var b Baseline
	if err := d.Decode(&b); err != nil {
		return Baseline{}, fmt.Errorf("cannot read baseline: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Baseline{}, errors.New("cannot read baseline: something follows it")
	}
	seen := map[string]bool{}
	for _, r := range b.Rules {
		if r.Rule == "" || !slices.Contains(rule.Outcomes(), r.Outcome) || seen[r.Rule] {
			return Baseline{}, fmt.Errorf("cannot accept baseline: rule %q has no name, an unknown outcome or stands there twice", r.Rule)
		}
		if (r.Outcome == rule.Waived) != (r.Underlying != "") || r.Outcome == rule.Waived && r.Waiver == nil {
			return Baseline{}, fmt.Errorf("cannot accept baseline: waiver and outcome of rule %s do not agree", r.Rule)
		}
		seen[r.Rule] = true
	}
	return b, nil
}
