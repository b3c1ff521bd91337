package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
)

// merged is what the layers of the wanted profiles come to.
type merged struct {
	version, benchmark string
	platforms          []Platform
	variables          map[string]variableValue
	sections           []mergedSection
	controls           []*mergedControl
	invariants         []string
}

type mergedSection struct {
	sectionSource
	benchmark string
}

type mergedControl struct {
	controlSource
	benchmark string
}

// merge lays the wanted profiles over what they extend. A later layer's control of the same number
// replaces the fields that it sets; everything else is added.
func (s *sources) merge(names []string) *merged {
	m := &merged{variables: map[string]variableValue{}}
	for _, name := range names {
		s.mergeInto(m, name, "", hcl.Range{}, nil)
	}
	return m
}

func (s *sources) mergeInto(m *merged, name, benchmark string, from hcl.Range, chain []string) {
	p := s.profiles[name]
	if p == nil {
		s.unknownProfile(name, from)
		return
	}
	if slices.Contains(chain, name) {
		s.errorAt(p.extendsRange, "Profiles extend each other", "%s.", strings.Join(append(chain, name), " extends "))
		return
	}
	if benchmark == "" {
		benchmark = s.benchmarkOf(p, nil)
	}
	for _, base := range p.extends {
		s.mergeInto(m, base, benchmark, p.extendsRange, append(slices.Clip(chain), name))
	}
	if p.version != "" {
		m.version = p.version
	}
	if len(chain) == 0 && m.benchmark == "" {
		m.benchmark = benchmark
	}
	if p.platform != nil && !slices.Contains(m.platforms, *p.platform) {
		m.platforms = append(m.platforms, *p.platform)
	}
	maps.Copy(m.variables, p.variables)
	s.mergeInvariants(m, p.invariants)
	for _, section := range p.sections {
		m.sections = slices.DeleteFunc(m.sections, func(have mergedSection) bool { return have.id == section.id && have.benchmark == benchmark })
		m.sections = append(m.sections, mergedSection{section, benchmark})
	}
	for _, c := range p.controls {
		s.mergeControl(m, c, benchmark)
	}
	for _, g := range p.waivers {
		for _, id := range g.controls {
			s.mergeWaiver(m, id, g, benchmark)
		}
	}
}

func (s *sources) mergeWaiver(m *merged, id string, g *groupWaiver, benchmark string) {
	for _, c := range m.controls {
		if c.id == id && c.benchmark == benchmark {
			s.nothingToWaive(c, g.controlsAt)
			c.waiver = g.waiver
			return
		}
	}
	s.errorAt(g.controlsAt, "Waiver for nothing", "There is no control %q here.", id)
}

// nothingToWaive is an error for a control without rules: nobody looks at it, so it cannot deviate.
func (s *sources) nothingToWaive(c *mergedControl, at hcl.Range) {
	if c.outside != nil {
		s.errorAt(at, "Waiver for nothing", "Control %q is not applicable: %s.", c.id, c.outside.Reason)
	}
}

func (s *sources) mergeControl(m *merged, c *controlSource, benchmark string) {
	for _, have := range m.controls {
		if have.id != c.id || have.benchmark != benchmark {
			continue
		}
		if c.title != "" {
			have.title = c.title
		}
		if c.level != nil {
			have.level = c.level
		}
		switch {
		case c.outside != nil:
			if have.rules != nil {
				s.errorAt(c.at, "Control taken away", "Control %q has rules, at %s; a deviation from them is a waiver.", c.id, have.rulesRange)
			}
			have.outside = c.outside
		case c.rules != nil:
			have.rules, have.rulesRange, have.outside = c.rules, c.rulesRange, nil
		}
		if c.waiver != nil {
			s.nothingToWaive(have, c.at)
			have.waiver = c.waiver
		}
		return
	}
	m.controls = append(m.controls, &mergedControl{*c, benchmark})
}

// benchmarkOf is the profile's own benchmark, or that of what it extends.
func (s *sources) benchmarkOf(p *profileSource, seen []string) string {
	if p.benchmark != "" || slices.Contains(seen, p.name) {
		return p.benchmark
	}
	for _, base := range p.extends {
		if b := s.profiles[base]; b != nil {
			if found := s.benchmarkOf(b, append(seen, p.name)); found != "" {
				return found
			}
		}
	}
	return ""
}

