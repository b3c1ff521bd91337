package profile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// origin tells shipped sources from the operator's.
type origin = rule.Origin

const (
	vendor   = rule.VendorWaiver
	operator = rule.OperatorWaiver
)

// sources is everything that was parsed, before profiles are put together.
type sources struct {
	files      map[string]*hcl.File
	profiles   map[string]*profileSource
	rules      map[string]*ruleSource
	variables  map[string]*variableSource
	invariants map[string]*invariantSource
	waivers    []*waiverSource
	diags      hcl.Diagnostics
}

type profileSource struct {
	name, version, benchmark string
	extends                  []string
	extendsRange             hcl.Range
	platform                 *Platform
	variables                map[string]variableValue
	sections                 []sectionSource
	controls                 []*controlSource
	waivers                  []*groupWaiver
	invariants               invariantNames
	origin                   origin
	at                       hcl.Range
}

type variableValue struct {
	value cty.Value
	at    hcl.Range
}

// sectionSource names the controls whose numbers start with its own.
type sectionSource struct {
	id, title string
	at        hcl.Range
}

type controlSource struct {
	id, title  string
	level      *int
	rules      []string
	rulesRange hcl.Range
	waiver     *rule.Waiver
	outside    *rule.Outside
	at         hcl.Range
}

type ruleSource struct {
	id, title, why, breaks, source, severity string
	blocks                                   hclsyntax.Blocks
	text                                     []byte // the block as written, for the digest
	at                                       hcl.Range
}

type variableSource struct {
	name, description string
	value             cty.Value
	at                hcl.Range
}

// groupWaiver is one reason for several controls of a profile.
type groupWaiver struct {
	controls   []string
	controlsAt hcl.Range
	waiver     *rule.Waiver
}

type waiverSource struct {
	target string // rule id or control number
	waiver *rule.Waiver
	at     hcl.Range
}

func newSources() *sources {
	return &sources{
		files:      map[string]*hcl.File{},
		profiles:   map[string]*profileSource{},
		rules:      map[string]*ruleSource{},
		variables:  map[string]*variableSource{},
		invariants: map[string]*invariantSource{},
	}
}

func (s *sources) errorAt(at hcl.Range, summary, format string, args ...any) {
	s.diags = append(s.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: at.Ptr(),
	})
}

// parse reads one file of profiles, rules and variables and returns the names of its profiles.
func (s *sources) parse(name string, src []byte, from origin) []string {
	return s.take(parseFile(name, src), src, from)
}

// take takes in a parsed file and returns the names of its profiles.
func (s *sources) take(f *parsedFile, src []byte, from origin) []string {
	body := s.body(f)
	if body == nil {
		return nil
	}
	var added []string
	for _, b := range body.Blocks {
		if !s.oneLabel(b) {
			continue
		}
		switch b.Type {
		case "profile":
			if s.parseProfile(b, from) {
				added = append(added, b.Labels[0])
			}
		case "rule":
			s.parseRule(b, src)
		case "variable":
			s.parseVariable(b)
		case "invariant":
			s.parseInvariant(b, src)
		default:
			s.errorAt(b.TypeRange, "Unknown block", "A profile file holds profile, rule, variable and invariant blocks%s.",
				didYouMean(b.Type, []string{"profile", "rule", "variable", "invariant"}))
		}
	}
	return added
}

// parsedFile is what HCL's parser makes of a file.
type parsedFile struct {
	name  string
	file  *hcl.File // nil where it was not parsed
	diags hcl.Diagnostics
}

func parseFile(name string, src []byte) *parsedFile {
	f := &parsedFile{name: name}
	if depth(src) > maxDepth {
		at := hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
		f.diags = hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Nested too deeply",
			Detail: fmt.Sprintf("Brackets nest more than %d levels.", maxDepth), Subject: &at,
		}}
		return f
	}
	f.file, f.diags = hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	return f
}

func (s *sources) parseBody(name string, src []byte) *hclsyntax.Body {
	return s.body(parseFile(name, src))
}

// body is a parsed file's content, or nil when something is wrong with it.
func (s *sources) body(f *parsedFile) *hclsyntax.Body {
	if f.file != nil {
		s.files[f.name] = f.file
	}
	s.diags = append(s.diags, f.diags...)
	if f.diags.HasErrors() {
		return nil
	}
	body := f.file.Body.(*hclsyntax.Body)
	for _, a := range sortedAttributes(body.Attributes) {
		s.errorAt(a.NameRange, "Unexpected attribute", "%q does not stand in a block.", a.Name)
	}
	return body
}

