package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rsyslog"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// rsyslogSettingKind is the mode of the files that rsyslogd creates.
func rsyslogSettingKind() Kind { return Kind{Name: "rsyslog_setting", New: newRsyslogSetting} }

type rsyslogSetting struct{ mode fs.FileMode }

func newRsyslogSetting(name string, decode Decode) (Resource, error) {
	var body struct {
		Mode string `hcl:"mode"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "FileCreateMode" {
		return nil, fmt.Errorf("%q is not FileCreateMode", name)
	}
	mode, err := parseMode(body.Mode)
	return rsyslogSetting{mode}, err
}

func (r rsyslogSetting) Ref() rule.Ref {
	return rule.Ref{Kind: "rsyslog_setting", Name: "FileCreateMode"}
}

type rsyslogSettingFound struct {
	logs  []rsyslog.Log // those whose mode is too wide
	first rsyslog.Statement
}

func (r rsyslogSetting) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "rsyslog creates files with mode " + octal(r.mode) + " or stricter"}
	c, err := rsyslog.Load(h)
	if errors.Is(err, rsyslog.ErrNone) {
		o.NotApplicable = "rsyslog is not configured here: " + rsyslog.File + " does not exist"
		return o, nil
	}
	if err != nil {
		return o, err
	}
	var found rsyslogSettingFound
	if len(c.Statements) > 0 {
		found.first = c.Statements[0]
	}
	var seen, wrong []string
	for _, l := range c.Logs() {
		if s := octal(l.Mode); l.Mode != 0 && !slices.Contains(seen, s) {
			seen = append(seen, s)
		}
		by := l.Statement
		if l.Setter != nil {
			by = *l.Setter
		}
		s := rule.Source{Path: by.Path, Line: by.Line, Text: by.Raw, Wins: true}
		if l.Mode&^r.mode == 0 {
			if l.Setter != nil && !slices.Contains(o.Sources, s) {
				o.Sources = append(o.Sources, s)
			}
			continue
		}
		if !slices.Contains(o.Sources, s) {
			o.Sources = append(o.Sources, s)
		}
		found.logs = append(found.logs, l)
		wrong = append(wrong, fmt.Sprintf("%s:%d creates %s with mode %s", l.Statement.Path, l.Statement.Line, l.File, octal(l.Mode)))
	}
	slices.Sort(seen)
	o.Persisted = strings.Join(seen, ", ")
	o.Message = "every file is created with " + o.Persisted
	if len(seen) == 0 {
		o.Message = "rsyslog writes no file"
	}
	if len(wrong) > 0 {
		o.Message = strings.Join(wrong, "; ")
	}
	o.State = found
	return o, nil
}

func (r rsyslogSetting) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(rsyslogSettingFound)
	var changes []rule.Change
	add := func(c rule.Change, path string, line int) {
		for _, have := range changes {
			if e, ok := have.(rule.EditFile); ok && e.Path == path && e.Edits[0].Line == line {
				return
			}
		}
		changes = append(changes, c)
	}
	directive := "$FileCreateMode " + octal(r.mode)
	for _, l := range found.logs {
		switch st := l.Setter; {
		case l.Script && st == nil:
			subject := fmt.Sprintf("%s:%d", l.Statement.Path, l.Statement.Line)
			raw := l.Statement.Raw
			open := strings.LastIndexByte(raw, ')')
			if l.Statement.Line != l.Statement.Last || strings.Count(raw, "action") != 1 || strings.Count(raw, ")") != 1 {
				changes = append(changes, rule.Unfixable{Subject: subject, Reason: "the action needs fileCreateMode, and is not written on one line", Of: rule.Persisted})
				continue
			}
			text := strings.TrimRight(raw[:open], " ") + fmt.Sprintf(" fileCreateMode=%q", octal(r.mode)) + raw[open:]
			add(rule.EditFile{Path: l.Statement.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: l.Statement.Line, Old: raw, New: []string{text}}}}, l.Statement.Path, l.Statement.Line)
		case st == nil:
			f := found.first
			add(rule.EditFile{Path: f.Path, Edits: []rule.Edit{{Op: rule.InsertBefore, Line: f.Line, Old: f.Raw, New: []string{directive}}}}, f.Path, f.Line)
		case strings.HasPrefix(strings.ToLower(st.Text), "$filecreatemode"):
			add(rule.EditFile{Path: st.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: st.Line, Old: st.Raw, New: []string{directive}}}}, st.Path, st.Line)
		case strings.HasPrefix(strings.ToLower(st.Text), "$reset"):
			add(rule.EditFile{Path: st.Path, Edits: []rule.Edit{{Op: rule.InsertAfter, Line: st.Line, Old: st.Raw, New: []string{directive}}}}, st.Path, st.Line)
		default:
			changes = append(changes, rule.Unfixable{Subject: fmt.Sprintf("%s:%d", st.Path, st.Line), Reason: "fileCreateMode is a parameter of a larger statement", Of: rule.Persisted})
		}
	}
	return changes
}

// rsyslogNetworkKind is what rsyslogd takes from, or sends to, other machines.
func rsyslogNetworkKind() Kind { return Kind{Name: "rsyslog_network", New: newRsyslogNetwork} }

type rsyslogNetwork struct {
	name    string
	targets []string
}

func newRsyslogNetwork(name string, decode Decode) (Resource, error) {
	var body struct {
		Targets []string `hcl:"targets,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	switch name {
	case "receive":
		if len(body.Targets) > 0 {
			return nil, errors.New("targets are for send")
		}
	case "send":
		for _, p := range body.Targets {
			if _, err := path.Match(p, ""); err != nil {
				return nil, fmt.Errorf("%q is not a pattern", p)
			}
		}
	default:
		return nil, fmt.Errorf("%q is neither receive nor send", name)
	}
	return rsyslogNetwork{name, body.Targets}, nil
}

