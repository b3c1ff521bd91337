package login

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
)

// visitor is an account as PAM's modules see it at a service.
type visitor struct {
	pam.Visitor
	terminal string
}

// visitorOf: sshd names a terminal "ssh", and sudo without one names none, where modules then take the
// service's name.
func visitorOf(m *Machine, a Account, terminal string) visitor {
	v := visitor{pam.Visitor{User: a.User, Groups: a.Groups, From: a.Addr, Remote: true, Host: m.hostname}, terminal}
	if terminal != "ssh" {
		v.From, v.Remote = terminal, false
	}
	return v
}

// pamStack is a service's stacks with what is needed to walk them for one account.
type pamStack struct {
	m       *Machine
	machine pam.Machine
	service *pam.Service
	account Account
	visitor visitor
	// said holds what a module that knows the account found wrong, by entry.
	said  map[string]Obstacle
	borne []pam.Code
	err   error
}

func (m *Machine) pamStack(service string, a Account, v visitor) (*pamStack, error) {
	s, err := pam.Load(m.files, m.dialect, service)
	if err != nil {
		return nil, err
	}
	modules := pam.FindModules(m.files)
	p := &pamStack{m: m, service: s, account: a, visitor: v, said: map[string]Obstacle{}}
	p.machine = pam.Machine{
		Dialect:   m.dialect,
		Installed: func(module string) bool { return modules.Path(module) != "" },
		Options: func(h pam.Handler) pam.Options {
			o, err := pam.ReadOptions(m.files, modules, h)
			p.err = errors.Join(p.err, err)
			return o
		},
		Strangers: true,
	}
	return p, nil
}

func (p *pamStack) person(password bool) pam.Person {
	u, known := p.m.user(p.account.User)
	member := slices.ContainsFunc(p.account.Groups, func(g string) bool { return g == "root" || g == "wheel" || g == "sudo" })
	return pam.Person{Password: password, Root: known && u.UID == 0, Member: member}
}

// phase walks the stack of one type, and says why when it refuses.
func (p *pamStack) phase(t pam.Type, password bool) *Obstacle {
	name := p.service.Name
	if p.service.Broken != "" {
		return &Obstacle{fmt.Sprintf("libpam would refuse every request of %s: %s", name, p.service.Broken), nil}
	}
	stack, _ := p.service.Stack(t)
	out := p.machine.Walk(stack, p.person(password), &pam.Tally{}, p.answer)
	if out.Code == pam.Success || slices.Contains(p.borne, out.Code) {
		return nil
	}
	at := []Place{}
	for _, step := range out.Trace { // a module that knows the account says more than its line
		h := stack[step.Index]
		if o, known := p.said[entry(h)]; known && step.Code == out.Code {
			return &Obstacle{fmt.Sprintf("PAM's %s phase of %s would refuse it, %s", t, name, o.Reason),
				append(o.At, Place{h.Path, h.Line, h.Raw[0]})}
		}
	}
	if out.Decider >= 0 {
		h := stack[out.Decider]
		at = append(at, Place{h.Path, h.Line, h.Raw[0]})
	}
	return &Obstacle{fmt.Sprintf("PAM's %s phase of %s would refuse it (%s)", t, name, out.Code), at}
}

func entry(h pam.Handler) string { return fmt.Sprintf("%s:%d:%s:%s", h.Path, h.Line, h.Type, h.Module) }

// pamAdmits is what everybody goes through who logs in, by key or password: the account phase, and
// then a session. Codes that are borne do not count.
func (m *Machine) pamAdmits(service string, a Account, v visitor, phases []pam.Type, borne ...pam.Code) ([]Obstacle, error) {
	p, err := m.pamStack(service, a, v)
	if err != nil {
		return nil, err
	}
	p.borne = borne
	var bad []Obstacle
	for _, t := range phases {
		if o := p.phase(t, true); o != nil {
			bad = append(bad, *o)
		}
	}
	return bad, p.err
}

