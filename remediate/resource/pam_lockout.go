package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const (
	faillockModule = "pam_faillock.so"
	tallyModule    = "pam_tally2.so" // before Linux-PAM 1.4
	faillockConf   = "/etc/security/faillock.conf"
)

// pamLockoutKind is accounts being locked after wrong passwords. Its check tries it out: it walks the
// stacks with wrong passwords and then the right one.
func pamLockoutKind() Kind {
	return Kind{Name: "pam_lockout", New: newPAMLockout, Guard: guardPAM}
}

type pamLockout struct {
	name       string
	deny       int
	unlockTime int // 0: until root unlocks
	root       bool
	services   []string
}

func newPAMLockout(name string, decode Decode) (Resource, error) {
	var body struct {
		Deny       int      `hcl:"deny"`
		UnlockTime int      `hcl:"unlock_time"`
		Root       bool     `hcl:"root,optional"`
		Services   []string `hcl:"services,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if body.Deny < 1 || body.Deny > 100 {
		return nil, fmt.Errorf("deny is %d, and must be between 1 and 100", body.Deny)
	}
	if body.UnlockTime < 0 || body.UnlockTime > 604800 {
		return nil, fmt.Errorf("unlock_time is %d, and must be between 0 and 604800 seconds", body.UnlockTime)
	}
	l := pamLockout{name: name, deny: body.Deny, unlockTime: body.UnlockTime, root: body.Root}
	var err error
	l.services, err = pamServices(body.Services, "login", "sshd", "su", "sudo")
	return l, err
}

func (l pamLockout) Ref() rule.Ref { return rule.Ref{Kind: "pam_lockout", Name: l.name} }

// lockoutView adds the module's configuration file to what is known.
type lockoutView struct {
	*pamView
	conf []string // lines of faillock.conf
}

func (l pamLockout) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	unlock := fmt.Sprintf("for at least %d s", l.unlockTime)
	if l.unlockTime == 0 {
		unlock = "until root unlocks them"
	}
	o := rule.Observation{Expected: fmt.Sprintf("accounts are locked after at most %d wrong passwords, %s", l.deny, unlock)}
	if l.root {
		o.Expected += ", root too"
	}
	seen, err := viewPAM(h, l.services, faillockModule, tallyModule)
	if err != nil {
		return o, err
	}
	v := &lockoutView{pamView: seen}
	content, err := h.ReadFile(faillockConf)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, fmt.Errorf("cannot read %s: %w", faillockConf, err)
	}
	if len(content) > 0 {
		v.conf = strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	}
	v.services = slices.DeleteFunc(v.services, func(s *pam.Service) bool {
		_, other := s.Stack(pam.Auth)
		return other && s.Broken == ""
	})
	if len(v.services) == 0 {
		o.NotApplicable = "none of " + strings.Join(l.services, ", ") + " asks for a password here"
		return o, nil
	}
	o.State = v
	var names []string
	for _, s := range v.services {
		names = append(names, s.Name)
		for _, t := range []pam.Type{pam.Auth, pam.Account} {
			stack, _ := s.Stack(t)
			for _, i := range slices.Concat(find(stack, faillockModule), find(stack, tallyModule)) {
				o.Sources = addSource(o.Sources, source(stack[i], true))
				for _, name := range []string{"deny", "unlock_time"} {
					if opt, ok := v.machine.Options(stack[i]).Get(name); ok && !opt.Arg {
						o.Sources = addSource(o.Sources, rule.Source{Path: opt.Path, Line: opt.Line, Text: opt.Text, Wins: true})
					}
				}
			}
		}
	}
	flaws := l.flaws(v)
	if len(flaws) == 0 {
		o.Persisted = "locks in " + strings.Join(names, ", ")
		o.Message = fmt.Sprintf("%d wrong passwords lock an account in %s", l.deny, strings.Join(names, ", "))
		return o, nil
	}
	var found []string
	for _, f := range flaws {
		found = append(found, f.service+": "+f.what)
	}
	o.Persisted = strings.Join(found, "; ")
	o.Message = found[0]
	if len(found) > 1 {
		o.Message += fmt.Sprintf(", and %d more", len(found)-1)
	}
	return o, nil
}

func (l pamLockout) Diff(o rule.Observation) []rule.Change {
	v, ok := o.State.(*lockoutView)
	if !ok {
		return nil
	}
	var changes []rule.Change
	for _, f := range l.flaws(v) {
		changes = append(changes, f.changes...)
	}
	return once(changes)
}

func (l pamLockout) flaws(v *lockoutView) []pamFlaw {
	var flaws []pamFlaw
	for _, s := range v.services {
		add := func(what string, changes ...rule.Change) {
			flaws = append(flaws, pamFlaw{s.Name, what, changes})
		}
		if s.Broken != "" {
			add("libpam refuses every request: "+s.Broken, rule.Unfixable{Subject: s.Path, Reason: "libpam cannot use it: " + s.Broken, Of: rule.Persisted})
			continue
		}
		what := l.try(v.machine, s)
		if what != "" {
			// would it work if only the numbers were right?
			ideal := v.machine
			ideal.Options = func(pam.Handler) pam.Options { return l.ideal() }
			if l.try(ideal, s) != "" {
				add(what, append(l.build(v, s), l.numbers(v, s, true)...)...)
				continue
			}
		}
		numbers := l.numbers(v, s, false)
		if what == "" && len(numbers) > 0 {
			what = "the lock is too lenient or too short"
		}
		if what != "" {
			add(what, numbers...)
		}
	}
	return flaws
}

// try plays through what the rule is about. It returns what went wrong.
func (l pamLockout) try(m pam.Machine, s *pam.Service) string {
	right := pam.Person{Password: true, Member: true}
	wrong := pam.Person{Member: true}
	if !m.Login(s, right, &pam.Tally{}).In {
		return "" // no password gets in here, so there is nothing to lock
	}
	people := []struct {
		name string
		root bool
	}{{"an account", false}, {"root", true}}
	for _, who := range people {
		if who.root && !l.root {
			continue
		}
		right.Root, wrong.Root = who.root, who.root
		t := &pam.Tally{}
		for range l.deny {
			m.Login(s, wrong, t)
		}
		if m.Login(s, right, t).In {
			return fmt.Sprintf("%s is not locked after %d wrong passwords", who.name, l.deny)
		}
		if who.root {
			continue
		}
		t = &pam.Tally{}
		m.Login(s, wrong, t)
		if l.deny > 1 && m.Login(s, right, t).In && t.Failures > 0 {
			return "a right password does not reset the count of wrong ones"
		}
	}
	return ""
}

func (l pamLockout) ideal() pam.Options {
	opts := pam.Options{{Name: "deny", Value: strconv.Itoa(l.deny)}, {Name: "unlock_time", Value: strconv.Itoa(l.unlockTime)}}
	if l.root {
		opts = append(opts, pam.Option{Name: "even_deny_root"})
	}
	return opts
}

// numbers mends settings that are too lenient: in a module's line where an argument decides, and in
// faillock.conf otherwise. Whoever builds the lock says all of them.
func (l pamLockout) numbers(v *lockoutView, s *pam.Service, build bool) []rule.Change {
	var changes []rule.Change
	stack, _ := s.Stack(pam.Auth)
	conf := map[string]bool{}
	for _, i := range find(stack, faillockModule) {
		h := stack[i]
		opts := v.machine.Options(h)
		drop, add := map[string]bool{}, []string(nil)
		fix := func(name, value string) {
			if o, ok := opts.Get(name); ok && o.Arg {
				drop[name] = true
				add = append(add, name+"="+value)
				return
			}
			conf[name] = true
		}
		if deny, _ := opts.Number("deny", pam.FaillockDeny); deny < 1 || deny > l.deny {
			fix("deny", strconv.Itoa(l.deny))
		}
		if unlock, _ := opts.Number("unlock_time", pam.FaillockUnlockTime); unlock != 0 && (l.unlockTime == 0 || unlock < l.unlockTime) {
			fix("unlock_time", strconv.Itoa(l.unlockTime))
		}
		if _, even := opts.Get("even_deny_root"); l.root && !even {
			if _, timed := opts.Get("root_unlock_time"); !timed {
				conf["even_deny_root"] = true
			}
		}
		if len(add) > 0 && !build {
			changes = append(changes, replaceEntry(h, withArgs(h, func(arg string) bool {
				name, _, _ := strings.Cut(arg, "=")
				return drop[name]
			}, add)))
		}
	}
	if build && v.machine.Installed(faillockModule) && len(l.carried(stack)) == 0 {
		// a lock that is built here has its numbers in the module's own file
		opts := v.confOptions()
		if deny, at := opts.Number("deny", 0); at.Name == "" || deny < 1 || deny > l.deny {
			conf["deny"] = true
		}
		if unlock, at := opts.Number("unlock_time", 1); at.Name == "" || unlock != 0 && (l.unlockTime == 0 || unlock < l.unlockTime) {
			conf["unlock_time"] = true
		}
		_, even := opts.Get("even_deny_root")
		_, timed := opts.Get("root_unlock_time")
		conf["even_deny_root"] = l.root && !even && !timed
	}
	for _, o := range l.ideal() {
		if conf[o.Name] {
			changes = append(changes, v.setConf(o))
		}
	}
	return changes
}

// confOptions are the settings of faillock.conf with the lines that make them.
func (v *lockoutView) confOptions() pam.Options {
	var opts pam.Options
	for i, line := range v.conf {
		text, _, _ := strings.Cut(line, "#")
		name, value, _ := strings.Cut(strings.TrimSpace(text), "=")
		if name = strings.TrimSpace(name); name != "" {
			opts = append(opts, pam.Option{Name: name, Value: strings.TrimSpace(value), Path: faillockConf, Line: i + 1, Text: line})
		}
	}
	return opts
}

func (v *lockoutView) setConf(o pam.Option) rule.Change {
	line := o.Name
	if o.Value != "" {
		line += " = " + o.Value
	}
	edit := rule.Edit{Op: rule.Append, New: []string{line}}
	if old, ok := v.confOptions().Get(o.Name); ok {
		edit = rule.Edit{Op: rule.ReplaceLine, Line: old.Line, Old: old.Text, New: []string{line}}
	}
	return rule.EditFile{Path: faillockConf, Create: rule.Attr{Mode: 0o644}, Header: Header, Edits: []rule.Edit{edit}}
}

// carried are the numbers that a pam_faillock line of the stack already has as arguments; lines that
// are added get the same, so that all agree.
func (l pamLockout) carried(stack []pam.Handler) []string {
	for _, i := range find(stack, faillockModule) {
		var args []string
		for _, arg := range stack[i].Args {
			switch arg {
			case "preauth", "authfail", "authsucc":
			default:
				args = append(args, arg)
			}
		}
		if len(args) > 0 {
			return l.lenient(args)
		}
	}
	return nil
}

// lenient replaces numbers among arguments that do not satisfy the rule.
func (l pamLockout) lenient(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		name, value, _ := strings.Cut(arg, "=")
		n, err := strconv.Atoi(value)
		switch {
		case name == "deny" && (err != nil || n < 1 || n > l.deny):
			out[i] = "deny=" + strconv.Itoa(l.deny)
		case name == "unlock_time" && value != "never" && (err != nil || n != 0 && (l.unlockTime == 0 || n < l.unlockTime)):
			out[i] = "unlock_time=" + strconv.Itoa(l.unlockTime)
		}
	}
	return out
}

// build makes the lock: before the password is checked, after it was wrong, and when it was right.
func (l pamLockout) build(v *lockoutView, s *pam.Service) []rule.Change {
	stack, _ := s.Stack(pam.Auth)
	unix := find(stack, "pam_unix.so")
	if len(unix) != 1 {
		return []rule.Change{rule.Unfixable{Subject: s.Path, Of: rule.Persisted,
			Reason: fmt.Sprintf("the auth stack has %d lines of pam_unix.so, so it is not clear what to lock", len(unix))}}
	}
	u := unix[0]
	managed := v.isCommon(stack[u].Path)
	switch {
	case v.machine.Installed(faillockModule) && managed:
		return l.profiles(v, s, stack, u)
	case v.machine.Installed(faillockModule):
		return l.edits(v, s, stack, u)
	case v.machine.Installed(tallyModule) && managed:
		return []rule.Change{l.tallyProfile()}
	}
	return []rule.Change{notInstalled(faillockModule)}
}

// profiles makes the lock where pam-auth-update writes the stacks.
func (l pamLockout) profiles(v *lockoutView, s *pam.Service, stack []pam.Handler, u int) []rule.Change {
	args := ""
	if carried := l.carried(stack); len(carried) > 0 {
		args = " " + strings.Join(carried, " ")
	}
	first, last, misplaced := false, false, ""
	for _, i := range find(stack, faillockModule) {
		switch action := pam.FaillockAction(stack[i]); {
		case action == "preauth" && i < u:
			first = true
		case action == "authfail" && i > u:
			last = true
		default:
			misplaced = fmt.Sprintf("line %d of %s has pam_faillock.so in a place where it does not lock", stack[i].Line, stack[i].Path)
		}
	}
	if misplaced != "" && v.isCommon(stack[u].Path) && (first || last) {
		return []rule.Change{rule.Unfixable{Subject: stack[u].Path, Reason: misplaced, Of: rule.Persisted}}
	}
	var changes []rule.Change
	head, tail := "", ""
	if !first {
		head += "Auth-Type: Primary\nAuth:\n\trequisite\tpam_faillock.so preauth" + args + "\n"
	}
	account, _ := s.Stack(pam.Account)
	if len(find(account, faillockModule)) == 0 {
		head += "Account-Type: Primary\nAccount:\n\trequired\tpam_faillock.so\n"
	}
	if !last {
		tail = "Auth-Type: Primary\nAuth:\n\t[default=die]\tpam_faillock.so authfail" + args + "\n"
	}
	if tail != "" {
		changes = append(changes, rule.PAMProfile{Name: profilePrefix + "faillock", Content: []byte(
			"Name: Count wrong passwords (harden)\nDefault: yes\nPriority: 0\n" + tail)})
	}
	if head != "" {
		changes = append(changes, rule.PAMProfile{Name: profilePrefix + "faillock-preauth", Content: []byte(
			"Name: Refuse locked accounts (harden)\nDefault: yes\nPriority: 1024\n" + head)})
	}
	return changes
}

func (l pamLockout) tallyProfile() rule.Change {
	args := fmt.Sprintf("onerr=fail deny=%d", l.deny)
	if l.unlockTime > 0 {
		args += fmt.Sprintf(" unlock_time=%d", l.unlockTime)
	}
	if l.root {
		args += " even_deny_root"
	}
	return rule.PAMProfile{Name: profilePrefix + "tally2", Content: []byte(
		"Name: Lock accounts after wrong passwords (harden)\nDefault: yes\nPriority: 1024\n" +
			"Auth-Type: Primary\nAuth:\n\trequired\tpam_tally2.so " + args + "\nAccount-Type: Primary\nAccount:\n\trequired\tpam_tally2.so\n")}
}

// edits makes the lock in files that are kept by hand.
func (l pamLockout) edits(v *lockoutView, s *pam.Service, stack []pam.Handler, u int) []rule.Change {
	args := l.carried(stack)
	unix := stack[u]
	cannot := func(reason string) []rule.Change {
		return []rule.Change{rule.Unfixable{Subject: unix.Path, Reason: reason, Of: rule.Persisted}}
	}
	var changes []rule.Change
	first, last := false, false
	for _, i := range find(stack, faillockModule) {
		switch action := pam.FaillockAction(stack[i]); {
		case action == "preauth" && i < u && stack[i].Actions[pam.AuthErr] != pam.ActIgnore:
			first = true
		case action == "authfail" && i == u+1:
			last = true
		case v.isCommon(stack[i].Path):
			return cannot(fmt.Sprintf("line %d comes from a profile of pam-auth-update", stack[i].Line))
		case i == u+1 && stack[i].Path == unix.Path:
			// a line behind pam_unix that does not count becomes the one that does
			changes = append(changes, replaceEntry(stack[i], pamLine(pam.Auth, "[default=die]", faillockModule, append([]string{"authfail"}, args...))))
			last = true
		default:
			changes = append(changes, removeEntry(stack[i]))
		}
	}
	added := 0
	if !last {
		if !landsBehind(stack, u-1) {
			return cannot(fmt.Sprintf("a jump passes line %d, so nothing can be put behind it", unix.Line))
		}
		at, _ := lineIn(unix, unix.Path)
		at.after = true
		changes = append(changes, at.edit(pamLine(pam.Auth, "[default=die]", faillockModule, append([]string{"authfail"}, args...))))
		added = 1
	}
	control, ok := passOver(unix, landing(stack, u) > u+1, added)
	if !ok {
		return cannot(fmt.Sprintf("the control of line %d cannot be made to pass over another one", unix.Line))
	}
	if control != "" {
		changes = append(changes, replaceEntry(unix, swapControl(unix, control)))
	}
	if !first {
		at, ok := spot(stack, unix.Path, u, -1)
		if !ok {
			return cannot(fmt.Sprintf("there is no place before line %d that jumps leave alone", unix.Line))
		}
		changes = append(changes, at.edit(pamLine(pam.Auth, "required", faillockModule, append([]string{"preauth"}, args...))))
	}
	return append(changes, l.account(v, s)...)
}

// passOver gives the control with which pam_unix passes over the line behind it when the password is
// right; empty when it can stay as it is.
func passOver(unix pam.Handler, jumps bool, added int) (control string, ok bool) {
	switch unix.Actions[pam.Success] {
	case pam.ActDone:
		return "", true // ends the stack anyway
	case pam.ActOK:
		if jumps {
			return "", false
		}
		return "[success=1 default=bad]", true
	}
	if n := int(unix.Actions[pam.Success]); n > 0 {
		old := fmt.Sprintf("success=%d", n)
		if added == 0 || strings.Count(unix.Control, "=") < 2 || !strings.Contains(unix.Control+" ", old+" ") {
			return "", added == 0
		}
		return "[" + strings.Replace(unix.Control, old, fmt.Sprintf("success=%d", n+added), 1) + "]", true
	}
	return "", false
}

// swapControl is an entry's line with another control.
func swapControl(h pam.Handler, control string) string {
	if len(h.Raw) == 1 {
		if before, after, ok := strings.Cut(h.Raw[0], controlText(h)); ok {
			return before + control + after
		}
	}
	return pamLine(h.Type, control, h.Module, h.Args)
}

// account adds what resets the count once somebody got in.
func (l pamLockout) account(v *lockoutView, s *pam.Service) []rule.Change {
	stack, other := s.Stack(pam.Account)
	if other || len(find(stack, faillockModule)) > 0 {
		return nil
	}
	unix := find(stack, "pam_unix.so")
	if len(unix) == 0 || v.isCommon(stack[unix[0]].Path) {
		return nil
	}
	at, ok := spot(stack, stack[unix[0]].Path, unix[0], -1)
	if !ok {
		return nil
	}
	return []rule.Change{at.edit(pamLine(pam.Account, "required", faillockModule, nil))}
}
