package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/audit"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// auditSettingKind is one setting of auditd.conf.
func auditSettingKind() Kind { return Kind{Name: "audit_setting", New: newAuditSetting} }

type auditSetting struct {
	name  string
	oneOf []string
	min   *int
}

func newAuditSetting(name string, decode Decode) (Resource, error) {
	var body struct {
		OneOf []string `hcl:"one_of,optional"`
		Min   *int     `hcl:"min,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if !audit.KnownSetting(name) {
		return nil, fmt.Errorf("auditd.conf has no setting %q", name)
	}
	if (len(body.OneOf) == 0) == (body.Min == nil) {
		return nil, errors.New("exactly one of one_of and min is needed")
	}
	for _, v := range body.OneOf {
		if v == "" || strings.ContainsAny(v, "\n#=") || strings.TrimSpace(v) != v {
			return nil, fmt.Errorf("%q is not a value on one line", v)
		}
	}
	return auditSetting{strings.ToLower(name), body.OneOf, body.Min}, nil
}

func (a auditSetting) Ref() rule.Ref { return rule.Ref{Kind: "audit_setting", Name: a.name} }

func (a auditSetting) right(value string) bool {
	if a.min != nil {
		n, err := strconv.Atoi(value)
		return err == nil && n >= *a.min
	}
	return slices.ContainsFunc(a.oneOf, func(v string) bool { return strings.EqualFold(v, value) })
}

func (a auditSetting) target() string {
	if a.min != nil {
		return strconv.Itoa(*a.min)
	}
	return a.oneOf[0]
}

type auditSettingFound struct {
	right  bool
	stands *audit.Setting
}

func (a auditSetting) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: a.name + " = " + strings.Join(a.oneOf, " or ")}
	if a.min != nil {
		o.Expected = fmt.Sprintf("%s is at least %d", a.name, *a.min)
	}
	if reason, err := auditMissing(h); err != nil || reason != "" {
		o.NotApplicable = reason
		return o, err
	}
	content, err := h.ReadFile(audit.ConfFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, fmt.Errorf("cannot read %s: %w", audit.ConfFile, err)
	}
	settings, err := audit.ParseConf(content)
	if err != nil {
		return o, fmt.Errorf("cannot tell what auditd does: %w, and it then does not start", err)
	}
	var found auditSettingFound
	for _, s := range settings {
		if s.Name != a.name {
			continue
		}
		for i := range o.Sources {
			o.Sources[i].Wins = false
		}
		o.Sources = append(o.Sources, rule.Source{Path: audit.ConfFile, Line: s.Line, Text: s.Text, Wins: true})
		found.stands = &s
	}
	value, from := audit.Default(a.name), "built in"
	if found.stands != nil {
		value, from = found.stands.Value, fmt.Sprintf("%s:%d", audit.ConfFile, found.stands.Line)
	}
	found.right = a.right(value)
	o.Persisted = fmt.Sprintf("%s = %s (%s)", a.name, orUnset(value), from)
	o.Message = o.Persisted
	o.State = found
	return o, nil
}

func (a auditSetting) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(auditSettingFound)
	line := a.name + " = " + a.target()
	switch s := found.stands; {
	case found.right:
		return nil
	case s != nil:
		return []rule.Change{rule.EditFile{Path: audit.ConfFile, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: s.Line, Old: s.Text, New: []string{line}}}}}
	}
	return []rule.Change{rule.EditFile{Path: audit.ConfFile, Create: rule.Attr{Mode: 0o640}, Edits: []rule.Edit{{Op: rule.Append, New: []string{line}}}}}
}
