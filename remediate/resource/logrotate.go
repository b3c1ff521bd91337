package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/logrotate"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// logrotateKind is the mode of logs after a rotation, or the evidence of how they are rotated.
func logrotateKind() Kind { return Kind{Name: "logrotate", New: newLogrotate} }

type logrotateResource struct {
	name string
	mode *fs.FileMode
}

func newLogrotate(name string, decode Decode) (Resource, error) {
	var body struct {
		CreateMode string `hcl:"create_mode,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	l := logrotateResource{name: name}
	if body.CreateMode != "" {
		mode, err := parseMode(body.CreateMode)
		if err != nil {
			return nil, err
		}
		l.mode = &mode
	}
	return l, nil
}

func (l logrotateResource) Ref() rule.Ref { return rule.Ref{Kind: "logrotate", Name: l.name} }

func (l logrotateResource) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "logs are rotated in time"}
	if l.mode != nil {
		o.Expected = "rotated logs are created with mode " + octal(*l.mode) + " or stricter"
	}
	all, err := logrotate.Load(h)
	if errors.Is(err, fs.ErrNotExist) && len(all) == 0 {
		o.NotApplicable = logrotate.File + " does not exist"
		return o, nil
	}
	if err != nil {
		return o, err
	}
	var wrong []logrotate.Directive
	var why []string
	creates := 0
	for _, d := range all {
		switch d.Words[0] {
		case "hourly", "daily", "weekly", "monthly", "yearly", "rotate", "size", "minsize", "maxsize", "maxage", "create", "nocreate":
			o.Evidence = append(o.Evidence, fmt.Sprintf("%s:%04d: %s", d.Path, d.Line, strings.Join(d.Words, " ")))
		}
		if d.Words[0] != "create" || len(d.Words) < 2 || l.mode == nil {
			continue
		}
		mode, err := parseMode(d.Words[1])
		if err != nil {
			continue // create OWNER GROUP keeps the mode
		}
		creates++
		s := rule.Source{Path: d.Path, Line: d.Line, Text: d.Text, Wins: true}
		if mode&^*l.mode != 0 {
			wrong = append(wrong, d)
			o.Sources = append(o.Sources, s)
			why = append(why, fmt.Sprintf("%s:%d creates with mode %s", d.Path, d.Line, octal(mode)))
		}
	}
	slices.Sort(o.Evidence)
	o.Persisted = fmt.Sprintf("%d of %d create lines are too wide", len(wrong), creates)
	o.Message = "no create line is too wide"
	if len(why) > 0 {
		o.Message = strings.Join(why, "; ")
	}
	if l.mode == nil {
		o.Persisted = fmt.Sprintf("%d directives", len(all))
		o.Manual = "decide whether logs are kept as long as site policy says"
		o.Message = o.Manual
	}
	o.State = wrong
	return o, nil
}

func (l logrotateResource) Diff(o rule.Observation) []rule.Change {
	wrong, _ := o.State.([]logrotate.Directive)
	var changes []rule.Change
	for _, d := range wrong {
		mode, err := parseMode(d.Words[1])
		if err != nil {
			continue
		}
		text := strings.Replace(d.Text, d.Words[1], octal(mode&*l.mode), 1)
		changes = append(changes, rule.EditFile{Path: d.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: d.Line, Old: d.Text, New: []string{text}}}})
	}
	return changes
}
