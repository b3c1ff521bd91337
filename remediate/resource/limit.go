package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/limits"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// limitKind is an upper bound that pam_limits puts on sessions, named "DOMAIN TYPE ITEM" as in
// limits.conf: limit "* hard core".
func limitKind() Kind { return Kind{Name: "limit", New: newLimit} }

const limitDropIn = limits.Dir + "/60-harden.conf"

type limit struct {
	name, domain, typ, item string
	max                     int64
	services                []string
}

func newLimit(name string, decode Decode) (Resource, error) {
	var body struct {
		Max      int64     `hcl:"max"`
		Services *[]string `hcl:"services,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	f := strings.Fields(name)
	if len(f) != 3 || strings.Join(f, " ") != name || f[1] != "hard" && f[1] != "soft" || strings.Contains(name, "#") {
		return nil, fmt.Errorf("%q is not a domain, hard or soft, and an item", name)
	}
	if body.Max < 0 {
		return nil, fmt.Errorf("max %d would be no limit", body.Max)
	}
	l := limit{name: name, domain: f[0], typ: f[1], item: f[2], max: body.Max, services: []string{"sshd", "login"}}
	if body.Services != nil {
		l.services = *body.Services
	}
	return l, nil
}

func (l limit) Ref() rule.Ref { return rule.Ref{Kind: "limit", Name: l.name} }

type limitFound struct {
	wrong   []limits.Entry
	exempt  []limits.Entry
	add     bool
	without []string // services whose sessions pam_limits does not see
}

func (l limit) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: fmt.Sprintf("%s is at most %d", l.name, l.max)}
	entries, err := limits.Read(h)
	if err != nil {
		return o, err
	}
	var found limitFound
	var why []string
	last, ok := limits.Last(entries, l.domain, l.typ, l.item)
	o.Persisted = l.name + " is not set"
	if ok {
		o.Persisted = fmt.Sprintf("%s %s (%s:%d)", l.name, last.Value, last.Path, last.Line)
	}
	for _, e := range entries {
		wins := ok && e == last
		narrower := l.domain == "*" && e.Domain != "*" && !strings.HasPrefix(e.Domain, "%") || strings.HasPrefix(l.domain, "@") && !strings.ContainsAny(e.Domain[:1], "*@%")
		switch {
		case e.Domain == l.domain && e.Sets(l.typ, l.item):
		case narrower && e.Exempt:
			found.exempt = append(found.exempt, e)
			why = append(why, fmt.Sprintf("%s:%d exempts %s from every limit", e.Path, e.Line, e.Domain))
		case narrower && e.Sets(l.typ, l.item):
			if n, _ := limits.Number(e.Value); n > l.max && l.decides(entries, e) {
				found.wrong = append(found.wrong, e)
				why = append(why, fmt.Sprintf("%s:%d gives %s more", e.Path, e.Line, e.Domain))
				wins = true
			}
		default:
			continue
		}
		o.Sources = append(o.Sources, rule.Source{Path: e.Path, Line: e.Line, Text: e.Text, Wins: wins})
	}
	switch n, _ := limits.Number(last.Value); {
	case !ok:
		found.add = true
		why = append(why, "no line sets it")
	case n > l.max:
		// A file of the project's own is enough unless the line sorts after it.
		if last.Path > limitDropIn || last.Path == limitDropIn {
			found.wrong = append(found.wrong, last)
		} else {
			found.add = true
		}
		why = append(why, fmt.Sprintf("%s:%d sets %s", last.Path, last.Line, last.Value))
	}
	found.without, err = l.unseen(h)
	if err != nil {
		return o, err
	}
	for _, s := range found.without {
		why = append(why, "the session stack of "+s+" has no pam_limits.so")
	}
	o.Message = "the line that decides is strict enough"
	if len(why) > 0 {
		o.Message = strings.Join(why, "; ")
	}
	o.State = found
	return o, nil
}

// decides reports whether an entry is the last one of its own domain.
func (l limit) decides(entries []limits.Entry, e limits.Entry) bool {
	last, ok := limits.Last(entries, e.Domain, l.typ, l.item)
	return ok && last == e
}

// unseen lists the services that open sessions without pam_limits.
func (l limit) unseen(h host.Reader) ([]string, error) {
	var out []string
	for _, name := range l.services {
		s, err := pam.Load(h, dialectOf(h), name)
		if err != nil {
			return nil, err
		}
		if s.Path == "" {
			continue
		}
		stack, _ := s.Stack(pam.Session)
		if !slices.ContainsFunc(stack, func(x pam.Handler) bool { return pam.Base(x.Module) == "pam_limits.so" && !x.Substack }) {
			out = append(out, name)
		}
	}
	return out, nil
}

func (l limit) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(limitFound)
	var changes []rule.Change
	for _, e := range found.wrong {
		changes = append(changes, rule.EditFile{Path: e.Path, Edits: []rule.Edit{
			{Op: rule.ReplaceLine, Line: e.Line, Old: e.Text, New: []string{e.With(fmt.Sprint(l.max))}}}})
	}
	if found.add {
		changes = append(changes, rule.EditFile{Path: limitDropIn, Create: rule.Attr{Mode: 0o644}, Header: Header,
			Edits: []rule.Edit{{Op: rule.Append, New: []string{fmt.Sprintf("%s %s %s %d", l.domain, l.typ, l.item, l.max)}}}})
	}
	for _, e := range found.exempt {
		changes = append(changes, rule.Unfixable{Subject: fmt.Sprintf("%s:%d", e.Path, e.Line), Reason: e.Domain + " is exempt from every limit", Of: rule.Persisted})
	}
	for _, s := range found.without {
		changes = append(changes, rule.Unfixable{Subject: "PAM service " + s, Reason: "its sessions do not pass pam_limits.so", Of: rule.Persisted})
	}
	return changes
}
