// Package engine is the loop: observe, diff, apply, observe again. Check, apply and attest are the
// same code; only apply is handed something that can write.
package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Require says which state decides an outcome.
type Require string

const (
	// RequirePersisted is for machines that are thrown away and whose image boots fresh: what runs is
	// observed and reported, and neither decides nor is changed.
	RequirePersisted Require = "persisted"
	// RequireBoth is for machines that stay.
	RequireBoth Require = "both"
)

// Options of a run.
type Options struct {
	Require Require
	// Now decides whether a waiver has expired.
	Now time.Time
	// Accounts must be able to log in and use sudo after apply, as far as they can before.
	Accounts []login.Account
	// OnLockout says what a change that would lock one of them out does to the run; stop if empty.
	OnLockout OnLockout
	// Journal says what becomes of the record of what apply changed.
	Journal journal.Options
	// Confirm, when not nil, has apply reload the running sshd, and is asked whether a new login works then. Unless
	// one does, the run is undone.
	Confirm func(context.Context) error
	// Progress, when not nil, is told of each rule that was looked at and each step that was taken.
	Progress func(Event)
}

// Event is a moment of progress.
type Event struct {
	Phase string // "undo", "check", "apply", "verify"
	Done  int
	Total int
	What  string // the rule or target at hand
}

// Finding is the outcome of one rule.
type Finding struct {
	Rule    profile.Rule
	Outcome rule.Outcome
	// Underlying is the outcome beneath a waiver.
	Underlying rule.Outcome
	Message    string
	Parts      []Part
	Expired    bool // its waiver has expired
	Unused     bool // its waiver is not needed
	// RunningDiffers: only what runs deviates, and only what is persisted decides.
	RunningDiffers bool
	// Refused says why the rule's changes are not made.
	Refused string
}

// Part is the finding of one resource of a rule.
type Part struct {
	Ref         rule.Ref
	Outcome     rule.Outcome
	Message     string
	Observation rule.Observation
	// Changes would bring the state about, in the scope that decides.
	Changes        []rule.Change
	RunningDiffers bool
}

// Check looks at every rule of the profile. It is the only way an outcome is found.
func Check(ctx context.Context, p *profile.Profile, h host.Reader, o Options) ([]Finding, error) {
	return check(ctx, p, host.Snapshot(host.ReadOnly(h)), o, "check")
}

func check(ctx context.Context, p *profile.Profile, h host.Reader, o Options, phase string) ([]Finding, error) {
	findings := make([]Finding, 0, len(p.Rules))
	pass := walkOnce(ctx, h, p.Rules, everything)
	defer pass.wait()
	for i, r := range p.Rules {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("cannot finish the %s: %w", phase, err)
		}
		findings = append(findings, look(ctx, i, r, h, pass, o))
		o.report(Event{Phase: phase, Done: i + 1, Total: len(p.Rules), What: r.ID})
	}
	return findings, nil
}

func (o Options) report(e Event) {
	if o.Progress != nil {
		o.Progress(e)
	}
}

// look finds the outcome of one rule.
func look(ctx context.Context, i int, r profile.Rule, h host.Reader, pass *pass, o Options) Finding {
	f := Finding{Rule: r}
	var outcomes []rule.Outcome
	for j, res := range r.Resources {
		part := observe(ctx, place{i, j}, res, h, pass, o.Require)
		outcomes = append(outcomes, part.Outcome)
		f.RunningDiffers = f.RunningDiffers || part.RunningDiffers
		f.Parts = append(f.Parts, part)
	}
	f.Outcome = rule.Worst(outcomes...)
	f.Message = message(f)
	f.waive(o.Now)
	return f
}

func observe(ctx context.Context, at place, res resource.Resource, h host.Reader, pass *pass, require Require) Part {
	part := Part{Ref: res.Ref()}
	o, err := pass.observe(ctx, at, res, h)
	part.Observation = o
	if err != nil {
		part.Outcome, part.Message = rule.Error, err.Error()
		return part
	}
	part.Message = o.Message
	switch {
	case o.NotApplicable != "":
		part.Outcome, part.Message = rule.NotApplicable, o.NotApplicable
		return part
	case o.NotObservable != "":
		part.Outcome, part.Message = rule.NotObservable, o.NotObservable
		return part
	case o.Manual != "":
		part.Outcome, part.Message = rule.Manual, o.Manual
		return part
	}
	for _, c := range res.Diff(o) {
		if c.Scope() == rule.Running && require == RequirePersisted {
			part.RunningDiffers = true
			continue
		}
		part.Changes = append(part.Changes, c)
	}
	part.Outcome = rule.Pass
	if len(part.Changes) > 0 {
		part.Outcome = rule.Fail
	}
	return part
}

// message is that of the parts that made the outcome.
func message(f Finding) string {
	var texts []string
	for _, p := range f.Parts {
		if p.Outcome != f.Outcome || p.Message == "" {
			continue
		}
		text := p.Message
		for _, c := range p.Changes {
			if u, ok := c.(rule.Unfixable); ok && !strings.Contains(text, u.Reason) {
				text += " (cannot be changed in place: " + u.Reason + ")"
			}
		}
		if len(f.Parts) > 1 && !strings.HasPrefix(text, p.Ref.Name) {
			text = p.Ref.Name + ": " + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

// waive applies the rule's waiver. An error is never waived: what could not be told cannot be accepted.
func (f *Finding) waive(now time.Time) {
	w := f.Rule.Waiver
	if w == nil {
		return
	}
	f.Expired = w.Expired(now)
	switch f.Outcome {
	case rule.Pass, rule.NotApplicable:
		f.Unused = true
	case rule.Fail, rule.NotObservable, rule.Manual:
		if !f.Expired {
			f.Underlying, f.Outcome = f.Outcome, rule.Waived
		}
	}
}

// Compliant reports whether nothing failed, erred or stayed unseen without a waiver.
func Compliant(findings []Finding) bool {
	for _, f := range findings {
		switch f.Outcome {
		case rule.Fail, rule.Error, rule.NotObservable:
			return false
		}
	}
	return true
}
