// Package resource holds the kinds of things that have state, one kind a file. A resource observes
// (its only I/O) and says which changes would bring its state about (pure); it never writes. How a
// program reads its configuration lives below config, not here.
package resource

import (
	"context"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Resource is one desired state of one thing.
type Resource interface {
	// Ref is the kind and name that the profile gave.
	Ref() rule.Ref
	// Observe finds the effective state. Not being able to tell is an error, being absent is not.
	Observe(ctx context.Context, h host.Reader) (rule.Observation, error)
	// Diff lists the changes that would bring the state about; none means that the rule passes. It
	// looks at nothing but the observation.
	Diff(o rule.Observation) []rule.Change
}

// Decode fills a struct whose fields have hcl tags from the block's body. Errors carry the place in
// the profile.
type Decode func(target any) error

// Kind is an entry of the table of kinds.
type Kind struct {
	Name string
	// New makes a resource from the block's label and body. An error says what is wrong with the
	// values; the caller adds the place.
	New func(name string, decode Decode) (Resource, error)
	// Guard, when not nil, judges a proposal that touches this kind or a path below one of Guards,
	// before anything is written. An error keeps the whole plan from being applied.
	Guard  func(ctx context.Context, p Proposal) error
	Guards []string
}

// Proposal is a machine before and after a plan, for guards.
type Proposal struct {
	Before, After host.Reader
	// Programs is nil for an offline root.
	Programs host.Programs
	// Accounts are those for which sshd is asked what it makes of the configuration. Whether they still
	// get in is for the engine to judge.
	Accounts []login.Account
}
