package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// ControlResult is what a report says of one control: its rules taken together.
type ControlResult struct {
	Control
	// Outcome is the worst of the rules'. A control with a waived rule is waived unless something
	// worse is left.
	Outcome rule.Outcome
	// Underlying is the outcome without any waiver.
	Underlying rule.Outcome
	Results    []Result
}

// Controls turns the report around: one entry a control, in the order of benchmark and number. Rules
// of no control are left out.
func (r *Report) Controls() []ControlResult {
	type key struct{ benchmark, id string }
	index := map[key]int{}
	var list []ControlResult
	for _, res := range r.Results {
		for _, c := range res.Controls {
			k := key{c.Benchmark, c.ID}
			i, ok := index[k]
			if !ok {
				i = len(list)
				index[k] = i
				list = append(list, ControlResult{Control: c})
			}
			list[i].Results = append(list[i].Results, res)
		}
	}
	for i := range list {
		list[i].judge()
	}
	slices.SortStableFunc(list, func(a, b ControlResult) int {
		return cmp.Or(strings.Compare(a.Benchmark, b.Benchmark), CompareIDs(a.ID, b.ID))
	})
	return list
}

func (c *ControlResult) judge() {
	var open, beneath []rule.Outcome
	waived := false
	for _, res := range c.Results {
		if res.Outcome == rule.Waived {
			waived = true
			beneath = append(beneath, res.Underlying)
			continue
		}
		open = append(open, res.Outcome)
		beneath = append(beneath, res.Outcome)
	}
	c.Underlying = rule.Worst(beneath...)
	c.Outcome = rule.Worst(open...)
	if waived && (c.Outcome == rule.Pass || c.Outcome == rule.NotApplicable || c.Outcome == rule.Manual) {
		c.Outcome = rule.Waived
	}
}

// outside reports whether nothing looks at the control.
func (c ControlResult) outside() bool {
	return !slices.ContainsFunc(c.Results, func(res Result) bool { return res.Outside == nil })
}

// CompareIDs orders control numbers as people count: 1.2 before 1.10.
func CompareIDs(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		order := strings.Compare(as[i], bs[i])
		if errX == nil && errY == nil {
			order = cmp.Compare(x, y)
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Or(cmp.Compare(len(as), len(bs)), strings.Compare(a, b))
}

// Places are the sources of a result without repetition, those that made its outcome first: of the
// resources that have it, and among these what wins.
func (res Result) Places() []rule.Source {
	found := res.Outcome
	if res.Underlying != "" {
		found = res.Underlying
	}
	var decisive []rule.Source
	for _, p := range res.Resources {
		if p.Outcome == found {
			decisive = append(decisive, p.Sources...)
		}
	}
	var list []rule.Source
	add := func(sources []rule.Source, wins bool) {
		for _, s := range sources {
			if s.Wins == wins && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
	}
	add(decisive, true)
	add(res.Sources, true)
	add(decisive, false)
	add(res.Sources, false)
	return list
}

// Details are the lines of evidence that people read beneath a result, safe to print.
func (res Result) Details() []string {
	var list []string
	add := func(label, text string) {
		if text != "" {
			list = append(list, label+": "+Printable(text))
		}
	}
	add("severity", res.Severity)
	add("because", res.Message)
	add("expected", res.Expected)
	add("persisted", res.Observed.Persisted)
	add("running", res.Observed.Running)
	for _, s := range res.Sources {
		label := "source"
		if s.Wins {
			label = "decides"
		}
		add(label, place(s))
	}
	for _, part := range res.Resources {
		for _, item := range part.Evidence {
			add("found", item)
		}
	}
	if res.Waiver != nil {
		add("waiver", waiverText(*res.Waiver))
	}
	return list
}

// Heading is the result's controls and title.
func (res Result) Heading() string {
	if len(res.Controls) == 0 {
		return Printable(res.Title)
	}
	return ids(res.Controls) + " " + Printable(res.Title)
}
