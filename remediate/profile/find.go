package profile

import (
	"fmt"
	"slices"
)

// Find gives what a name means in the profile: a control's number (of several benchmarks, when profiles are
// combined) with its rules, or a rule's id. A rule that only the library has comes with the parameters' defaults.
// The profile may be nil.
func Find(name string, p *Profile, l *Library) ([]Control, []Rule, error) {
	if p == nil {
		p = &Profile{}
	}
	var controls []Control
	for _, c := range p.Controls {
		if c.ID == name || c.Outside != nil && c.ReportID() == name {
			controls = append(controls, c)
		}
	}
	wanted := func(r Rule) bool {
		return r.ID == name || slices.ContainsFunc(controls, func(c Control) bool { return slices.Contains(c.Rules, r.ID) })
	}
	var rules []Rule
	for _, r := range p.Rules {
		if wanted(r) {
			rules = append(rules, r)
		}
	}
	if len(controls) > 0 || len(rules) > 0 {
		return controls, rules, nil
	}
	if r, ok := l.Rule(name); ok {
		return nil, []Rule{r}, nil
	}
	return nil, nil, fmt.Errorf("no rule or control %q in the profile%s", name, didYouMean(name, known(p, l)))
}

func known(p *Profile, l *Library) []string {
	var names []string
	for _, c := range p.Controls {
		names = append(names, c.ID)
	}
	for _, r := range p.Rules {
		names = append(names, r.ID)
	}
	for _, f := range l.Files {
		for _, r := range f.Rules {
			names = append(names, r.ID)
		}
	}
	return names
}
