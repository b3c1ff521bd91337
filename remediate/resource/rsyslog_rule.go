package resource

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rsyslog"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// rsyslogRuleKind is messages that rsyslog sends somewhere.
func rsyslogRuleKind() Kind { return Kind{Name: "rsyslog_rule", New: newRsyslogRule} }

type rsyslogRule struct {
	selector string
	mask     rsyslog.Mask
	target   string
	or       []string
}

func newRsyslogRule(name string, decode Decode) (Resource, error) {
	var body struct {
		Target string   `hcl:"target"`
		Or     []string `hcl:"or,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	mask, err := rsyslog.ParseSelector(name)
	if err != nil {
		return nil, err
	}
	if mask.Empty() {
		return nil, fmt.Errorf("selector %q selects nothing", name)
	}
	if strings.ContainsAny(body.Target, " \t\n") || body.Target == "" {
		return nil, fmt.Errorf("target %q is not a file or an action of one word", body.Target)
	}
	for _, o := range body.Or {
		if _, err := path.Match(o, ""); err != nil {
			return nil, fmt.Errorf("%q is not a pattern", o)
		}
	}
	return rsyslogRule{name, mask, body.Target, body.Or}, nil
}

func (r rsyslogRule) Ref() rule.Ref { return rule.Ref{Kind: "rsyslog_rule", Name: r.selector} }

const rsyslogDropIn = "/etc/rsyslog.d/60-harden.conf"

type rsyslogFound struct {
	missing   rsyslog.Mask
	discarded rsyslog.Mask // what never reaches the end of the configuration
	stopper   rsyslog.Rule
	included  bool // rsyslogDropIn would be read
}

func (r rsyslogRule) accepts(action string) bool {
	if action == strings.TrimPrefix(r.target, "-") {
		return true
	}
	for _, o := range r.or {
		if ok, err := path.Match(o, action); ok && err == nil {
			return true
		}
	}
	return false
}

func (r rsyslogRule) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: r.selector + " goes to " + strings.Join(append([]string{r.target}, r.or...), " or ")}
	config, err := rsyslog.Load(h)
	if errors.Is(err, rsyslog.ErrNone) {
		o.NotApplicable = "rsyslog is not configured here: " + rsyslog.File + " does not exist"
		return o, nil
	}
	if err != nil {
		return o, err
	}
	found := rsyslogFound{missing: r.mask, included: config.Includes(rsyslogDropIn)}
	for _, ru := range config.Rules {
		reached := ru.Mask.Without(found.discarded)
		switch {
		case ru.Stop:
			if reached.Overlaps(r.mask) {
				found.stopper = ru
				o.Sources = append(o.Sources, rule.Source{Path: ru.Path, Line: ru.Line, Text: ru.Text})
			}
			found.discarded = found.discarded.Union(reached)
		case r.accepts(ru.Action) && reached.Overlaps(found.missing):
			found.missing = found.missing.Without(reached)
			o.Sources = append(o.Sources, rule.Source{Path: ru.Path, Line: ru.Line, Text: ru.Text, Wins: true})
			o.Persisted = strings.TrimPrefix(o.Persisted+", "+ru.Action, ", ")
		}
	}
	switch {
	case found.missing.Empty():
		o.Message = r.selector + " goes to " + o.Persisted
	case found.missing == r.mask:
		o.Persisted, o.Message = "nowhere", "no rule of rsyslog sends "+r.selector+" there"
	default:
		o.Message = "only a part of " + r.selector + " goes to " + o.Persisted
	}
	o.State = found
	return o, nil
}

func (r rsyslogRule) Diff(o rule.Observation) []rule.Change {
	found := o.State.(rsyslogFound)
	if found.missing.Empty() {
		return nil
	}
	if found.missing.Overlaps(found.discarded) {
		at := fmt.Sprintf("%s:%d", found.stopper.Path, found.stopper.Line)
		return []rule.Change{rule.Unfixable{Subject: r.selector, Reason: at + " ends the processing of these messages", Of: rule.Persisted}}
	}
	edit := rule.EditFile{
		Path: rsyslogDropIn, Create: rule.Attr{Mode: 0o644}, Header: Header,
		Edits: []rule.Edit{{Op: rule.Append, New: []string{r.selector + "\t" + r.target}}},
	}
	if !found.included {
		edit = rule.EditFile{Path: rsyslog.File, Edits: edit.Edits}
	}
	return []rule.Change{edit}
}
