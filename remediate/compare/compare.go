package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Kind is what sort of difference it is.
type Kind string

const (
	// Regressions.
	NewFailure       Kind = "new_failure"       // fails, errs or cannot be told now, and did not
	VanishedControl  Kind = "vanished_control"  // nobody looks at it any more
	VanishedRule     Kind = "vanished_rule"     // its control is still there, with other rules
	WeakerParameter  Kind = "weaker_parameter"  // a variable or the demanded state changed: nobody can tell that it is not weaker
	NewWaiver        Kind = "new_waiver"        // a deviation is accepted that was not, or for longer
	WeakerAssessment Kind = "weaker_assessment" // less of the machine decides

	// Improvements.
	Fixed       Kind = "fixed"
	NewControl  Kind = "new_control"
	WaiverEnded Kind = "waiver_ended"

	// Neither.
	ChangedEvidence Kind = "changed_evidence" // the same outcome for another reason
	ChangedOutcome  Kind = "changed_outcome"  // neither better nor worse
)

// Difference is one thing that is not as it was.
type Difference struct {
	Kind    Kind   `json:"kind"`
	Rule    string `json:"rule,omitempty"`
	Control string `json:"control,omitempty"`
	Title   string `json:"title,omitempty"`
	Old     string `json:"old"`
	New     string `json:"new"`
	Path    string `json:"path,omitempty"` // where the new state is decided
	Line    int    `json:"line,omitempty"`
}

// Comparison is every difference, the regressions apart.
type Comparison struct {
	Regressions  []Difference `json:"regressions"`
	Improvements []Difference `json:"improvements"`
	Changes      []Difference `json:"changes"`
}

// Reports compares two reports.
func Reports(before, after *report.Report) Comparison { return Between(Of(before), Of(after)) }

// Between compares two baselines.
func Between(before, after Baseline) Comparison {
	c := comparer{before: before, after: after, out: Comparison{[]Difference{}, []Difference{}, []Difference{}}}
	c.assessment()
	c.vanished()
	c.parameters()
	for _, now := range after.Rules {
		c.rule(now)
	}
	return c.out
}

type comparer struct {
	before, after Baseline
	out           Comparison
}

func (c *comparer) worse(d Difference)  { c.out.Regressions = append(c.out.Regressions, d) }
func (c *comparer) better(d Difference) { c.out.Improvements = append(c.out.Improvements, d) }
func (c *comparer) other(d Difference)  { c.out.Changes = append(c.out.Changes, d) }

func find(b Baseline, id string) *Rule {
	i := slices.IndexFunc(b.Rules, func(r Rule) bool { return r.Rule == id })
	if i < 0 {
		return nil
	}
	return &b.Rules[i]
}

func (c *comparer) assessment() {
	if c.before.Profile != c.after.Profile {
		c.worse(Difference{Kind: WeakerAssessment, Title: "another profile", Old: c.before.Profile, New: c.after.Profile})
	}
	if c.before.Host != c.after.Host {
		c.other(Difference{Kind: ChangedEvidence, Title: "another platform", Old: c.before.Host, New: c.after.Host})
	}
	if c.before.Require != c.after.Require {
		d := Difference{Kind: WeakerAssessment, Title: "which state decides", Old: c.before.Require, New: c.after.Require}
		if c.after.Require == "both" {
			d.Kind = ChangedEvidence
			c.other(d)
		} else {
			c.worse(d)
		}
	}
}

// vanished finds controls and rules that nobody looks at any more.
func (c *comparer) vanished() {
	name := func(b Baseline, control Control) string {
		if control.Benchmark != "" {
			return control.Benchmark + " " + control.ID
		}
		return b.Benchmark + " " + control.ID
	}
	now := map[string]bool{}
	declared := map[string]bool{} // not about the machine
	for _, r := range c.after.Rules {
		for _, control := range r.Controls {
			if r.Outside != nil {
				declared[name(c.after, control)] = true
				continue
			}
			now[name(c.after, control)] = true
		}
	}
	told := map[string]bool{}
	for _, r := range c.before.Rules {
		gone := false
		for _, control := range r.Controls {
			full := name(c.before, control)
			if now[full] || declared[full] && r.Outside != nil {
				continue
			}
			gone = true
			if !told[full] {
				told[full] = true
				d := Difference{Kind: VanishedControl, Rule: r.Rule, Control: control.ID, Title: r.Title, Old: string(r.Outcome), New: "not looked at"}
				if declared[full] {
					d.New = "declared not applicable"
				}
				c.worse(d)
			}
		}
		if !gone && r.Outside == nil && find(c.after, r.Rule) == nil {
			c.worse(Difference{Kind: VanishedRule, Rule: r.Rule, Control: r.first(), Title: r.Title, Old: string(r.Outcome), New: "not looked at"})
		}
	}
}

