package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Plan works out what apply would do, proves on a copy of the machine's files that it would satisfy
// the rules, and writes nothing.
func Plan(ctx context.Context, p *profile.Profile, h host.Reader, o Options) ([]Finding, *plan.Plan, error) {
	h = host.Snapshot(host.ReadOnly(h))
	findings, err := check(ctx, p, h, o, "check")
	if err != nil {
		return nil, nil, err
	}
	entries := wanted(findings)
	pl, err := plan.New(h, entries)
	if err != nil {
		return findings, nil, err
	}
	if pl, err = keepLogins(h, findings, entries, pl, o); err != nil {
		return findings, nil, err
	}
	if err := keepInvariants(ctx, p, h, wanted(findings), pl); err != nil {
		return findings, nil, err
	}
	if err := prove(ctx, findings, pl); err != nil {
		return findings, nil, err
	}
	return findings, pl, nil
}

// wanted lists the changes of the rules that fail. Waived rules are left alone: their deviation is
// accepted, and changing it would break what the waiver protects.
func wanted(findings []Finding) []plan.Entry {
	var entries []plan.Entry
	for _, f := range findings {
		if f.Outcome != rule.Fail || f.Refused != "" {
			continue
		}
		for _, part := range f.Parts {
			for _, c := range part.Changes {
				entries = append(entries, plan.Entry{Rule: f.Rule.ID, Ref: part.Ref, Change: c})
			}
		}
	}
	return entries
}

// prove looks at the planned files with the same eyes that will look at the real ones. A rule that
// would not pass, or that passes today and would not any more, is a conflict that line edits did not
// show: better found now than on the machine.
func prove(ctx context.Context, findings []Finding, pl *plan.Plan) error {
	var errs []error
	proven := func(at place) bool {
		f := findings[at.rule]
		part := f.Parts[at.resource]
		return f.Refused == "" && (f.Outcome == rule.Pass || f.Outcome == rule.Fail) && (part.Outcome == rule.Pass || part.Outcome == rule.Fail) && onlyFiles(part.Changes)
	}
	if len(pl.Steps) == 0 {
		return nil // the machine as it is has just been looked at
	}
	after := host.Snapshot(pl.After)
	pass := walkOnce(ctx, after, rulesOf(findings), proven)
	defer pass.wait()
	for i, f := range findings {
		for j, res := range f.Rule.Resources {
			if !proven(place{i, j}) {
				continue
			}
			part := observe(ctx, place{i, j}, res, after, pass, RequirePersisted)
			switch part.Outcome {
			case rule.Pass, rule.NotApplicable, rule.Manual: // with the rest for a person, nothing is left to change
				continue
			}
			errs = append(errs, fmt.Errorf("rule %s would not pass after the plan: %s: %s%s", f.Rule.ID, res.Ref(), part.Message, sharers(f, pl)))
		}
	}
	return errors.Join(errs...)
}

func rulesOf(findings []Finding) []profile.Rule {
	rules := make([]profile.Rule, len(findings))
	for i, f := range findings {
		rules[i] = f.Rule
	}
	return rules
}

// onlyFiles reports whether a plan's files show the whole effect of the changes.
func onlyFiles(changes []rule.Change) bool {
	for _, c := range changes {
		switch c.(type) {
		case rule.EditFile, rule.WriteFile, rule.PAMProfile, rule.SetAttr, rule.RemoveFile, rule.MountOptions:
		default:
			return false
		}
	}
	return true
}

// sharers names the other rules that change what the rule changes.
func sharers(f Finding, pl *plan.Plan) string {
	var others []string
	for _, s := range pl.Steps {
		if !slices.Contains(s.Rules, f.Rule.ID) {
			continue
		}
		for _, id := range s.Rules {
			if id != f.Rule.ID && !slices.Contains(others, id) {
				others = append(others, id)
			}
		}
	}
	if len(others) == 0 {
		return ""
	}
	return " (the same targets are changed by " + strings.Join(others, ", ") + ")"
}