// maxDepth bounds nesting: the HCL parser recurses, and a stack overflow cannot be caught.
const maxDepth = 100

func depth(src []byte) int {
	deepest, now := 0, 0
	for _, c := range src {
		switch c {
		case '{', '[', '(':
			now++
			deepest = max(deepest, now)
		case '}', ']', ')':
			now = max(0, now-1)
		}
	}
	return deepest
}

func (s *sources) oneLabel(b *hclsyntax.Block) bool {
	if len(b.Labels) == 1 {
		return true
	}
	s.errorAt(b.DefRange(), "Wrong number of labels", "A %s block has one label, its name.", b.Type)
	return false
}

func (s *sources) parseProfile(b *hclsyntax.Block, from origin) bool {
	var c struct {
		Version    string         `hcl:"version,optional"`
		Benchmark  string         `hcl:"benchmark,optional"`
		Extends    hcl.Expression `hcl:"extends,optional"`
		Variables  hcl.Expression `hcl:"variables,optional"`
		Sections   hcl.Expression `hcl:"sections,optional"`
		Invariants hcl.Expression `hcl:"invariants,optional"`
		Platform   *struct {
			OS      string `hcl:"os"`
			Version string `hcl:"version"`
		} `hcl:"platform,block"`
		Controls []struct {
			ID   string   `hcl:"id,label"`
			Body hcl.Body `hcl:",remain"`
		} `hcl:"control,block"`
		Waivers []struct {
			Body hcl.Body `hcl:",remain"`
		} `hcl:"waiver,block"`
		Outside []struct {
			Body hcl.Body `hcl:",remain"`
		} `hcl:"not_applicable,block"`
	}
	name := b.Labels[0]
	if diags := gohcl.DecodeBody(b.Body, nil, &c); diags.HasErrors() {
		s.diags = append(s.diags, diags...)
		return false
	}
	p := &profileSource{name: name, version: c.Version, benchmark: c.Benchmark, origin: from, at: b.DefRange(), variables: map[string]variableValue{}}
	if before := s.profiles[name]; before != nil {
		s.errorAt(p.at, "Duplicate profile", "Profile %q is already defined at %s.", name, before.at)
		return false
	}
	if c.Platform != nil {
		p.platform = &Platform{c.Platform.OS, c.Platform.Version}
	}
	s.parseExtends(p, c.Extends)
	s.parseProfileVariables(p, c.Variables)
	s.parseInvariantNames(p, c.Invariants)
	s.parseSections(p, c.Sections)
	for _, block := range b.Body.Blocks {
		switch block.Type {
		case "control":
			s.parseControl(p, block, from)
		case "waiver":
			s.parseGroupWaiver(p, block, from)
		case outsideBlock:
			s.parseOutsideGroup(p, block)
		}
	}
	s.profiles[name] = p
	return true
}

// parseExtends accepts one name or a list of names.
func (s *sources) parseExtends(p *profileSource, e hcl.Expression) {
	if isAbsent(e) {
		return
	}
	p.extendsRange = e.Range()
	var one string
	if diags := gohcl.DecodeExpression(e, nil, &one); !diags.HasErrors() {
		p.extends = []string{one}
		return
	}
	if diags := gohcl.DecodeExpression(e, nil, &p.extends); diags.HasErrors() {
		s.errorAt(e.Range(), "Invalid extends", "It is the name of a profile, or a list of names.")
	}
}

// isAbsent reports whether an optional expression was not written: gohcl then fills in a null.
func isAbsent(e hcl.Expression) bool {
	v, diags := e.Value(nil)
	return !diags.HasErrors() && v.IsNull()
}

func (s *sources) parseProfileVariables(p *profileSource, e hcl.Expression) {
	if isAbsent(e) {
		return
	}
	pairs, diags := hcl.ExprMap(e)
	s.diags = append(s.diags, diags...)
	for _, pair := range pairs {
		var name string
		if keyword := hcl.ExprAsKeyword(pair.Key); keyword != "" {
			name = keyword
		} else if diags := gohcl.DecodeExpression(pair.Key, nil, &name); diags.HasErrors() {
			s.diags = append(s.diags, diags...)
			continue
		}
		v, diags := pair.Value.Value(nil)
		s.diags = append(s.diags, diags...)
		p.variables[name] = variableValue{v, pair.Key.Range()}
	}
}

