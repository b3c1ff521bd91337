package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
)

// maxServices bounds how many services are tried; real machines have a few dozen.
const maxServices = 300

// guardPAM tries every service before and after a plan. What a right password could do, it still can;
// what a wrong one could not, it still cannot; and no line comes in that libpam cannot use.
func guardPAM(_ context.Context, p Proposal) error {
	names, err := pam.Services(p.After, maxServices)
	if err != nil {
		return err
	}
	// errors name a service that people know before one that only holds what others include
	known := []string{"sshd", "login", "sudo", "su", "passwd"}
	slices.SortStableFunc(names, func(a, b string) int {
		return unknownLast(known, a) - unknownLast(known, b)
	})
	before, err := viewPAM(p.Before, names)
	if err != nil {
		return err
	}
	after, err := viewPAM(p.After, names)
	if err != nil {
		return err
	}
	for _, s := range after.services {
		i := slices.IndexFunc(before.services, func(b *pam.Service) bool { return b.Name == s.Name })
		if i < 0 {
			continue
		}
		if err := guardLines(before, after, before.services[i], s); err != nil {
			return err
		}
		for _, strangers := range []bool{true, false} {
			before.machine.Strangers, after.machine.Strangers = strangers, strangers
			if err := guardService(before.machine, after.machine, before.services[i], s); err != nil {
				return err
			}
		}
	}
	return nil
}

func unknownLast(known []string, name string) int {
	if i := slices.Index(known, name); i >= 0 {
		return i
	}
	return len(known)
}

// guardLines refuses lines that fail by themselves.
func guardLines(before, after *pamView, was, is *pam.Service) error {
	if is.Broken != "" && was.Broken == "" {
		return fmt.Errorf("libpam would refuse every request of %s: %s", is.Name, is.Broken)
	}
	for _, t := range pam.Types() {
		had := map[string]bool{}
		stack, _ := was.Stack(t)
		for _, h := range stack {
			if h.Fail != "" || !h.Substack && !before.machine.Installed(h.Module) {
				had[h.Path+strings.Join(h.Raw, "\n")] = true
			}
		}
		stack, _ = is.Stack(t)
		for _, h := range stack {
			switch {
			case had[h.Path+strings.Join(h.Raw, "\n")] || h.Substack:
			case h.Fail != "":
				return fmt.Errorf("libpam cannot use a line of %s: %s:%d: %s", is.Name, h.Path, h.Line, h.Fail)
			case !after.machine.Installed(h.Module) && !h.Silent:
				return fmt.Errorf("libpam cannot use a line of %s: %s:%d: %s is not installed", is.Name, h.Path, h.Line, h.Module)
			}
		}
	}
	return nil
}

func guardService(before, after pam.Machine, was, is *pam.Service) error {
	for _, who := range []struct {
		name   string
		person pam.Person
	}{
		{"a right password", pam.Person{Password: true, Member: true}},
		{"root's right password", pam.Person{Password: true, Member: true, Root: true}},
		{"root", pam.Person{ByRoot: true, Root: true, Password: true, Member: true}},
	} {
		tries := []struct {
			what string
			try  func(pam.Machine, *pam.Service) pam.Result
		}{
			{"would be refused", func(m pam.Machine, s *pam.Service) pam.Result { return m.Login(s, who.person, &pam.Tally{}) }},
			{"would be refused after a login with a key", func(m pam.Machine, s *pam.Service) pam.Result { return m.Admit(s, who.person, &pam.Tally{}) }},
			{"could not open a session", func(m pam.Machine, s *pam.Service) pam.Result { return m.Open(s, who.person) }},
			{"could not be changed", func(m pam.Machine, s *pam.Service) pam.Result { return m.ChangePassword(s, who.person) }},
		}
		for _, t := range tries {
			if t.try(before, was).In {
				if r := t.try(after, is); !r.In {
					return fmt.Errorf("%s: %s %s%s", is.Name, who.name, t.what, decidedAt(r))
				}
			}
		}
	}
	for _, root := range []bool{false, true} {
		wrong := pam.Person{Member: true, Root: root}
		if !before.Login(was, wrong, &pam.Tally{}).In && after.Login(is, wrong, &pam.Tally{}).In {
			return fmt.Errorf("%s: a wrong password would get in (%s)", is.Name, is.Path)
		}
	}
	return nil
}

func decidedAt(r pam.Result) string {
	if r.At == nil {
		return ""
	}
	return fmt.Sprintf(": %s:%d: %s %s", r.At.Path, r.At.Line, r.At.Control, r.At.Module)
}