func (r rsyslogNetwork) Ref() rule.Ref { return rule.Ref{Kind: "rsyslog_network", Name: r.name} }

type rsyslogNetworkFound struct {
	receivers []rsyslog.Statement
	unsent    bool
}

func (r rsyslogNetwork) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "rsyslog takes no messages from the network"}
	if r.name == "send" {
		o.Expected = "rsyslog sends messages to another machine"
	}
	c, err := rsyslog.Load(h)
	if errors.Is(err, rsyslog.ErrNone) {
		o.NotApplicable = "rsyslog is not configured here: " + rsyslog.File + " does not exist"
		return o, nil
	}
	if err != nil {
		return o, err
	}
	var found rsyslogNetworkFound
	list := c.Receivers()
	if r.name == "send" {
		list = c.Senders()
	}
	for _, st := range list {
		o.Sources = append(o.Sources, rule.Source{Path: st.Path, Line: st.Line, Text: st.Raw, Wins: true})
		o.Evidence = append(o.Evidence, fmt.Sprintf("%s:%d: %s", st.Path, st.Line, st.Text))
	}
	slices.Sort(o.Evidence)
	o.Persisted = fmt.Sprintf("%d statements", len(list))
	switch {
	case r.name == "receive":
		found.receivers = list
		o.Message = "no input listens to the network"
		if len(list) > 0 {
			o.Message = "it listens: " + strings.Join(o.Evidence, "; ")
		}
	case len(r.targets) > 0:
		found.unsent = !slices.ContainsFunc(list, func(st rsyslog.Statement) bool {
			return slices.ContainsFunc(r.targets, func(t string) bool { return strings.Contains(st.Text, t) })
		})
		o.Message = "messages go to " + strings.Join(r.targets, " or ")
		if found.unsent {
			o.Message = "nothing sends to " + strings.Join(r.targets, " or ")
		}
	default:
		o.Manual = "decide whether messages leave the machine in another way, such as an agent"
		o.Message = o.Manual
	}
	o.State = found
	return o, nil
}

func (r rsyslogNetwork) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(rsyslogNetworkFound)
	if found.unsent {
		return []rule.Change{rule.Unfixable{Subject: rsyslog.File, Reason: "how to reach the log host, and with which certificates, is the operator's", Of: rule.Persisted}}
	}
	var changes []rule.Change
	for _, st := range found.receivers {
		if st.Line != st.Last {
			changes = append(changes, rule.Unfixable{Subject: fmt.Sprintf("%s:%d", st.Path, st.Line), Reason: "the statement spans several lines", Of: rule.Persisted})
			continue
		}
		changes = append(changes, rule.EditFile{Path: st.Path, Edits: []rule.Edit{{Op: rule.DeleteLine, Line: st.Line, Old: st.Raw}}})
	}
	return changes
}