func (s *sources) unknownProfile(name string, at hcl.Range) {
	detail := fmt.Sprintf("There is no profile %q%s; shipped profiles are %s.", name,
		didYouMean(name, s.profileNames()), listing(s.profileNames()))
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown profile", Detail: detail}
	if at.Filename != "" {
		d.Subject = at.Ptr()
	}
	s.diags = append(s.diags, d)
}

func (s *sources) resolve(names []string, o Options) (*Profile, error) {
	m := s.merge(names)
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	if len(m.platforms) > 1 {
		return nil, fmt.Errorf("cannot combine profiles for different platforms: %s and %s", m.platforms[0], m.platforms[1])
	}
	s.applyWaiverFiles(m)
	vars := s.variablesInForce(m, o.Variables)
	p := &Profile{
		Name: strings.Join(names, "+"), Version: m.version, Benchmark: m.benchmark, Level: o.Level, Platforms: m.platforms,
	}
	keep, err := s.selection(m, o)
	if err != nil {
		return nil, err
	}
	platform := o.Platform
	if len(m.platforms) == 1 {
		platform = m.platforms[0]
	}
	ctx := evalContext(vars, platform)
	index := map[string]int{}
	for _, c := range m.controls {
		control, ok := s.control(c)
		if !ok {
			continue
		}
		if control.Outside != nil {
			if keep(control, control.ReportID()) {
				p.Controls = append(p.Controls, control)
			}
			continue
		}
		selected := false
		for _, id := range control.Rules {
			if !keep(control, id) {
				continue
			}
			selected = true
			if _, have := index[id]; !have {
				index[id] = len(p.Rules)
				p.Rules = append(p.Rules, s.rule(s.rules[id], vars, ctx))
			}
			r := &p.Rules[index[id]]
			// A rule is waived when every control that asks for it is: a waiver of one control does not
			// excuse another.
			if len(r.Controls) == 0 {
				r.Waiver = control.Waiver
			} else if control.Waiver == nil {
				r.Waiver = nil
			}
			r.Controls = append(r.Controls, control)
		}
		if selected {
			p.Controls = append(p.Controls, control)
		}
	}
	for _, name := range m.invariants {
		p.Invariants = append(p.Invariants, s.invariant(name, vars, ctx))
	}
	p.Sections = s.sectionsOf(m, p)
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	// A control that is named may be one that is about something else, and the report says so.
	if len(p.Rules) == 0 && (len(p.Controls) == 0 || len(o.Only) == 0) {
		return nil, fmt.Errorf("no rule of profile %s is selected: a run would look at nothing and pass", p.Name)
	}
	p.Variables = variablesOf(p)
	p.Digest = s.digest(p)
	return p, nil
}

// sectionsOf are the sections of the controls that were selected. One that no control is in is a mistake.
func (s *sources) sectionsOf(m *merged, p *Profile) []Section {
	var list []Section
	for _, section := range m.sections {
		in := func(benchmark, id string) bool {
			return benchmark == section.benchmark && (id == section.id || strings.HasPrefix(id, section.id+"."))
		}
		if !slices.ContainsFunc(m.controls, func(c *mergedControl) bool { return in(c.benchmark, c.id) }) {
			s.errorAt(section.at, "Section of nothing", "No control of the profile is in section %q.", section.id)
		}
		if slices.ContainsFunc(p.Controls, func(c Control) bool { return in(c.Benchmark, c.ID) }) {
			list = append(list, Section{section.benchmark, section.id, section.title})
		}
	}
	return list
}