// pamTakesPassword is what keeps the right password from being enough.
func (m *Machine) pamTakesPassword(service string, a Account, v visitor) (*Obstacle, error) {
	p, err := m.pamStack(service, a, v)
	if err != nil {
		return nil, err
	}
	o := p.phase(pam.Auth, m.password(a.User))
	return o, p.err
}

// answer is what modules say that look at the account itself.
func (p *pamStack) answer(h pam.Handler) (pam.Code, bool) {
	if !p.machine.Installed(h.Module) {
		return 0, false
	}
	code, why, known := p.ask(h)
	if known && code != pam.Success && code != pam.Ignore {
		p.said[entry(h)] = why
	}
	return code, known
}

func (p *pamStack) ask(h pam.Handler) (code pam.Code, why Obstacle, known bool) {
	u, local := p.m.user(p.account.User)
	switch pam.Base(h.Module) {
	case "pam_unix.so":
		if h.Type == pam.Account && local {
			code, why = p.m.unixAccount(u)
			return code, why, true
		}
	case "pam_nologin.so":
		if h.Type == pam.Auth || h.Type == pam.Account {
			code, why = p.m.nologin(h, local && u.UID == 0)
			return code, why, true
		}
	case "pam_shells.so":
		if local && (h.Type == pam.Auth || h.Type == pam.Account) {
			shell := u.Shell
			if shell == "" {
				shell = "/bin/sh"
			}
			if slices.ContainsFunc(p.m.shells, func(s accounts.Shell) bool { return s.Path == shell }) {
				return pam.Success, why, true
			}
			return pam.AuthErr, Obstacle{"its shell " + shell + " is not listed", []Place{{Path: accounts.ShellsFile}}}, true
		}
	case "pam_access.so":
		r, ok, err := pam.Access(p.m.files, h, p.visitor.Visitor)
		p.err = errors.Join(p.err, err)
		if ok || p.visitor.From == "" {
			return pam.Success, why, true
		}
		return pam.PermDenied, Obstacle{"pam_access does not let it in", []Place{Place(r)}}, true
	case "pam_time.so":
		if h.Type == pam.Account {
			r, ok, err := pam.Times(p.m.files, h, p.service.Name, p.visitor.terminal, p.visitor.Visitor, time.Time{})
			p.err = errors.Join(p.err, err)
			if ok {
				return pam.Success, why, true
			}
			return pam.PermDenied, Obstacle{"pam_time lets it in at some times only", []Place{Place(r)}}, true
		}
	case "pam_listfile.so":
		code, why = p.listfile(h)
		return code, why, true
	case "pam_succeed_if.so":
		if local {
			return p.succeedIf(h, u), Obstacle{"pam_succeed_if's conditions do not hold", nil}, true
		}
	}
	return 0, why, false
}

// unixAccount is check_shadow_expiry of pam_unix.
func (m *Machine) unixAccount(u accounts.User) (pam.Code, Obstacle) {
	at := m.passwordPlace(u.Name)
	if !u.Password.Shadowed() {
		return pam.Success, Obstacle{}
	}
	s, ok := m.accounts.Shadow(u.Name)
	if !ok {
		return pam.AuthinfoUnavail, Obstacle{"it has no entry in the shadow file", []Place{{Path: accounts.ShadowFile}}}
	}
	today := m.today()
	passed := today - s.LastChange
	switch {
	case s.Expire >= 0 && today >= s.Expire:
		return pam.AcctExpired, Obstacle{"the account has expired", at}
	case s.LastChange == 0:
		return pam.NewAuthtokReqd, Obstacle{"the password has to be changed first", at}
	case today < s.LastChange: // no day at all counts as a day long ago
		return pam.Success, Obstacle{}
	case s.Max >= 0 && s.Inactive >= 0 && passed > s.Max && passed > s.Inactive && passed > s.Max+s.Inactive:
		return pam.AuthtokExpired, Obstacle{"the password has expired, and the account with it", at}
	case s.Max >= 0 && passed > s.Max:
		return pam.NewAuthtokReqd, Obstacle{"the password has expired", at}
	}
	return pam.Success, Obstacle{}
}

