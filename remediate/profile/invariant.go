package profile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
)

// Invariant is what no rule may break: it decides nothing about a machine's outcome, only about what a
// plan may do.
type Invariant struct {
	Name string
	Why  string
	// Keep are states that a plan may not end, Never those that it may not bring about.
	Keep, Never []resource.Resource
	Variables   []Variable // that its states use
}

type invariantSource struct {
	name, why   string
	keep, never hclsyntax.Blocks
	text        []byte // the block as written, for the digest
	at          hcl.Range
}

// invariantNames are those that a profile asks for, with the place.
type invariantNames struct {
	names []string
	at    hcl.Range
}

func (s *sources) parseInvariant(b *hclsyntax.Block, src []byte) {
	v := &invariantSource{name: b.Labels[0], at: b.DefRange(), text: b.Range().SliceBytes(src)}
	for _, a := range sortedAttributes(b.Body.Attributes) {
		if a.Name != "why" {
			s.errorAt(a.NameRange, "Unknown attribute", "An invariant has a why, resources and never blocks%s.", didYouMean(a.Name, []string{"why"}))
			continue
		}
		s.diags = append(s.diags, gohcl.DecodeExpression(a.Expr, nil, &v.why)...)
	}
	for _, inner := range b.Body.Blocks {
		if inner.Type != "never" {
			v.keep = append(v.keep, inner)
			continue
		}
		for _, a := range sortedAttributes(inner.Body.Attributes) {
			s.errorAt(a.NameRange, "Unexpected attribute", "A never block holds resources.")
		}
		if len(inner.Labels) > 0 {
			s.errorAt(inner.DefRange(), "Wrong number of labels", "A never block has none.")
		}
		v.never = append(v.never, inner.Body.Blocks...)
	}
	if before := s.invariants[v.name]; before != nil {
		s.errorAt(v.at, "Duplicate invariant", "Invariant %q is already defined at %s.", v.name, before.at)
		return
	}
	if v.why == "" {
		s.errorAt(v.at, "Incomplete invariant", "Invariant %q needs a why.", v.name)
	}
	if len(v.keep)+len(v.never) == 0 {
		s.errorAt(v.at, "Invariant without a resource", "Invariant %q has no resource, so nothing could break it.", v.name)
	}
	s.invariants[v.name] = v
}

func (s *sources) parseInvariantNames(p *profileSource, e hcl.Expression) {
	if isAbsent(e) {
		return
	}
	p.invariants.at = e.Range()
	s.diags = append(s.diags, gohcl.DecodeExpression(e, nil, &p.invariants.names)...)
}

// mergeInvariants adds those of a layer; none can be taken away.
func (s *sources) mergeInvariants(m *merged, more invariantNames) {
	for _, name := range more.names {
		if s.invariants[name] == nil {
			s.errorAt(more.at, "Unknown invariant", "There is no invariant %q%s.", name, didYouMean(name, slices.Sorted(maps.Keys(s.invariants))))
			continue
		}
		if !slices.Contains(m.invariants, name) {
			m.invariants = append(m.invariants, name)
		}
	}
}

// invariant builds the resources of one.
func (s *sources) invariant(name string, vars map[string]cty.Value, ctx *hcl.EvalContext) Invariant {
	src := s.invariants[name]
	used := map[string]bool{}
	v := Invariant{Name: src.name, Why: src.why}
	build := func(blocks hclsyntax.Blocks) []resource.Resource {
		var list []resource.Resource
		for _, b := range blocks {
			if res := s.resource(b, ctx); res != nil {
				if _, walks := res.(resource.Walker); walks {
					s.errorAt(b.DefRange(), "Unfit for an invariant", "A %s looks at every file.", b.Type)
				}
				list = append(list, res)
			}
			noteVariables(b.Body, used)
		}
		return list
	}
	v.Keep, v.Never = build(src.keep), build(src.never)
	v.Variables = s.usedVariables(vars, used)
	return v
}

// Terms lists the states of an invariant as text, for people.
func (v Invariant) Terms() []string {
	var list []string
	for _, r := range v.Keep {
		list = append(list, fmt.Sprintf("keep %s", r.Ref()))
	}
	for _, r := range v.Never {
		list = append(list, fmt.Sprintf("never %s", r.Ref()))
	}
	return list
}

// About reports whether a rule is about one of the things that the invariant is about.
func (v Invariant) About(r Rule) bool {
	return slices.ContainsFunc(slices.Concat(v.Keep, v.Never), func(mine resource.Resource) bool {
		return slices.ContainsFunc(r.Resources, func(its resource.Resource) bool { return its.Ref() == mine.Ref() })
	})
}