func (s *sources) parseSections(p *profileSource, e hcl.Expression) {
	if isAbsent(e) {
		return
	}
	pairs, diags := hcl.ExprMap(e)
	s.diags = append(s.diags, diags...)
	for _, pair := range pairs {
		section := sectionSource{at: pair.Key.Range()}
		s.diags = append(s.diags, gohcl.DecodeExpression(pair.Key, nil, &section.id)...)
		s.diags = append(s.diags, gohcl.DecodeExpression(pair.Value, nil, &section.title)...)
		if section.title == "" {
			s.errorAt(section.at, "Section without a title", "Section %q needs a title.", section.id)
		}
		p.sections = append(p.sections, section)
	}
}

func (s *sources) parseControl(p *profileSource, b *hclsyntax.Block, from origin) {
	var c struct {
		Title   string         `hcl:"title,optional"`
		Level   *int           `hcl:"level,optional"`
		Rules   hcl.Expression `hcl:"rules,optional"`
		Waiver  *waiverBody    `hcl:"waiver,block"`
		Outside *outsideBody   `hcl:"not_applicable,block"`
	}
	if diags := gohcl.DecodeBody(b.Body, nil, &c); diags.HasErrors() {
		s.diags = append(s.diags, diags...)
		return
	}
	control := &controlSource{id: b.Labels[0], title: c.Title, level: c.Level, at: b.DefRange(), rulesRange: b.DefRange()}
	if !isAbsent(c.Rules) {
		control.rulesRange = c.Rules.Range()
		s.diags = append(s.diags, gohcl.DecodeExpression(c.Rules, nil, &control.rules)...)
	}
	if c.Waiver != nil {
		control.waiver = s.waiver(*c.Waiver, from, blockRange(b.Body, "waiver"))
	}
	if c.Outside != nil {
		at := blockRange(b.Body, outsideBlock)
		control.outside = s.outside(*c.Outside, at)
		if c.Waiver != nil || !isAbsent(c.Rules) {
			s.errorAt(at, "Rules or waiver beside a reason for none", "Control %q is not applicable, so it has no rules and nothing to waive.", control.id)
		}
	}
	s.addControl(p, control)
}

func (s *sources) addControl(p *profileSource, c *controlSource) {
	if c.level != nil && (*c.level < 1 || *c.level > 2) {
		s.errorAt(c.at, "Invalid level", "A control's level is 1 or 2, not %d.", *c.level)
	}
	for _, other := range p.controls {
		if other.id == c.id {
			s.errorAt(c.at, "Duplicate control", "Control %q is already in this profile, at %s.", c.id, other.at)
		}
	}
	p.controls = append(p.controls, c)
}

func (s *sources) parseGroupWaiver(p *profileSource, b *hclsyntax.Block, from origin) {
	var w struct {
		Controls      hcl.Expression `hcl:"controls"`
		Reason        string         `hcl:"reason"`
		Justification string         `hcl:"justification"`
		Owner         string         `hcl:"owner"`
		Expires       string         `hcl:"expires"`
	}
	if diags := gohcl.DecodeBody(b.Body, nil, &w); diags.HasErrors() {
		s.diags = append(s.diags, diags...)
		return
	}
	g := &groupWaiver{controlsAt: w.Controls.Range()}
	s.diags = append(s.diags, gohcl.DecodeExpression(w.Controls, nil, &g.controls)...)
	g.waiver = s.waiver(waiverBody{w.Reason, w.Justification, w.Owner, w.Expires}, from, b.DefRange())
	p.waivers = append(p.waivers, g)
}

func blockRange(body *hclsyntax.Body, blockType string) hcl.Range {
	for _, b := range body.Blocks {
		if b.Type == blockType {
			return b.DefRange()
		}
	}
	return body.MissingItemRange()
}

type waiverBody struct {
	Reason        string `hcl:"reason"`
	Justification string `hcl:"justification"`
	Owner         string `hcl:"owner"`
	Expires       string `hcl:"expires"`
}

