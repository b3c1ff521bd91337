// Package gate decides whether a report is good enough for a release. The policy is a small HCL
// document that people review; judging is pure and says every reason for which it refuses. How an
// outcome was found, and whether the report is authentic, is decided elsewhere.
package gate

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Policy is what a release asks of a report.
type Policy struct {
	// MaxAge is how old a report may be; 0 is any age.
	MaxAge time.Duration
	// Reach is the level up to which the report must have looked, 1 or 2; 0 does not ask.
	Reach int
	// Profiles are names of profiles that count, as patterns; empty is any.
	Profiles   []string
	Levels     []Level
	Severities []Severity
	Graces     []Grace
	Waivers    Waivers
}

// Limits are the most results of each outcome that are let through; negative is any number.
type Limits struct {
	Fail, Error, NotObservable, Manual, Waived int
}

// Level limits the results of one level.
type Level struct {
	Level  int
	Limits Limits
}

// Severity limits the results that its patterns name or, without any, those of the severity that it is named after.
type Severity struct {
	Name   string
	Match  []string // rule ids and control numbers, as patterns
	Limits Limits
}

// counts reports whether the limits are about the result. One of which nobody said how grave it is counts in every
// severity: it could be of that one.
func (s Severity) counts(res report.Result) bool {
	if len(s.Match) > 0 {
		return names(res, s.Match)
	}
	return res.Severity == "" || res.Severity == s.Name
}

// Grace lets a rule or control fail through its last day, in UTC.
type Grace struct {
	Target string // rule id or control number
	Until  string // YYYY-MM-DD
	Why    string
}

// Waivers says which waivers are honoured. Empty lists allow all.
type Waivers struct {
	Reasons []rule.Reason
	Owners  []string // patterns
	Origins []rule.Origin
	// Longest is how far in the future a waiver may expire; 0 is any time.
	Longest time.Duration
}

// Refusal is one reason not to release.
type Refusal struct {
	Rule    string // rule id; empty when it is about the report as a whole
	Control string // the first control of the rule
	Reason  string // a sentence without a full stop
}

// String is the refusal in a line, safe to print.
func (r Refusal) String() string {
	text := report.Printable(r.Reason)
	switch {
	case r.Rule != "" && r.Control != "":
		return fmt.Sprintf("%s (%s): %s", report.Printable(r.Rule), report.Printable(r.Control), text)
	case r.Rule != "":
		return fmt.Sprintf("%s: %s", report.Printable(r.Rule), text)
	}
	return text
}

// strict lets nothing through that keeps a report from being compliant.
func strict() Limits { return Limits{Manual: -1, Waived: -1} }

// levelLimits are those of a level; a level that the policy does not name is strict.
func (p *Policy) levelLimits(level int) Limits {
	for _, l := range p.Levels {
		if l.Level == level {
			return l.Limits
		}
	}
	return strict()
}

// grace is the one in force for a result.
func (p *Policy) grace(res report.Result, now time.Time) *Grace {
	for i, g := range p.Graces {
		if names(res, []string{g.Target}) && !past(g.Until, now) {
			return &p.Graces[i]
		}
	}
	return nil
}

// past reports whether a day is over, in UTC. A date that is none is over.
func past(day string, now time.Time) bool {
	d, err := time.Parse(time.DateOnly, day)
	return err != nil || !now.UTC().Before(d.AddDate(0, 0, 1))
}

// names reports whether a pattern matches the rule or one of its controls.
func names(res report.Result, patterns []string) bool {
	if matches(patterns, res.Rule) {
		return true
	}
	return slices.ContainsFunc(res.Controls, func(c report.Control) bool { return matches(patterns, c.ID) })
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return err == nil && ok
	})
}
