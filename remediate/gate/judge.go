package gate

import (
	"fmt"
	"slices"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// clockSkew is how far ahead of ours the target's clock may be.
const clockSkew = 10 * time.Minute

// Judge lists every reason for which the policy refuses the report, in the report's order; none means
// that it may pass.
func (p *Policy) Judge(r *report.Report, now time.Time) []Refusal {
	var list []Refusal
	add := func(res *report.Result, format string, args ...any) {
		refusal := Refusal{Reason: fmt.Sprintf(format, args...)}
		if res != nil {
			refusal.Rule = res.Rule
			if len(res.Controls) > 0 {
				refusal.Control = res.Controls[0].ID
			}
		}
		list = append(list, refusal)
	}
	p.judgeReport(r, now, add)

	effective := make([]report.Result, 0, len(r.Results))
	for _, res := range r.Results {
		effective = append(effective, p.judgeWaiver(res, now, add))
	}
	for _, level := range levelsOf(effective) {
		var of []report.Result
		for _, res := range effective {
			if levelOf(res) == level {
				of = append(of, res)
			}
		}
		name := fmt.Sprintf("level %d", level)
		if level == 0 {
			name = "rules without a level"
		}
		p.judgeLimits(of, p.levelLimits(level), name, now, add)
	}
	for _, s := range p.Severities {
		var of []report.Result
		for _, res := range effective {
			if s.counts(res) {
				of = append(of, res)
			}
		}
		p.judgeLimits(of, s.Limits, "severity "+s.Name, now, add)
	}
	return list
}

type adder func(res *report.Result, format string, args ...any)

func (p *Policy) judgeReport(r *report.Report, now time.Time, add adder) {
	switch {
	case len(r.Results) == 0:
		add(nil, "the report has no results")
	case !r.Looked():
		add(nil, "nothing was looked at: the report's controls are not applicable to the machine")
	}
	if len(p.Profiles) > 0 && !matches(p.Profiles, r.Profile.Name) {
		add(nil, "the profile is %q, which the policy does not accept", r.Profile.Name)
	}
	if p.Reach > 0 && r.Profile.Level != 0 && r.Profile.Level < p.Reach {
		add(nil, "the report looked at level %d only, and level %d is asked for", r.Profile.Level, p.Reach)
	}
	if age := now.Sub(r.Finished); p.MaxAge > 0 && age > p.MaxAge {
		add(nil, "the report is %s old, and %s is the most", days(age), days(p.MaxAge))
	} else if age < -clockSkew {
		add(nil, "the report is from the future: it ended at %s", r.Finished.UTC().Format(time.RFC3339))
	}
}

// judgeWaiver gives the result as it counts: a waiver that is not in force any more, or that the
// policy does not honour, waives nothing.
func (p *Policy) judgeWaiver(res report.Result, now time.Time, add adder) report.Result {
	w := res.Waiver
	if w == nil || w.Unused {
		return res
	}
	why := p.waiverProblem(*w, now)
	if why == "" {
		return res
	}
	add(&res, "its waiver %s", why)
	if res.Outcome == rule.Waived {
		res.Outcome, res.Underlying = res.Underlying, ""
	}
	return res
}

func (p *Policy) waiverProblem(w report.Waiver, now time.Time) string {
	switch {
	case w.Expired || w.Waiver.Expired(now):
		return "expired on " + w.Expires
	case w.Reason == "" || w.Owner == "" || w.Justification == "":
		return "has no reason, justification or owner"
	case len(p.Waivers.Reasons) > 0 && !slices.Contains(p.Waivers.Reasons, w.Reason):
		return fmt.Sprintf("has the reason %s, which the policy does not allow", w.Reason)
	case len(p.Waivers.Owners) > 0 && !matches(p.Waivers.Owners, w.Owner):
		return fmt.Sprintf("is owned by %q, who may not own one", w.Owner)
	case len(p.Waivers.Origins) > 0 && !slices.Contains(p.Waivers.Origins, w.Origin):
		return fmt.Sprintf("is of the %s, whose waivers the policy does not honour", w.Origin)
	}
	if day, err := time.Parse(time.DateOnly, w.Expires); p.Waivers.Longest > 0 && err == nil && day.Sub(now) > p.Waivers.Longest {
		return fmt.Sprintf("lasts until %s, more than %s from now", w.Expires, days(p.Waivers.Longest))
	}
	return ""
}

func (p *Policy) judgeLimits(results []report.Result, limits Limits, name string, now time.Time, add adder) {
	for _, kind := range []struct {
		outcome rule.Outcome
		word    string
		most    int
	}{
		{rule.Fail, "fail", limits.Fail},
		{rule.Error, "are in error", limits.Error},
		{rule.NotObservable, "could not be observed", limits.NotObservable},
		{rule.Manual, "need a person", limits.Manual},
		{rule.Waived, "are waived", limits.Waived},
	} {
		if kind.most < 0 {
			continue
		}
		var found []report.Result
		for _, res := range results {
			if res.Outcome != kind.outcome || kind.outcome == rule.Fail && p.grace(res, now) != nil {
				continue
			}
			found = append(found, res)
		}
		if len(found) <= kind.most {
			continue
		}
		if kind.most > 0 {
			add(nil, "%s: %d rules %s, and %d are the most", name, len(found), kind.word, kind.most)
		}
		for _, res := range found {
			add(&res, "%s: %s: %s", name, res.Outcome, res.Message)
		}
	}
}

// levelOf is the lowest level of a rule's controls: what level 1 asks for is asked for at level 2 too.
func levelOf(res report.Result) int {
	level := 0
	for _, c := range res.Controls {
		if c.Level > 0 && (level == 0 || c.Level < level) {
			level = c.Level
		}
	}
	return level
}

func levelsOf(results []report.Result) []int {
	var list []int
	for _, res := range results {
		if l := levelOf(res); !slices.Contains(list, l) {
			list = append(list, l)
		}
	}
	slices.Sort(list)
	return list
}

// days writes a duration as people say it.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day {
		return fmt.Sprintf("%d days", d/day)
	}
	return d.Round(time.Minute).String()
}
