package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// rootConsoleKind is the terminals that root may log in at, as pam_securetty(8) reads them.
func rootConsoleKind() Kind { return Kind{Name: "root_console", New: newRootConsole} }

const securetty = "/etc/securetty"

type rootConsole struct{ allow []string }

func newRootConsole(name string, decode Decode) (Resource, error) {
	var body struct {
		Allow []string `hcl:"allow,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != securetty {
		return nil, fmt.Errorf("%q is not %s, which is what pam_securetty reads", name, securetty)
	}
	for _, tty := range body.Allow {
		if tty == "" || strings.ContainsAny(tty, " \t\n#") || strings.HasPrefix(tty, "/") {
			return nil, fmt.Errorf("%q is not a terminal's name below /dev, such as tty1", tty)
		}
	}
	return rootConsole{body.Allow}, nil
}

func (r rootConsole) Ref() rule.Ref { return rule.Ref{Kind: "root_console", Name: securetty} }

func (r rootConsole) expected() string {
	if len(r.allow) == 0 {
		return "root logs in only at terminals that a person agrees to"
	}
	return "root logs in at most at " + strings.Join(r.allow, ", ")
}

func (r rootConsole) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: r.expected()}
	readers, err := securettyReaders(h)
	if err != nil {
		return o, err
	}
	content, err := h.ReadFile(securetty)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && len(readers) == 0:
		o.NotApplicable = "there is no " + securetty + ", and no PAM service reads it"
		return o, nil
	case err != nil && !missing:
		return o, fmt.Errorf("cannot read %s: %w", securetty, err)
	}
	o.Persisted = "no PAM service reads " + securetty
	if len(readers) > 0 {
		o.Persisted = "read by " + strings.Join(readers, ", ")
	}
	var removed []rule.Edit
	var wrong []string
	for i, line := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		tty := strings.TrimPrefix(strings.TrimSpace(line), "/dev/")
		if tty == "" || strings.HasPrefix(tty, "#") {
			continue
		}
		o.Evidence = append(o.Evidence, tty)
		if len(r.allow) > 0 && !slices.Contains(r.allow, tty) {
			wrong = append(wrong, tty)
			removed = append(removed, rule.Edit{Op: rule.DeleteLine, Line: i + 1, Old: line})
			o.Sources = append(o.Sources, rule.Source{Path: securetty, Line: i + 1, Text: line, Wins: true})
		}
	}
	slices.Sort(o.Evidence)
	switch {
	case len(r.allow) == 0:
		o.Manual = "whether root may log in at these terminals is for a person to decide; " + o.Persisted
	case missing:
		o.Message = "there is no " + securetty + ", so pam_securetty lets root in everywhere"
		o.State = rule.Change(rule.WriteFile{Path: securetty, Content: []byte(strings.Join(r.allow, "\n") + "\n"), Create: rule.Attr{Mode: 0o600}})
	case len(wrong) > 0:
		o.Message = "root may also log in at " + strings.Join(wrong, ", ")
		o.State = rule.Change(rule.EditFile{Path: securetty, Edits: removed})
	default:
		o.Message = fmt.Sprintf("root may log in at %d terminals, all of which are allowed", len(o.Evidence))
	}
	return o, nil
}

// securettyReaders names the PAM services that ask pam_securetty.
func securettyReaders(h host.Reader) ([]string, error) {
	services, err := pam.Services(h, maxServices)
	if err != nil {
		return nil, err
	}
	var readers []string
	for _, name := range services {
		s, err := pam.Load(h, dialectOf(h), name)
		if err != nil {
			return nil, err
		}
		stack, _ := s.Stack(pam.Auth)
		if slices.ContainsFunc(stack, func(x pam.Handler) bool { return pam.Base(x.Module) == "pam_securetty.so" && !x.Substack }) {
			readers = append(readers, name)
		}
	}
	return readers, nil
}

func (r rootConsole) Diff(o rule.Observation) []rule.Change {
	if c, ok := o.State.(rule.Change); ok {
		return []rule.Change{c}
	}
	return nil
}