// parameters compares the values that a profile's rules are filled with. Whether 12 is weaker than 14
// depends on what it is for, so every other value counts as weaker until a person accepts it.
func (c *comparer) parameters() {
	value := func(list []report.Variable, name string) (string, bool) {
		i := slices.IndexFunc(list, func(v report.Variable) bool { return v.Name == name })
		if i < 0 {
			return "not set", false
		}
		return list[i].Value, true
	}
	for _, v := range c.before.Variables {
		if now, ok := value(c.after.Variables, v.Name); !ok || now != v.Value {
			c.worse(Difference{Kind: WeakerParameter, Title: "variable " + v.Name, Old: v.Value, New: now})
		}
	}
	for _, v := range c.after.Variables {
		if _, ok := value(c.before.Variables, v.Name); !ok {
			c.other(Difference{Kind: ChangedEvidence, Title: "variable " + v.Name, Old: "not set", New: v.Value})
		}
	}
}

// rank orders outcomes from good to bad. What is not applicable is as good as a pass: what the rule is
// about is not there. An error is worse than a failure: less is known.
func rank(o rule.Outcome) int {
	switch o {
	case rule.Pass, rule.NotApplicable:
		return 0
	case rule.Waived, rule.Manual:
		return 1
	case rule.Fail, rule.NotObservable:
		return 2
	}
	return 3
}

func (c *comparer) rule(now Rule) {
	d := Difference{Rule: now.Rule, Control: now.first(), Title: now.Title, New: outcomeText(now), Path: now.place.Path, Line: now.place.Line}
	was := find(c.before, now.Rule)
	if was == nil {
		d.Old = "not looked at"
		switch rank(now.Outcome) {
		case 0:
			if now.Outside != nil { // nobody looks at it now either
				d.Kind = ChangedOutcome
				c.other(d)
				return
			}
			d.Kind = NewControl
			c.better(d)
		case 1:
			d.Kind = ChangedOutcome
			if now.Outcome == rule.Waived {
				d.Kind, d.New = NewWaiver, waiverText(now.Waiver)
				c.worse(d)
				return
			}
			c.other(d)
		default:
			d.Kind = NewFailure
			c.worse(d)
		}
		return
	}
	d.Old = outcomeText(*was)
	if was.Outside != nil && now.Outside != nil && *was.Outside != *now.Outside {
		e := d
		e.Kind, e.Old, e.New = ChangedEvidence, was.Outside.Message(), now.Outside.Message()
		c.other(e)
	}
	if was.Expected != now.Expected {
		e := d
		e.Kind, e.Old, e.New = WeakerParameter, was.Expected, now.Expected
		c.worse(e)
	}
	c.waiver(*was, now, d)
	c.outcome(*was, now, d)
}

func (c *comparer) outcome(was, now Rule, d Difference) {
	switch before, after := rank(was.Outcome), rank(now.Outcome); {
	case after > before && now.Outcome == rule.Waived: // the waiver says it
	case after > before:
		d.Kind = NewFailure
		c.worse(d)
	case after < before && now.Outcome == rule.Waived: // a waiver repairs nothing
	case after < before:
		d.Kind = Fixed
		c.better(d)
	case was.Outcome != now.Outcome && now.Outcome != rule.Waived:
		d.Kind = ChangedOutcome
		c.other(d)
	case was.Underlying != now.Underlying && was.Outcome == now.Outcome && rank(now.Underlying) > rank(was.Underlying):
		d.Kind = NewFailure
		c.worse(d)
	case was.Persisted != now.Persisted:
		d.Kind, d.Old, d.New = ChangedEvidence, was.Persisted, now.Persisted
		c.other(d)
	case !slices.Equal(was.Decides, now.Decides):
		d.Kind, d.Old, d.New = ChangedEvidence, "decided by "+files(was.Decides), "decided by "+files(now.Decides)
		c.other(d)
	}
}

func files(list []string) string {
	if len(list) == 0 {
		return "no file"
	}
	return strings.Join(list, ", ")
}

func (c *comparer) waiver(was, now Rule, d Difference) {
	d.Old, d.New = waiverText(was.Waiver), waiverText(now.Waiver)
	switch {
	case now.Waiver == nil && was.Waiver == nil:
	case was.Waiver == nil, now.Outcome == rule.Waived && was.Outcome != rule.Waived:
		d.Kind = NewWaiver
		c.worse(d)
	case now.Waiver == nil:
		d.Kind = WaiverEnded
		c.better(d)
	case now.Waiver.Expires > was.Waiver.Expires:
		d.Kind = NewWaiver
		c.worse(d)
	case *now.Waiver != *was.Waiver:
		d.Kind = ChangedEvidence
		c.other(d)
	}
}

func outcomeText(r Rule) string {
	if r.Underlying != "" {
		return fmt.Sprintf("%s (%s)", r.Outcome, r.Underlying)
	}
	return string(r.Outcome)
}

func waiverText(w *rule.Waiver) string {
	if w == nil {
		return "no waiver"
	}
	return fmt.Sprintf("waived by %s (%s) until %s: %s: %s", w.Owner, w.Origin, w.Expires, w.Reason, w.Justification)
}

// Words is the kind for people.
func (k Kind) Words() string { return strings.ReplaceAll(string(k), "_", " ") }

// Subject names what the difference is about, safe to print.
func (d Difference) Subject() string {
	var parts []string
	for _, s := range []string{d.Control, d.Rule} {
		if s != "" {
			parts = append(parts, report.Printable(s))
		}
	}
	if len(parts) == 0 || d.Title != "" {
		parts = append(parts, report.Printable(d.Title))
	}
	return strings.Join(parts, " ")
}
