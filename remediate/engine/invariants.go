package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// InvariantError is a plan that would break what the profile says must keep working.
type InvariantError struct {
	Invariant string
	Rules     []string // that change what it is about
	Why       string   // of the invariant
	Reason    string   // what would not hold any more
}

func (e *InvariantError) Error() string {
	by := "the plan"
	if len(e.Rules) > 0 {
		by = "rule " + strings.Join(e.Rules, ", ")
	}
	return fmt.Sprintf("%s would break invariant %s (%s): %s", by, e.Invariant, e.Why, e.Reason)
}

// keepInvariants looks at every invariant before and after the plan. One that holds must go on to hold,
// and one that does not must at least be left as it is.
func keepInvariants(ctx context.Context, p *profile.Profile, h host.Reader, entries []plan.Entry, pl *plan.Plan) error {
	if len(pl.Steps) == 0 {
		return nil
	}
	var errs []error
	for _, v := range p.Invariants {
		for _, r := range v.Keep {
			errs = append(errs, broken(ctx, v, r, ends, h, entries, pl))
		}
		for _, r := range v.Never {
			errs = append(errs, broken(ctx, v, r, begins, h, entries, pl))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("refused, nothing was changed: %w", err)
	}
	return nil
}

// judgement says what a plan would do to a state; nothing when it may.
type judgement func(ctx context.Context, r resource.Resource, before, after host.Reader) (reason string, err error)

// ends says how a state that a plan may not end would end.
func ends(ctx context.Context, r resource.Resource, before, after host.Reader) (reason string, err error) {
	was, is, err := compare(ctx, r, before, after)
	if err != nil || is.Outcome != rule.Fail && is.Outcome != rule.Error {
		return "", err
	}
	if was.Outcome == is.Outcome && was.Observation.Persisted == is.Observation.Persisted {
		return "", nil // it was no better before
	}
	return is.Message, nil
}

// begins says how a state that may never be would come about.
func begins(ctx context.Context, r resource.Resource, before, after host.Reader) (reason string, err error) {
	was, is, err := compare(ctx, r, before, after)
	if err != nil || is.Outcome != rule.Pass || was.Outcome == rule.Pass {
		return "", err
	}
	return is.Message, nil
}

func compare(ctx context.Context, r resource.Resource, before, after host.Reader) (was, is Part, err error) {
	none := &pass{done: make(chan struct{})}
	close(none.done)
	was = observe(ctx, place{}, r, before, none, RequirePersisted)
	is = observe(ctx, place{}, r, after, none, RequirePersisted)
	if is.Outcome == rule.Error && was.Outcome != rule.Error {
		return was, is, fmt.Errorf("cannot tell whether %s would still hold: %s", r.Ref(), is.Message)
	}
	return was, is, nil
}

// broken names the rules that are to blame: those that would do it alone, or else those without which
// it would not come to it.
func broken(ctx context.Context, v profile.Invariant, r resource.Resource, judge judgement, h host.Reader, entries []plan.Entry, pl *plan.Plan) error {
	reason, err := judge(ctx, r, h, pl.After)
	if err != nil {
		return fmt.Errorf("invariant %s: %w", v.Name, err)
	}
	if reason == "" {
		return nil
	}
	breaks := func(keep func(id string) bool) bool {
		some := slices.DeleteFunc(slices.Clone(entries), func(e plan.Entry) bool { return !keep(e.Rule) })
		part, err := plan.New(h, some)
		if err != nil {
			return false
		}
		reason, err := judge(ctx, r, h, part.After)
		return err == nil && reason != ""
	}
	var alone, needed []string
	for _, id := range rulesOfSteps(pl.Steps) {
		if breaks(func(other string) bool { return other == id }) {
			alone = append(alone, id)
		} else if !breaks(func(other string) bool { return other != id }) {
			needed = append(needed, id)
		}
	}
	if len(alone) == 0 {
		alone = needed
	}
	return &InvariantError{Invariant: v.Name, Why: v.Why, Rules: alone, Reason: reason}
}

func rulesOfSteps(steps []plan.Step) []string {
	var ids []string
	for _, s := range steps {
		for _, id := range s.Rules {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
