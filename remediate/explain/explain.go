// Package explain says what a rule or control asks for, and why: on the terminal, as data, and as the pages of
// docs/rules. All of it comes from the profiles' own text.
package explain

import (
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Explanation is what a name means. Its JSON form is a contract.
type Explanation struct {
	Profile  string    `json:"profile"` // whose parameters and waivers are in force; empty where no profile has the rule
	Controls []Control `json:"controls"`
	Rules    []Rule    `json:"rules"`
}

// Control is a control that the name means.
type Control struct {
	Benchmark string       `json:"benchmark"`
	ID        string       `json:"id"`
	Level     int          `json:"level"`
	Title     string       `json:"title"`
	Rules     []string     `json:"rules"`
	Waiver    *rule.Waiver `json:"waiver,omitempty"`
	// Outside is why the control has no rules.
	Outside *rule.Outside `json:"not_applicable,omitempty"`
}

// Rule is one desired state, with its parameters filled in.
type Rule struct {
	ID         string             `json:"id"`
	Title      string             `json:"title"`
	Why        string             `json:"why"`
	Breaks     string             `json:"breaks"`
	Source     string             `json:"source"`
	Severity   string             `json:"severity"`
	Parameters []profile.Variable `json:"parameters"` // those that the rule uses
	State      string             `json:"state"`      // the resources, in the profile language
	Controls   []Asking           `json:"controls"`
	Waiver     *rule.Waiver       `json:"waiver,omitempty"`
	Limits     []Limit            `json:"limits,omitempty"` // what the rule may not break
}

// Limit is an invariant of the profile that is about what the rule changes.
type Limit struct {
	Invariant string `json:"invariant"`
	Why       string `json:"why"`
}

// Asking is a control that asks for a rule.
type Asking struct {
	Benchmark string `json:"benchmark"`
	ID        string `json:"id"`
	Level     int    `json:"level"`
	InProfile bool   `json:"in_profile"` // the others are of other shipped benchmarks
	Waived    bool   `json:"waived"`
}

// Of explains a rule's id or a control's number. The profile may be nil: then the library's rules alone are known,
// and their parameters have their defaults.
func Of(name string, p *profile.Profile, l *profile.Library) (*Explanation, error) {
	controls, rules, err := profile.Find(name, p, l)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Controls: []Control{}, Rules: []Rule{}}
	for _, c := range controls {
		e.Controls = append(e.Controls, Control{c.Benchmark, c.ID, c.Level, c.Title, append([]string{}, c.Rules...), c.Waiver, c.Outside})
	}
	if len(controls) > 0 || p != nil && has(p, name) {
		e.Profile = p.Name
	}
	for _, r := range rules {
		explained := ruleOf(r)
		shipped, _ := l.Rule(r.ID)
		if e.Profile == "" { // the library's own rule, whose controls are of no profile in use
			explained.Controls = asking(nil, shipped.Controls)
		} else {
			explained.Controls = asking(r.Controls, shipped.Controls)
			explained.Limits = limits(p, r)
		}
		e.Rules = append(e.Rules, explained)
	}
	return e, nil
}

func has(p *profile.Profile, id string) bool {
	return slices.ContainsFunc(p.Rules, func(r profile.Rule) bool { return r.ID == id })
}

func ruleOf(r profile.Rule) Rule {
	out := Rule{
		ID: r.ID, Title: r.Title, Why: r.Why, Breaks: r.Breaks, Source: r.Source, Severity: r.Severity,
		Parameters: r.Variables, State: r.HCL(), Controls: asking(r.Controls, nil), Waiver: r.Waiver,
	}
	if out.Parameters == nil {
		out.Parameters = []profile.Variable{}
	}
	return out
}

func limits(p *profile.Profile, r profile.Rule) []Limit {
	var list []Limit
	for _, v := range p.Invariants {
		if v.About(r) {
			list = append(list, Limit{v.Name, v.Why})
		}
	}
	return list
}

// asking lists the profile's controls, and then those of other benchmarks.
func asking(own, shipped []profile.Control) []Asking {
	list := []Asking{} // not null in JSON
	for _, c := range own {
		list = append(list, Asking{c.Benchmark, c.ID, c.Level, true, c.Waiver != nil})
	}
	for _, c := range shipped {
		same := func(a Asking) bool { return a.Benchmark == c.Benchmark && a.ID == c.ID }
		if !slices.ContainsFunc(list, same) {
			list = append(list, Asking{Benchmark: c.Benchmark, ID: c.ID, Level: c.Level})
		}
	}
	return list
}
