package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// mailLocalKind is that mail servers take mail from this machine only.
func mailLocalKind() Kind { return Kind{Name: "mail_local", New: newMailLocal} }

type mailLocal struct{ name string }

func newMailLocal(name string, decode Decode) (Resource, error) {
	var body struct{}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "any" && name != "postfix" {
		return nil, fmt.Errorf("%q is neither any nor postfix", name)
	}
	return mailLocal{name}, nil
}

func (m mailLocal) Ref() rule.Ref { return rule.Ref{Kind: "mail_local", Name: m.name} }

// mailServer is how one server says on which addresses it listens.
type mailServer struct {
	name, file, key string
	separators      string
	line            string // that makes it local
	quoted          bool
}

func mailServers() []mailServer {
	return []mailServer{
		{"postfix", "/etc/postfix/main.cf", "inet_interfaces", " ,", "inet_interfaces = loopback-only", false},
		{"exim", "/etc/exim4/update-exim4.conf.conf", "dc_local_interfaces", " ;", "dc_local_interfaces='127.0.0.1 ; ::1'", true},
	}
}

type mailSetting struct {
	line, last  int
	text, value string
}

// mailLast gives the last assignment of a key. In postfix's file a line that starts with a blank
// continues the one before.
func mailLast(content string, s mailServer) *mailSetting {
	var found *mailSetting
	for i, text := range strings.Split(content, "\n") {
		t := strings.TrimRight(text, " \t\r")
		switch {
		case t == "" || strings.TrimLeft(t, " \t")[0] == '#':
			continue
		case !s.quoted && (t[0] == ' ' || t[0] == '\t'):
			if found != nil && found.last == i {
				found.value, found.last = found.value+" "+strings.TrimSpace(t), i+1
			}
			continue
		}
		key, value, ok := strings.Cut(t, "=")
		if !ok || strings.TrimSpace(key) != s.key {
			continue
		}
		found = &mailSetting{i + 1, i + 1, strings.TrimRight(text, "\r"), strings.Trim(strings.TrimSpace(value), `'"`)}
	}
	return found
}

func (s mailServer) local(value string) bool {
	words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(s.separators, r) })
	return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool {
		return !slices.Contains([]string{"loopback-only", "localhost", "127.0.0.1", "::1", "[::1]"}, w) && !strings.HasPrefix(w, "127.0.0.1.")
	})
}

type mailDeviation struct {
	server mailServer
	stands *mailSetting
}

func (m mailLocal) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "mail is taken from this machine only"}
	var wrong []mailDeviation
	var seen, why []string
	for _, s := range mailServers() {
		if m.name != "any" && m.name != s.name {
			continue
		}
		content, err := h.ReadFile(s.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return o, fmt.Errorf("cannot read %s: %w", s.file, err)
		}
		found := mailLast(string(content), s)
		value := "" // both listen everywhere without a line
		if found != nil {
			value = found.value
			o.Sources = append(o.Sources, rule.Source{Path: s.file, Line: found.line, Text: found.text, Wins: true})
		}
		seen = append(seen, s.name+" listens on "+orUnset(value))
		if !s.local(value) {
			wrong = append(wrong, mailDeviation{s, found})
			why = append(why, fmt.Sprintf("%s: %s is %s", s.file, s.key, orUnset(value)))
		}
	}
	if len(seen) == 0 {
		o.NotApplicable = "no configuration of postfix or exim is there"
		return o, nil
	}
	o.Persisted = strings.Join(seen, "; ")
	o.Message = o.Persisted
	if len(why) > 0 {
		o.Message = strings.Join(why, "; ")
	}
	o.State = wrong
	return o, nil
}

func (m mailLocal) Diff(o rule.Observation) []rule.Change {
	wrong, _ := o.State.([]mailDeviation)
	var changes []rule.Change
	for _, d := range wrong {
		switch {
		case d.stands == nil:
			changes = append(changes, rule.EditFile{Path: d.server.file, Edits: []rule.Edit{{Op: rule.Append, New: []string{d.server.line}}}})
		case d.stands.last != d.stands.line:
			changes = append(changes, rule.Unfixable{Subject: fmt.Sprintf("%s:%d", d.server.file, d.stands.line), Reason: "the setting spans several lines", Of: rule.Persisted})
		default:
			changes = append(changes, rule.EditFile{Path: d.server.file, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: d.stands.line, Old: d.stands.text, New: []string{d.server.line}}}})
		}
	}
	return changes
}
