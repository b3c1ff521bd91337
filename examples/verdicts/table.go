package verdicts

import (
	"fmt"
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Runs are the reports of one node: as it booted first, and as it booted again after the aks profile was applied.
type Runs struct {
	Before, After Pair
}

// Pair is one state of a node, judged by both profiles of its platform.
type Pair struct {
	AKS, CIS *report.Report
}

// row is all that is known of one control. An outcome is empty where the profile has no such control.
type row struct {
	Control   string
	Title     string
	Status    string // as published; empty where nothing is
	Before    rule.Outcome
	After     rule.Outcome
	CISBefore rule.Outcome
	CISAfter  rule.Outcome
	Note      string // what the outcome rests on, where it is neither pass nor fail
	Running   bool   // what runs is not what the files say
}

func (r row) differs() bool { return r.Status != "" && !slices.Contains(agreeing[r.Status], r.After) }

// unshown says that the lab can't show that the control holds: it fails, or the node runs with another state.
func (r row) unshown() bool {
	return r.After == rule.Fail || r.After == rule.NotObservable || r.Running
}

// better says that the control holds although the published image fails it.
func (r row) better() bool {
	return r.After == rule.Pass && slices.Contains(agreeing[r.Status], rule.Fail)
}

// rows sets what is published beside what was found, in the order of control numbers.
func rows(published []Published, runs Runs) ([]row, error) {
	var list []row
	index := map[string]int{}
	at := func(control string) *row {
		i, ok := index[control]
		if !ok {
			i = len(list)
			index[control] = i
			list = append(list, row{Control: control})
		}
		return &list[i]
	}
	for _, p := range published {
		at(p.Control).Status = p.Status
	}
	for _, c := range runs.After.AKS.Controls() {
		r := at(c.ID)
		r.Title, r.After = c.Title, c.Outcome
		if r.Title == "" {
			r.Title = c.Results[0].Title
		}
		var err error
		if r.Note, err = note(c); err != nil {
			return nil, err
		}
		for _, res := range c.Results {
			r.Running = r.Running || res.RunningDiffers && res.Outcome != rule.Waived
		}
	}
	for _, side := range []struct {
		report *report.Report
		set    func(*row, rule.Outcome)
	}{
		{runs.Before.AKS, func(r *row, o rule.Outcome) { r.Before = o }},
		{runs.Before.CIS, func(r *row, o rule.Outcome) { r.CISBefore = o }},
		{runs.After.CIS, func(r *row, o rule.Outcome) { r.CISAfter = o }},
	} {
		for _, c := range side.report.Controls() {
			side.set(at(c.ID), c.Outcome)
		}
	}
	slices.SortStableFunc(list, func(a, b row) int { return report.CompareIDs(a.Control, b.Control) })
	return list, nil
}

// note says what a control's outcome rests on: a waiver and a manual decision are nothing without.
func note(c report.ControlResult) (string, error) {
	for _, res := range c.Results {
		if res.Outcome != c.Outcome {
			continue
		}
		switch c.Outcome {
		case rule.Waived:
			if res.Waiver == nil {
				return "", fmt.Errorf("%s: %s is waived without a waiver", c.ID, res.Rule)
			}
			return res.Waiver.Justification, nil
		case rule.NotApplicable, rule.Error, rule.Fail, rule.NotObservable:
			return res.Message, nil
		case rule.Manual:
			if !hasEvidence(res) {
				return "", fmt.Errorf("%s: %s is manual without evidence", c.ID, res.Rule)
			}
			return res.Message, nil
		}
	}
	return "", nil
}

func hasEvidence(res report.Result) bool {
	for _, part := range res.Resources {
		if len(part.Evidence) > 0 || part.Observed.Persisted != "" || part.Observed.Running != "" {
			return true
		}
	}
	return false
}