// control checks one merged control: its level and its rules.
func (s *sources) control(c *mergedControl) (Control, bool) {
	out := Control{Benchmark: c.benchmark, ID: c.id, Title: c.title, Rules: c.rules, Waiver: c.waiver, Outside: c.outside}
	switch {
	case c.outside != nil && c.title == "":
		s.errorAt(c.at, "Control without a title", "Control %q has no rules to take a title from, so it needs one.", c.id)
		return out, false
	case c.outside != nil:
		out.Rules = []string{}
	case len(c.rules) == 0:
		what := "Control without rules"
		if c.waiver != nil {
			what = "Waiver for nothing"
		}
		s.errorAt(c.at, what, "Control %q has no rules here; is the number right?", c.id)
		return out, false
	}
	if c.level == nil {
		s.errorAt(c.at, "Control without a level", "Control %q needs a level, 1 or 2.", c.id)
		return out, false
	}
	out.Level = *c.level
	ok := true
	var titles []string
	for _, id := range c.rules {
		r := s.rules[id]
		if r == nil {
			s.errorAt(c.rulesRange, "Unknown rule", "There is no rule %q%s.", id, didYouMean(id, slices.Sorted(maps.Keys(s.rules))))
			ok = false
			continue
		}
		titles = append(titles, r.title)
	}
	if out.Title == "" {
		out.Title = strings.Join(titles, "; ")
	}
	return out, ok
}

// selection says which rules of which controls the options keep. Naming something that is not there
// is an error: a selection that silently does nothing would look like a pass.
func (s *sources) selection(m *merged, o Options) (func(c Control, ruleID string) bool, error) {
	known := map[string]bool{}
	for _, c := range m.controls {
		known[c.id] = true
		if c.outside != nil {
			known[Control{Benchmark: c.benchmark, ID: c.id}.ReportID()] = true
		}
		for _, id := range c.rules {
			known[id] = true
		}
	}
	for _, id := range slices.Concat(o.Only, o.Skip) {
		if !known[id] {
			return nil, fmt.Errorf("no rule or control %q in the profile%s", id, didYouMean(id, slices.Sorted(maps.Keys(known))))
		}
	}
	if o.Level < 0 || o.Level > 2 {
		return nil, fmt.Errorf("level is 1 or 2, not %d", o.Level)
	}
	return func(c Control, id string) bool {
		if o.Level != 0 && c.Level > o.Level {
			return false
		}
		if slices.Contains(o.Skip, id) || slices.Contains(o.Skip, c.ID) {
			return false
		}
		return len(o.Only) == 0 || slices.Contains(o.Only, id) || slices.Contains(o.Only, c.ID)
	}, nil
}

func (s *sources) applyWaiverFiles(m *merged) {
	for _, w := range s.waivers {
		found := false
		for _, c := range m.controls {
			if c.id == w.target || slices.Contains(c.rules, w.target) {
				s.nothingToWaive(c, w.at)
				c.waiver, found = w.waiver, true
			}
		}
		if !found {
			s.errorAt(w.at, "Waiver for nothing", "No control or rule %q is in the profile.", w.target)
		}
	}
}

// variablesInForce lays the profiles' values and then the operator's over the defaults, each in the
// default's type.
func (s *sources) variablesInForce(m *merged, overrides map[string]string) map[string]cty.Value {
	values := map[string]cty.Value{}
	for name, v := range s.variables {
		values[name] = v.value
	}
	set := func(name string, v cty.Value, at *hcl.Range) {
		declared := s.variables[name]
		d := &hcl.Diagnostic{Severity: hcl.DiagError, Subject: at}
		if declared == nil {
			d.Summary = "Unknown variable"
			d.Detail = fmt.Sprintf("No rule declares a variable %q%s.", name, didYouMean(name, slices.Sorted(maps.Keys(s.variables))))
			s.diags = append(s.diags, d)
			return
		}
		want := declared.value.Type()
		if want.IsTupleType() {
			want = cty.List(cty.String) // a list is of any length, whatever its default's
		}
		converted, err := convert.Convert(v, want)
		if err != nil || converted.IsNull() {
			d.Summary = "Invalid value for variable"
			d.Detail = fmt.Sprintf("Variable %q is a %s.", name, want.FriendlyName())
			s.diags = append(s.diags, d)
			return
		}
		values[name] = converted
	}
	for _, name := range slices.Sorted(maps.Keys(m.variables)) {
		set(name, m.variables[name].value, m.variables[name].at.Ptr())
	}
	for _, name := range slices.Sorted(maps.Keys(overrides)) {
		set(name, s.overrideValue(name, overrides[name]), nil)
	}
	return values
}

// overrideValue reads a value from the command line: plain text for a scalar, an HCL expression for
// a list.
func (s *sources) overrideValue(name, text string) cty.Value {
	declared := s.variables[name]
	if declared == nil || declared.value.Type().IsPrimitiveType() {
		return cty.StringVal(text)
	}
	expr, diags := hclsyntax.ParseExpression([]byte(text), "variable "+name, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.StringVal(text)
	}
	v, diags := expr.Value(nil)
	if diags.HasErrors() {
		return cty.StringVal(text)
	}
	return v
}

