package resource

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/shell"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// shellTimeoutKind is TMOUT, after which bash ends when nobody types.
func shellTimeoutKind() Kind { return Kind{Name: "shell_timeout", New: newShellTimeout} }

type shellTimeout struct {
	name     string
	max      int
	readonly bool
	homes    []string
}

func newShellTimeout(name string, decode Decode) (Resource, error) {
	var body struct {
		Max      int       `hcl:"max"`
		Readonly *bool     `hcl:"readonly,optional"`
		Homes    *[]string `hcl:"homes,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if body.Max < 1 {
		return nil, fmt.Errorf("max %d is not a number of seconds: 0 would mean no time-out", body.Max)
	}
	s := shellTimeout{name: name, max: body.Max, readonly: body.Readonly == nil || *body.Readonly, homes: []string{"/etc/skel"}}
	if body.Homes != nil {
		s.homes = *body.Homes
	}
	for _, h := range s.homes {
		if !path.IsAbs(h) || path.Clean(h) != h {
			return nil, fmt.Errorf("home %q is not an absolute path in its shortest form", h)
		}
	}
	return s, nil
}

func (s shellTimeout) Ref() rule.Ref { return rule.Ref{Kind: "shell_timeout", Name: s.name} }

type shellTimeoutFound struct{ changes []rule.Change }

func (s shellTimeout) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: fmt.Sprintf("interactive bash ends after at most %d seconds without input", s.max)}
	if s.readonly {
		o.Expected += ", and users cannot change that"
	}
	value := strconv.Itoa(s.max)
	goal := startupGoal{weak: s.weak, mend: s.mend, add: [][]string{
		{"export TMOUT"},
		{"readonly TMOUT"},
		{"readonly TMOUT", "export TMOUT"},
		{"TMOUT=" + value, "export TMOUT"},
		{"TMOUT=" + value, "readonly TMOUT", "export TMOUT"},
	}}
	spots, err := s.weak(h)
	if err != nil {
		return o, err
	}
	edits, left, err := goal.plan(h)
	if err != nil {
		return o, err
	}
	var found shellTimeoutFound
	for _, e := range edits {
		found.changes = append(found.changes, e)
	}
	found.changes = append(found.changes, unfixableSpots(left)...)
	o.State = found

	var says []string
	var winners, places []shell.Place
	err = startups(h, s.homes, s.options, func(kind shell.Kind, r shell.Result) {
		if !s.concerns(kind) || !kind.Login {
			return
		}
		for _, v := range r.Variable("TMOUT") {
			text := timeoutWords(v)
			if v.From.Path != "" {
				text += " (" + v.From.String() + ")"
				winners = append(winners, v.From)
			}
			if !slices.Contains(says, text) {
				says = append(says, text)
			}
		}
		for _, p := range r.VariablePlaces("TMOUT") {
			if !slices.Contains(places, p) {
				places = append(places, p)
			}
		}
	})
	if err != nil {
		return o, err
	}
	for _, p := range places {
		o.Sources = append(o.Sources, rule.Source{Path: p.Path, Line: p.Line, Text: p.Text, Wins: slices.Contains(winners, p)})
	}
	o.Persisted = strings.Join(says, " or ")
	if len(spots) == 0 {
		o.Message = "the time-out holds in every interactive bash"
	} else {
		o.Message = strings.Join(describe(spots), "; ")
	}
	return o, nil
}

func (s shellTimeout) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(shellTimeoutFound)
	return found.changes
}

// concerns is true of interactive bash: dash and shells that run commands heed no TMOUT.
func (s shellTimeout) concerns(kind shell.Kind) bool { return kind.Bash && kind.Interactive }

func (s shellTimeout) options(kind shell.Kind) shell.Options {
	o := shell.Options{Mask: inheritedMask}
	if !kind.Login {
		o.Inherited = map[string]string{"TMOUT": strconv.Itoa(s.max)} // as the login exports it
	}
	return o
}

func (s shellTimeout) weak(files host.Files) ([]weakSpot, error) {
	var spots []weakSpot
	err := startups(files, s.homes, s.options, func(kind shell.Kind, r shell.Result) {
		if !s.concerns(kind) {
			return
		}
		for _, v := range r.Variable("TMOUT") {
			what := ""
			n, err := strconv.Atoi(v.Text)
			switch {
			case !v.Set:
				what = "TMOUT is not set"
			case !v.Known:
				what = "TMOUT cannot be told: " + v.Why
			case err != nil || n < 1 || n > s.max:
				what = timeoutWords(v)
			case !kind.Login:
			case s.readonly && !v.Readonly:
				what = "TMOUT can be changed"
			case !v.Exported:
				what = "TMOUT is not exported, so a shell within the shell has none"
			}
			if what != "" {
				spots = addSpot(spots, weakSpot{kind: kind.Name, at: v.From, what: what})
			}
		}
	})
	return spots, err
}

func timeoutWords(v shell.Value) string {
	switch {
	case !v.Set:
		return "TMOUT is not set"
	case !v.Known:
		return "TMOUT is unknown"
	}
	text := "TMOUT=" + v.Text
	if v.Readonly {
		text += ", read-only"
	}
	if v.Exported {
		text += ", exported"
	}
	return text
}

var timeoutAssignment = regexp.MustCompile(`\bTMOUT=("?)([0-9]+)("?)`)

// mend brings the values of a line down to the limit.
func (s shellTimeout) mend(line string) (string, bool) {
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return line, false
	}
	done := false
	out := timeoutAssignment.ReplaceAllStringFunc(line, func(a string) string {
		m := timeoutAssignment.FindStringSubmatch(a)
		if n, err := strconv.Atoi(m[2]); err == nil && n >= 1 && n <= s.max {
			return a
		}
		done = true
		return "TMOUT=" + m[1] + strconv.Itoa(s.max) + m[3]
	})
	return out, done
}
