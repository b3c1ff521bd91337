package engine

import (
	"context"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// place is a resource's place in a profile: the rule's, and its own in the rule.
type place struct{ rule, resource int }

// pass is the one walk over the machine's files that all walkers of a profile share. It runs beside
// the other rules, and is waited for where the first of its results is wanted.
type pass struct {
	done    chan struct{}
	results map[place]resource.Walked
}

// walkOnce starts the walk for those resources that wanted picks.
func walkOnce(ctx context.Context, h host.Reader, rules []profile.Rule, wanted func(place) bool) *pass {
	var walkers []resource.Walker
	var places []place
	for i, r := range rules {
		for j, res := range r.Resources {
			if w, ok := res.(resource.Walker); ok && wanted(place{i, j}) {
				walkers, places = append(walkers, w), append(places, place{i, j})
			}
		}
	}
	p := &pass{done: make(chan struct{}), results: map[place]resource.Walked{}}
	if len(walkers) == 0 {
		close(p.done)
		return p
	}
	go func() {
		defer close(p.done)
		for n, result := range resource.ObserveWalkers(ctx, h, walkers) {
			p.results[places[n]] = result
		}
	}()
	return p
}

// wait comes back when the walk is over, so that nobody closes the machine beneath it.
func (p *pass) wait() { <-p.done }

func everything(place) bool { return true }

// observe gives the walk's result for a walker, and asks every other resource itself.
func (p *pass) observe(ctx context.Context, at place, res resource.Resource, h host.Reader) (rule.Observation, error) {
	if _, ok := res.(resource.Walker); !ok {
		return res.Observe(ctx, h)
	}
	p.wait()
	result, ok := p.results[at]
	if !ok {
		return res.Observe(ctx, h)
	}
	return result.Observation, result.Err
}