func (m *Machine) nologin(h pam.Handler, root bool) (pam.Code, Obstacle) {
	files, absent := []string{"/var/run/nologin", "/etc/nologin"}, pam.Ignore
	for _, arg := range h.Args {
		if file, ok := strings.CutPrefix(arg, "file="); ok {
			files = []string{file}
		}
		if arg == "successok" {
			absent = pam.Success
		}
	}
	for _, file := range files {
		if _, err := m.files.Stat(file); err == nil {
			if root {
				return pam.Success, Obstacle{}
			}
			return pam.AuthErr, Obstacle{"only root may log in while the file is there", []Place{{Path: file}}}
		}
	}
	return absent, Obstacle{}
}

// listfile knows lists of users and groups.
func (p *pamStack) listfile(h pam.Handler) (pam.Code, Obstacle) {
	arg := map[string]string{}
	for _, a := range h.Args {
		name, value, _ := strings.Cut(a, "=")
		arg[name] = value
	}
	onErr := pam.Success
	if arg["onerr"] == "fail" {
		onErr = pam.AuthErr
	}
	content, err := p.m.files.ReadFile(arg["file"])
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			p.err = errors.Join(p.err, err)
		}
		return onErr, Obstacle{"the list cannot be read", []Place{{Path: arg["file"]}}}
	}
	listed := false
	for line := range strings.Lines(string(content)) {
		word := strings.TrimRight(line, "\n")
		switch arg["item"] {
		case "user":
			listed = listed || word == p.account.User
		case "group":
			listed = listed || slices.Contains(p.account.Groups, word)
		default:
			return pam.Success, Obstacle{}
		}
	}
	switch allow := arg["sense"] == "allow"; {
	case allow == listed:
		return pam.Success, Obstacle{}
	case allow:
		return pam.AuthErr, Obstacle{"the list does not hold it", []Place{{Path: arg["file"]}}}
	}
	return pam.AuthErr, Obstacle{"the list holds it", []Place{{Path: arg["file"]}}}
}

// succeedIf evaluates the conditions of pam_succeed_if; one that it cannot read is a service error.
func (p *pamStack) succeedIf(h pam.Handler, u accounts.User) pam.Code {
	values := map[string]string{
		"user": u.Name, "uid": strconv.Itoa(int(u.UID)), "gid": strconv.Itoa(int(u.GID)), "shell": u.Shell, "home": u.Home,
		"service": p.service.Name, "rhost": p.account.Addr, "tty": p.visitor.terminal,
	}
	var words []string
	for _, arg := range h.Args {
		switch arg {
		case "debug", "use_uid", "quiet", "quiet_success", "quiet_fail", "audit":
		default:
			words = append(words, arg)
		}
	}
	for ; len(words) >= 3; words = words[3:] {
		value, known := values[words[0]]
		if !known {
			continue // of what nothing is known here it holds
		}
		if !p.holds(words[0], value, words[1], words[2]) {
			return pam.AuthErr
		}
	}
	return pam.Success
}

func (p *pamStack) holds(name, value, op, want string) bool {
	groups := func() bool {
		return slices.ContainsFunc(strings.Split(want, ":"), func(g string) bool { return slices.Contains(p.account.Groups, g) })
	}
	switch op {
	case "=", "!=":
		return (value == want) == (op == "=")
	case "=~", "!~":
		match, err := path.Match(want, value)
		return err == nil && match == (op == "=~")
	case "in", "notin":
		return slices.Contains(strings.Split(want, ":"), value) == (op == "in")
	case "ingroup", "notingroup":
		return name == "user" && groups() == (op == "ingroup")
	}
	a, err1 := strconv.Atoi(value)
	b, err2 := strconv.Atoi(want)
	if err1 != nil || err2 != nil {
		return false
	}
	switch op {
	case "eq":
		return a == b
	case "ne":
		return a != b
	case "lt":
		return a < b
	case "le":
		return a <= b
	case "gt":
		return a > b
	case "ge":
		return a >= b
	}
	return false
}