func evalContext(vars map[string]cty.Value, p Platform) *hcl.EvalContext {
	return &hcl.EvalContext{Variables: map[string]cty.Value{
		"var": cty.ObjectVal(vars),
		"platform": cty.ObjectVal(map[string]cty.Value{
			"os": cty.StringVal(p.OS), "version": cty.StringVal(p.Version),
		}),
	}}
}

// rule builds a rule's resources, and notes which variables they use.
func (s *sources) rule(src *ruleSource, vars map[string]cty.Value, ctx *hcl.EvalContext) Rule {
	r := Rule{
		ID: src.id, Title: src.title, Why: src.why, Breaks: src.breaks, Source: src.source, Severity: src.severity,
		written: written{src.blocks, s.files, ctx},
	}
	used := map[string]bool{}
	for _, b := range src.blocks {
		if res := s.resource(b, ctx); res != nil {
			r.Resources = append(r.Resources, res)
		}
		noteVariables(b.Body, used)
	}
	r.Variables = s.usedVariables(vars, used)
	return r
}

func noteVariables(body *hclsyntax.Body, used map[string]bool) {
	for _, a := range body.Attributes {
		for _, t := range hclsyntax.Variables(a.Expr) {
			if attr, ok := second(t); ok && t.RootName() == "var" {
				used[attr] = true
			}
		}
	}
	for _, b := range body.Blocks {
		noteVariables(b.Body, used)
	}
}

func second(t hcl.Traversal) (string, bool) {
	if len(t) < 2 {
		return "", false
	}
	attr, ok := t[1].(hcl.TraverseAttr)
	return attr.Name, ok
}

func (s *sources) resource(b *hclsyntax.Block, ctx *hcl.EvalContext) resource.Resource {
	kinds := resource.Kinds()
	i := slices.IndexFunc(kinds, func(k resource.Kind) bool { return k.Name == b.Type })
	if i < 0 {
		var names []string
		for _, k := range kinds {
			names = append(names, k.Name)
		}
		s.errorAt(b.TypeRange, "Unknown kind of resource", "There is no kind %q%s.", b.Type, didYouMean(b.Type, names))
		return nil
	}
	if !s.oneLabel(b) {
		return nil
	}
	before := len(s.diags)
	res, err := kinds[i].New(b.Labels[0], func(target any) error {
		diags := gohcl.DecodeBody(b.Body, ctx, target)
		s.diags = append(s.diags, diags...)
		if diags.HasErrors() {
			return diags
		}
		return nil
	})
	if err != nil {
		if len(s.diags) == before {
			s.errorAt(b.DefRange(), "Invalid "+b.Type, "%s.", err)
		}
		return nil
	}
	return res
}

func (s *sources) usedVariables(vars map[string]cty.Value, used map[string]bool) []Variable {
	var list []Variable
	for _, name := range slices.Sorted(maps.Keys(used)) {
		declared := s.variables[name]
		if declared == nil {
			continue
		}
		list = append(list, Variable{name, text(vars[name]), text(declared.value), declared.description})
	}
	return list
}

// variablesOf lists the parameters of all the rules, by name.
func variablesOf(p *Profile) []Variable {
	byName := map[string]Variable{}
	for _, r := range p.Rules {
		for _, v := range r.Variables {
			byName[v.Name] = v
		}
	}
	for _, i := range p.Invariants {
		for _, v := range i.Variables {
			byName[v.Name] = v
		}
	}
	var list []Variable
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name])
	}
	return list
}

// Resources reads resource blocks that stand by themselves, as tests and tools have them.
func Resources(name string, src []byte, p Platform) ([]resource.Resource, error) {
	s := newSources()
	body := s.parseBody(name, src)
	var list []resource.Resource
	if body != nil {
		for _, b := range body.Blocks {
			if r := s.resource(b, evalContext(map[string]cty.Value{}, p)); r != nil {
				list = append(list, r)
			}
		}
	}
	if s.diags.HasErrors() {
		return nil, s.fail()
	}
	return list, nil
}
