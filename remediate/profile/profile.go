// Package profile turns HCL into a checked Profile: which controls of a benchmark are wanted on a
// platform, which rules satisfy them, with which parameters and waivers. Everything that can be wrong
// in a profile is an error here, with file and line, before any host is looked at.
package profile

import (
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Profile is a loaded and checked selection of controls and their rules.
type Profile struct {
	Name      string // of the profiles asked for, joined by "+"
	Version   string
	Benchmark string
	Digest    string // sha256 in hex over everything that bears on the outcome
	Level     int    // highest level selected; 0 is every level
	Platforms []Platform
	Variables []Variable
	Sections  []Section
	Controls  []Control
	// Invariants are what no plan may break, in the order in which the layers name them.
	Invariants []Invariant
	Rules      []Rule // in the order in which the controls first name them
}

// Platform is what a profile is written for.
type Platform struct {
	OS      string `json:"os"`
	Version string `json:"version"`
}

func (p Platform) String() string { return p.OS + " " + p.Version }

// Variable is a parameter of the rules in use, with its value in force as text.
type Variable struct {
	Name        string `json:"name"`
	Value       string `json:"value"`
	Default     string `json:"default"`
	Description string `json:"description"`
}

// Control is a numbered recommendation of a benchmark.
type Control struct {
	Benchmark string       `json:"benchmark"`
	ID        string       `json:"id"`
	Level     int          `json:"level"`
	Title     string       `json:"title"`
	Rules     []string     `json:"rules"`
	Waiver    *rule.Waiver `json:"waiver,omitempty"`
	// Outside, when not nil, is why the control has no rules.
	Outside *rule.Outside `json:"not_applicable,omitempty"`
}

// Section names the controls of a benchmark whose numbers start with its own. It decides nothing, so the digest leaves
// it out.
type Section struct {
	Benchmark string `json:"benchmark"`
	ID        string `json:"id"`
	Title     string `json:"title"`
}

// Rule is one desired state, made of resources.
type Rule struct {
	ID        string
	Title     string
	Why       string
	Breaks    string // what stops working where the rule is applied and should not be
	Source    string // where the facts come from
	Severity  string // one of Severities, or empty
	Resources []resource.Resource
	Variables []Variable // the parameters that the rule uses
	Controls  []Control  // those that the rule helps to satisfy
	Waiver    *rule.Waiver
	written   written
}

// Severities lists what a rule's severity can be, the worst first: high is a way in or a way to root, medium helps one
// or hides it, low is hygiene.
func Severities() []string { return []string{"high", "medium", "low"} }

// Supports reports whether the profile is meant for the platform. A profile that names none (an
// add-on) is meant for every platform.
func (p *Profile) Supports(os, version string) bool {
	for _, want := range p.Platforms {
		if want != (Platform{os, version}) {
			return false
		}
	}
	return true
}

// CheckPlatform is an error when the profile is not meant for the platform.
func (p *Profile) CheckPlatform(os, version string) error {
	if p.Supports(os, version) {
		return nil
	}
	return fmt.Errorf("profile %s is for %s, and this is %s", p.Name, p.Platforms[0], Platform{os, version})
}
