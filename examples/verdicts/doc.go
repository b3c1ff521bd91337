// Package verdicts sets our verdict on every control beside the one that the owner of the node images publishes. The
// nodes are the lab's: of the right shape, and not the real thing, so every difference needs an explanation that a
// person wrote. A difference without one is an error, and so is an explanation of a difference that is gone.
package verdicts