// waiver checks a waiver's values. Every field is required: a deviation that nobody explains, owns or
// revisits is not an accepted one.
func (s *sources) waiver(b waiverBody, from origin, at hcl.Range) *rule.Waiver {
	var reasons []string
	known := false
	for _, r := range rule.Reasons() {
		reasons = append(reasons, string(r))
		known = known || string(r) == b.Reason
	}
	if !known {
		s.errorAt(at, "Unknown waiver reason", "%q is not a reason%s; reasons are %s.", b.Reason, didYouMean(b.Reason, reasons), listing(reasons))
	}
	if b.Justification == "" || b.Owner == "" {
		s.errorAt(at, "Incomplete waiver", "A waiver needs a justification and an owner.")
	}
	if _, err := time.Parse(time.DateOnly, b.Expires); err != nil {
		s.errorAt(at, "Invalid expiry", "%q is not a date of the form YYYY-MM-DD.", b.Expires)
	}
	return &rule.Waiver{Reason: rule.Reason(b.Reason), Justification: b.Justification, Owner: b.Owner, Expires: b.Expires, Origin: from}
}

func (s *sources) parseRule(b *hclsyntax.Block, src []byte) {
	id := b.Labels[0]
	r := &ruleSource{id: id, blocks: b.Body.Blocks, at: b.DefRange(), text: b.Range().SliceBytes(src)}
	for _, a := range sortedAttributes(b.Body.Attributes) {
		var target *string
		switch a.Name {
		case "title":
			target = &r.title
		case "why":
			target = &r.why
		case "breaks":
			target = &r.breaks
		case "source":
			target = &r.source
		case "severity":
			target = &r.severity
		default:
			s.errorAt(a.NameRange, "Unknown attribute", "A rule has a title, a why, breaks, a source, a severity and resources%s.",
				didYouMean(a.Name, []string{"title", "why", "breaks", "source", "severity"}))
			continue
		}
		s.diags = append(s.diags, gohcl.DecodeExpression(a.Expr, nil, target)...)
	}
	if before := s.rules[id]; before != nil {
		s.errorAt(r.at, "Duplicate rule", "Rule %q is already defined at %s.", id, before.at)
		return
	}
	if r.title == "" || r.why == "" {
		s.errorAt(r.at, "Incomplete rule", "Rule %q needs a title and a why.", id)
	}
	if r.severity != "" && !slices.Contains(Severities(), r.severity) {
		s.errorAt(r.at, "Unknown severity", "Rule %q has severity %q; it is one of %s.", id, r.severity, strings.Join(Severities(), ", "))
	}
	if len(r.blocks) == 0 {
		s.errorAt(r.at, "Rule without a resource", "Rule %q has no resource, so it could never fail.", id)
	}
	s.rules[id] = r
}

func (s *sources) parseVariable(b *hclsyntax.Block) {
	var c struct {
		Description string    `hcl:"description"`
		Default     cty.Value `hcl:"default"`
	}
	if diags := gohcl.DecodeBody(b.Body, nil, &c); diags.HasErrors() {
		s.diags = append(s.diags, diags...)
		return
	}
	name := b.Labels[0]
	if before := s.variables[name]; before != nil {
		s.errorAt(b.DefRange(), "Duplicate variable", "Variable %q is already defined at %s.", name, before.at)
		return
	}
	s.variables[name] = &variableSource{name: name, description: c.Description, value: c.Default, at: b.DefRange()}
}

// parseWaivers reads an operator's waiver file: waiver blocks whose label is a rule id or a control
// number.
func (s *sources) parseWaivers(name string, src []byte) {
	body := s.parseBody(name, src)
	if body == nil {
		return
	}
	for _, b := range body.Blocks {
		if b.Type != "waiver" {
			s.errorAt(b.TypeRange, "Unknown block", "A waiver file holds waiver blocks only.")
			continue
		}
		if !s.oneLabel(b) {
			continue
		}
		var w waiverBody
		if diags := gohcl.DecodeBody(b.Body, nil, &w); diags.HasErrors() {
			s.diags = append(s.diags, diags...)
			continue
		}
		s.waivers = append(s.waivers, &waiverSource{b.Labels[0], s.waiver(w, operator, b.DefRange()), b.DefRange()})
	}
}