// Applied is what an apply did.
type Applied struct {
	// Before and After are the findings around the changes; After is what counts.
	Before, After []Finding
	Steps         []plan.Step // that were carried out, in order
	// Pending are the steps of the round that an error cut short, and that were not carried out.
	Pending []plan.Step
	// Undone are the earlier runs that were interrupted, and were taken back first.
	Undone []journal.Result
}

// maxRounds bounds apply: a change may make other rules applicable, which one more round settles, and
// packages have a round of their own. A rule that is still not satisfied then does not converge.
const maxRounds = 4

// due gives the steps of a plan that this round carries out. Packages come alone: they bring files and
// units, or take them away, and what is planned for those is worked out again afterwards. What did not
// help once is not tried again.
func due(steps, tried []plan.Step) []plan.Step {
	var packages, rest []plan.Step
	for _, s := range steps {
		switch {
		case !s.Packages():
			rest = append(rest, s)
		case !slices.ContainsFunc(tried, func(d plan.Step) bool { return d.Packages() && d.Target == s.Target && d.Action() == s.Action() }):
			packages = append(packages, s)
		}
	}
	if len(packages) > 0 {
		return packages
	}
	return rest
}

// Apply brings the profile's rules about and observes again. Runs that were interrupted are undone first.
// On an error, Steps and Pending say what was done and what not, and the machine's journal holds what
// stood there.
func Apply(ctx context.Context, p *profile.Profile, w host.Writer, o Options) (_ *Applied, err error) {
	var done Applied
	j, undone, err := journal.Open(ctx, w, o.Journal)
	done.Undone = undone
	if err != nil {
		return &done, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	for _, r := range undone {
		o.report(Event{Phase: "undo", Done: 1, Total: 1, What: fmt.Sprintf("run %d, which was interrupted", r.Run.Number)})
	}
	refused := map[string]error{} // by rule, of packages that did not come or go
	locked := map[string]string{} // by rule, of changes that would have locked an account out
	if err := done.rounds(ctx, p, w, j, o, refused, locked); err != nil {
		return &done, err
	}
	if done.After, err = check(ctx, p, host.Snapshot(host.ReadOnly(w)), o, "verify"); err != nil {
		return &done, err
	}
	markRefused(done.After, locked)
	markNotConverged(done.After, refused)
	if o.Confirm != nil && len(done.Steps) > 0 {
		if err := done.confirm(ctx, w, j, o.Confirm); err != nil {
			return &done, err
		}
	}
	return &done, j.Commit()
}

// rounds plans and carries out until nothing is left to do.
func (done *Applied) rounds(ctx context.Context, p *profile.Profile, w host.Writer, j host.Changer, o Options, refused map[string]error, locked map[string]string) error {
	var tried []plan.Step
	for round := range maxRounds {
		findings, pl, err := Plan(ctx, p, w, o)
		if round == 0 {
			done.Before = findings
		}
		if err != nil {
			return err
		}
		for _, f := range findings {
			if f.Refused != "" {
				locked[f.Rule.ID] = f.Refused
			}
		}
		if len(pl.Steps) == 0 {
			return nil
		}
		if err := guard(ctx, findings, pl, w, o); err != nil {
			return err
		}
		steps := due(pl.Steps, tried)
		for i, step := range steps {
			done.Pending = steps[i:]
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("stopped before %s: %w", step.Target, err)
			}
			tried = append(tried, step)
			err := finish(ctx, func(ctx context.Context) error { return carryOut(ctx, j, step) })
			switch {
			case err != nil && step.Packages() && ctx.Err() == nil:
				// A repository that is out of reach is no reason to leave the rest undone.
				for _, id := range step.Rules {
					refused[id] = err
				}
				continue
			case err != nil:
				return fmt.Errorf("cannot apply rule %s: %w", strings.Join(step.Rules, ", "), err)
			}
			done.Steps = append(done.Steps, step)
			o.report(Event{Phase: "apply", Done: i + 1, Total: len(steps), What: step.Target})
		}
		done.Pending = nil
	}
	return nil
}

// grace is how long a step that has begun may take when the run is to stop: a package manager that is killed
// leaves packages behind that are neither there nor gone.
const grace = time.Minute

