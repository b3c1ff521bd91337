package peers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Look is what both say of one state of the node.
type Look struct {
	level1, level2 results
	ours           *report.Report
}

// verdict is what both say of one rule.
type verdict struct {
	Scanner string
	Ours    rule.Outcome
}

func (v verdict) agrees() bool { return sameAs[v.Scanner] != "" && sameAs[v.Scanner] == v.Ours }

// row is one rule of the scanner.
type row struct {
	Rule          string
	Level         int
	Ours          []string
	Before, After verdict
}

// Agrees says that both say the same of the node before and after.
func (r row) Agrees() bool { return r.Before.agrees() && r.After.agrees() }

// rows pairs what the scanner says with what we say.
func rows(pairs []pairing, before, after Look) ([]row, error) {
	var list []row
	for _, p := range pairs {
		r := row{Rule: p.scanner, Ours: p.ours}
		for _, side := range []struct {
			look Look
			into *verdict
		}{{before, &r.Before}, {after, &r.After}} {
			var err error
			if side.into.Scanner, r.Level, err = side.look.scanner(p.scanner); err != nil {
				return nil, err
			}
			if side.into.Ours, err = side.look.us(p.ours); err != nil {
				return nil, fmt.Errorf("cannot pair %s: %w", p.scanner, err)
			}
		}
		list = append(list, r)
	}
	for _, seen := range []results{before.level1, before.level2, after.level1, after.level2} {
		for name := range seen {
			if !slices.ContainsFunc(pairs, func(p pairing) bool { return p.scanner == name }) {
				return nil, fmt.Errorf("cannot pair %s: map.tsv does not have it", name)
			}
		}
	}
	return list, nil
}

// scanner gives the scanner's word, and the lowest level whose profile asks.
func (l Look) scanner(name string) (word string, level int, err error) {
	one, two := l.level1[name], l.level2[name]
	switch {
	case one == "" && two == "":
		return "", 0, fmt.Errorf("cannot pair %s: the scanner did not look at it", name)
	case one == "":
		return two, 2, nil
	case two != "" && one != two:
		return "", 0, fmt.Errorf("cannot pair %s: the scanner says %s at level 1 and %s at level 2", name, one, two)
	}
	return one, 1, nil
}

// us gives the worst of our outcomes.
func (l Look) us(rules []string) (rule.Outcome, error) {
	var outcomes []rule.Outcome
	for _, name := range rules {
		i := slices.IndexFunc(l.ours.Results, func(r report.Result) bool { return r.Rule == name })
		if i < 0 {
			return "", fmt.Errorf("the profile has no rule %s", name)
		}
		outcomes = append(outcomes, l.ours.Results[i].Outcome)
	}
	if len(outcomes) == 0 {
		return "", nil
	}
	return rule.Worst(outcomes...), nil
}

// mistakes lists disagreements without an explanation and explanations without a disagreement.
func mistakes(list []row, e explanations) []string {
	disagree, alone := map[string]bool{}, map[string]bool{}
	for _, r := range list {
		if len(r.Ours) == 0 {
			alone[r.Rule] = true
		} else if !r.Agrees() {
			disagree[r.Rule] = true
		}
	}
	var explained, reasoned []string
	for _, d := range e.Disagreements {
		explained = append(explained, d.Scanner...)
	}
	for _, a := range e.Alone {
		reasoned = append(reasoned, a.Scanner...)
	}
	wrong := unmatched("a disagreement", disagree, explained)
	return append(wrong, unmatched("a missing counterpart", alone, reasoned)...)
}

func unmatched(what string, want map[string]bool, have []string) []string {
	var wrong []string
	for i, name := range have {
		if !want[name] {
			wrong = append(wrong, fmt.Sprintf("%s: an explanation without %s", name, what))
		}
		if slices.Contains(have[:i], name) {
			wrong = append(wrong, fmt.Sprintf("%s: explained twice", name))
		}
	}
	for name := range want {
		if !slices.Contains(have, name) {
			wrong = append(wrong, fmt.Sprintf("%s: %s without an explanation", name, what))
		}
	}
	slices.SortFunc(wrong, strings.Compare)
	return wrong
}
