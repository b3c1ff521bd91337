package profile

import (
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// outsideBlock is the block that says that controls are not about an image.
const outsideBlock = "not_applicable"

// Outside lists the selected controls that are not about an image, and so have no rules.
func (p *Profile) Outside() []Control {
	var list []Control
	for _, c := range p.Controls {
		if c.Outside != nil {
			list = append(list, c)
		}
	}
	return list
}

// ReportID is what a report calls the result of a control that has no rules: its benchmark and number, in the form of a
// rule's id.
func (c Control) ReportID() string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' {
			return unicode.ToLower(r)
		}
		return '-'
	}, c.Benchmark)
	return name + "-" + c.ID
}

type outsideBody struct {
	Reason string `hcl:"reason"`
	Owner  string `hcl:"owner"`
	Status string `hcl:"status,optional"`
}

// outside checks a reason for looking at nothing. Who answers for the control instead has to be said.
func (s *sources) outside(b outsideBody, at hcl.Range) *rule.Outside {
	if strings.TrimSpace(b.Reason) == "" || strings.TrimSpace(b.Owner) == "" {
		s.errorAt(at, "Incomplete reason", "A control that is not applicable needs a reason and an owner.")
	}
	return &rule.Outside{Reason: b.Reason, Owner: b.Owner, Status: b.Status}
}

// parseOutsideGroup reads one reason for several controls of a profile.
func (s *sources) parseOutsideGroup(p *profileSource, b *hclsyntax.Block) {
	var g struct {
		Reason   string `hcl:"reason"`
		Owner    string `hcl:"owner"`
		Status   string `hcl:"status,optional"`
		Controls []struct {
			ID   string   `hcl:"id,label"`
			Body hcl.Body `hcl:",remain"`
		} `hcl:"control,block"`
	}
	if diags := gohcl.DecodeBody(b.Body, nil, &g); diags.HasErrors() {
		s.diags = append(s.diags, diags...)
		return
	}
	s.outside(outsideBody{g.Reason, g.Owner, g.Status}, b.DefRange())
	if len(g.Controls) == 0 {
		s.errorAt(b.DefRange(), "Reason for nothing", "This %s block names no control.", b.Type)
	}
	for _, block := range b.Body.Blocks {
		var c struct {
			Title  string `hcl:"title,optional"`
			Level  *int   `hcl:"level,optional"`
			Status string `hcl:"status,optional"`
		}
		if diags := gohcl.DecodeBody(block.Body, nil, &c); diags.HasErrors() {
			s.diags = append(s.diags, diags...)
			continue
		}
		why := &rule.Outside{Reason: g.Reason, Owner: g.Owner, Status: g.Status}
		if c.Status != "" {
			why.Status = c.Status
		}
		s.addControl(p, &controlSource{
			id: block.Labels[0], title: c.Title, level: c.Level, outside: why, at: block.DefRange(), rulesRange: block.DefRange(),
		})
	}
}