// finish lets a step come to its end, so that a run stops between steps.
func finish(ctx context.Context, step func(context.Context) error) error {
	whole, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			cancel(context.Cause(ctx))
		case <-whole.Done():
		}
	})
	defer stop()
	return step(whole)
}

// guard lets every kind that the plan touches judge the outcome before anything is written.
func guard(ctx context.Context, findings []Finding, pl *plan.Plan, w host.Writer, o Options) error {
	touched := map[string]bool{}
	for _, f := range findings {
		for _, part := range f.Parts {
			if f.Outcome == rule.Fail && f.Refused == "" && len(part.Changes) > 0 {
				touched[part.Ref.Kind] = true
			}
		}
	}
	proposal := resource.Proposal{Before: host.ReadOnly(w), After: pl.After, Programs: w.Programs(), Accounts: o.Accounts}
	for _, kind := range resource.Kinds() {
		if kind.Guard == nil || !touched[kind.Name] && !touches(pl, kind.Guards) {
			continue
		}
		if err := kind.Guard(ctx, proposal); err != nil {
			return fmt.Errorf("refused, nothing was changed: %w", err)
		}
	}
	return nil
}

// touches reports whether a step is about a path below one of the given ones, whichever kind asked.
func touches(pl *plan.Plan, below []string) bool {
	return slices.ContainsFunc(pl.Steps, func(s plan.Step) bool {
		return slices.ContainsFunc(below, func(dir string) bool { return strings.HasPrefix(s.Target, dir) })
	})
}

func carryOut(ctx context.Context, w host.Changer, s plan.Step) error {
	if s.Write != nil {
		content, err := generate(s.Write.After)
		if err != nil {
			return err
		}
		if s.Write.OverLink {
			return w.ReplaceLink(s.Target, content, s.Write.Create)
		}
		return w.Replace(s.Target, content, s.Write.Create)
	}
	switch c := s.Change.(type) {
	case rule.SetAttr:
		return setAttr(w, c)
	case rule.RemoveFile:
		return w.Remove(c.Path)
	case rule.InstallPackage:
		return w.InstallPackages(ctx, c.Names)
	case rule.RemovePackage:
		return w.RemovePackages(ctx, c.Names, c.Along)
	case rule.ChangeUnit:
		return w.ChangeUnit(ctx, c.Name, c.Action)
	case rule.SetSysctl:
		return w.SetSysctl(c.Key, c.Value)
	case rule.UnloadModule:
		return w.UnloadModule(c.Name)
	case rule.Remount:
		return w.Remount(c.Path, c.Options)
	}
	return fmt.Errorf("no way to carry out %T", s.Change)
}

// setAttr leaves alone what is gone or has changed since it was seen: the look that follows decides
// whether anything is left to be done.
func setAttr(w host.Changer, c rule.SetAttr) error {
	if c.Seen == nil {
		return w.SetAttr(c.Path, c.Mode, c.UID, c.GID)
	}
	err := w.SetAttrOf(c.Path, *c.Seen, c.Mode, c.UID, c.GID)
	if errors.Is(err, host.ErrChanged) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// markRefused says of rules that fail why they were left as they are.
func markRefused(findings []Finding, locked map[string]string) {
	for i := range findings {
		f := &findings[i]
		if why := locked[f.Rule.ID]; why != "" && f.Outcome == rule.Fail {
			f.Refused = why
			f.Message = "not changed, because it " + why + " (" + f.Message + ")"
		}
	}
}

// markNotConverged turns a fail that could have been changed into an error: the change was made and
// the state did not come about. What cannot be changed stays a fail.
func markNotConverged(findings []Finding, refused map[string]error) {
	for i := range findings {
		f := &findings[i]
		if f.Outcome == rule.Fail && f.Refused == "" && slices.ContainsFunc(f.Parts, changeable) {
			f.Outcome = rule.Error
			f.Message = "not converged: " + f.Message
			if err := refused[f.Rule.ID]; err != nil {
				f.Message = err.Error()
			}
		}
	}
}

func changeable(p Part) bool {
	return slices.ContainsFunc(p.Changes, func(c rule.Change) bool {
		_, unfixable := c.(rule.Unfixable)
		return !unfixable
	})
}
