package pam

import (
	"slices"
	"strconv"
	"strings"
)

// Machine is what the models of modules need to know beyond the stack.
type Machine struct {
	Dialect Dialect
	// Installed reports whether a module's file exists.
	Installed func(module string) bool
	// Options gives the settings of an entry of a stack.
	Options func(h Handler) Options
	// Strangers says what modules answer of which nothing is known here; the caller tries both.
	Strangers bool
}

// Person is who tries to get in.
type Person struct {
	// Password is right; Root is the account that is asked for; ByRoot says that root asks.
	Password, Root, ByRoot bool
	// Member says that whoever asks is in the group that pam_wheel wants.
	Member bool
}

// Tally is what is remembered between attempts: failures counted against the account.
type Tally struct{ Failures int }

// answer is the model of a module: what it returns to this person, and what it counts.
func (m Machine) answer(h Handler, p Person, t *Tally, w *change) Code {
	if !m.Installed(h.Module) {
		return ModuleUnknown
	}
	switch Base(h.Module) {
	case "pam_permit.so":
		return Success
	case "pam_deny.so":
		return denial(h.Type)
	case "pam_unix.so", "pam_unix2.so", "pam_pwdb.so":
		switch h.Type {
		case Auth:
			if !p.Password {
				return AuthErr
			}
		case Password:
			return w.ask(h)
		}
		return Success
	case "pam_pwquality.so", "pam_cracklib.so", "pam_passwdqc.so", "pam_pwhistory.so":
		if h.Type == Password {
			return w.ask(h)
		}
		return Ignore
	case "pam_faillock.so":
		return m.faillock(h, p, t)
	case "pam_tally2.so", "pam_tally.so":
		return m.tally2(h, p, t)
	case "pam_rootok.so":
		if p.ByRoot {
			return Success
		}
		return AuthErr
	case "pam_wheel.so":
		return wheel(h, p)
	case "pam_succeed_if.so":
		return succeedIf(h, p)
	case "pam_warn.so", "pam_env.so", "pam_group.so", "pam_faildelay.so", "pam_nologin.so", "pam_echo.so",
		"pam_motd.so", "pam_mail.so", "pam_cap.so", "pam_keyinit.so", "pam_umask.so", "pam_gnome_keyring.so",
		"pam_ecryptfs.so", "pam_fscrypt.so", "pam_issue.so", "pam_selinux_permit.so", "pam_sepermit.so":
		if h.Type == Auth || h.Type == Account {
			return Ignore
		}
		return Success
	case "pam_access.so", "pam_time.so", "pam_securetty.so", "pam_shells.so", "pam_localuser.so",
		"pam_usertype.so", "pam_limits.so", "pam_lastlog.so", "pam_loginuid.so", "pam_systemd.so",
		"pam_selinux.so", "pam_mkhomedir.so", "pam_oddjob_mkhomedir.so", "pam_tty_audit.so", "pam_namespace.so",
		"pam_xauth.so", "pam_systemd_home.so", "pam_apparmor.so":
		return Success
	case "pam_sss.so", "pam_ldap.so", "pam_krb5.so", "pam_winbind.so", "pam_aad.so", "pam_himmelblau.so":
		// these know other accounts than the local one that is tried here
		switch h.Type {
		case Session:
			return Success
		case Account, Auth, Password:
			return UserUnknown
		}
	}
	if m.Strangers {
		return Success
	}
	return denial(h.Type)
}

func denial(t Type) Code {
	switch t {
	case Password:
		return AuthtokErr
	case Session:
		return SessionErr
	case Account:
		return PermDenied
	}
	return AuthErr
}

// faillockDefaults are deny and unlock_time of pam_faillock without any setting.
const (
	FaillockDeny       = 3
	FaillockUnlockTime = 600
)

// number reads a setting as the module's sscanf does; a bad one leaves the default.
func (o Options) number(name string, fallback int) int {
	n := fallback
	for _, opt := range o {
		if opt.Name != name {
			continue
		}
		if opt.Value == "never" {
			n = 0
		} else if v, ok := leadingNumber(opt.Value); ok {
			n = v
		}
	}
	return n
}

// Number gives the numeric setting in force, and the option that sets it when there is one. The word
// never is 0.
func (o Options) Number(name string, fallback int) (int, Option) {
	at, _ := o.Get(name)
	return o.number(name, fallback), at
}

func leadingNumber(s string) (int, bool) {
	s = strings.TrimLeft(s, " \t")
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	return n, err == nil
}

func (m Machine) locked(opts Options, p Person, t *Tally) bool {
	if p.Root {
		_, even := opts.Get("even_deny_root")
		if _, timed := opts.Get("root_unlock_time"); !even && !timed {
			return false
		}
	}
	deny := opts.number("deny", FaillockDeny)
	return deny > 0 && t.Failures >= deny
}

// FaillockAction is what a pam_faillock line of an auth stack does; without a word it is preauth.
func FaillockAction(h Handler) string {
	action := "preauth"
	for _, arg := range h.Args {
		if arg == "preauth" || arg == "authfail" || arg == "authsucc" {
			action = arg
		}
	}
	return action
}

func (m Machine) faillock(h Handler, p Person, t *Tally) Code {
	opts := m.Options(h)
	locked := m.locked(opts, p, t)
	switch h.Type {
	case Account:
		t.Failures = 0 // the account phase resets the count, come what may
		return Success
	case Auth:
		switch FaillockAction(h) {
		case "authfail":
			if locked {
				return AuthErr
			}
			t.Failures++
			return Ignore
		case "authsucc":
			if locked {
				return AuthErr
			}
			t.Failures = 0
			return Success
		}
		if locked {
			return AuthErr
		}
		return Success
	}
	return ModuleUnknown // the module has no such function
}

// tally2 counts every attempt when it comes and takes it back when the account phase is reached.
func (m Machine) tally2(h Handler, p Person, t *Tally) Code {
	opts := m.Options(h)
	switch h.Type {
	case Account:
		t.Failures = 0
		return Success
	case Auth:
		t.Failures++
		deny := opts.number("deny", 0)
		_, even := opts.Get("even_deny_root")
		if deny > 0 && t.Failures > deny && (!p.Root || even) {
			return AuthErr
		}
		return Success
	}
	return ModuleUnknown
}

func wheel(h Handler, p Person) Code {
	has := func(arg string) bool { return slices.Contains(h.Args, arg) }
	if h.Type != Auth && h.Type != Account {
		return ModuleUnknown
	}
	if has("root_only") && !p.Root {
		return Ignore
	}
	in := p.Member
	switch {
	case has("deny") && in:
		return PermDenied
	case has("deny"):
		if has("trust") {
			return Success
		}
		return Ignore
	case in && has("trust"):
		return Success
	case in:
		return Ignore
	}
	return PermDenied
}

// succeedIf evaluates the tests on uid that stacks use to tell people from services; others hold.
func succeedIf(h Handler, p Person) Code {
	uid := 1000
	if p.Root {
		uid = 0
	}
	for i := 0; i+2 < len(h.Args); i++ {
		if h.Args[i] != "uid" {
			continue
		}
		n, err := strconv.Atoi(h.Args[i+2])
		if err != nil {
			continue
		}
		holds := true
		switch h.Args[i+1] {
		case "eq":
			holds = uid == n
		case "ne":
			holds = uid != n
		case "lt":
			holds = uid < n
		case "le":
			holds = uid <= n
		case "gt":
			holds = uid > n
		case "ge":
			holds = uid >= n
		}
		if !holds {
			return AuthErr
		}
	}
	return Success
}

// change is the state of one password change: whether some module has asked for the new password.
type change struct{ asked bool }

// ask models a module that needs the new password: with use_authtok it must have been asked for.
func (w *change) ask(h Handler) Code {
	if slices.Contains(h.Args, "use_authtok") {
		if !w.asked {
			return AuthtokErr
		}
		return Success
	}
	w.asked = true
	return Success
}

// Walk walks one stack with the models of modules. override, when it says so, answers in their place.
func (m Machine) Walk(stack []Handler, p Person, t *Tally, override func(h Handler) (Code, bool)) Outcome {
	w := &change{}
	return Simulate(stack, func(_ int, h Handler) Code {
		if override != nil {
			if code, ok := override(h); ok {
				return code
			}
		}
		return m.answer(h, p, t, w)
	})
}

// Result is how far an attempt came. At is the entry that decided.
type Result struct {
	In    bool
	Phase string // the phase that refused
	Code  Code
	At    *Handler
}

// Login tries to get in with a password: authentication, account and credentials, as login, sshd, su
// and sudo do.
func (m Machine) Login(s *Service, p Person, t *Tally) Result {
	if s.Broken != "" {
		return Result{Phase: "auth", Code: Abort}
	}
	stack, _ := s.Stack(Auth)
	auth := m.Walk(stack, p, t, nil)
	if auth.Code != Success {
		return refused("auth", stack, auth)
	}
	if r := m.Admit(s, p, t); !r.In {
		return r
	}
	cred := SimulateAgain(stack, auth, m.Dialect, func(_ int, h Handler) Code { return m.credentials(h) })
	if cred.Code != Success {
		return refused("setcred", stack, cred)
	}
	return Result{In: true, Code: Success}
}

// Admit is the account phase alone, which is all that a login with a key or a sudo without a password
// goes through.
func (m Machine) Admit(s *Service, p Person, t *Tally) Result {
	if s.Broken != "" {
		return Result{Phase: "account", Code: Abort}
	}
	stack, _ := s.Stack(Account)
	out := m.Walk(stack, p, t, nil)
	if out.Code != Success && out.Code != NewAuthtokReqd {
		return refused("account", stack, out)
	}
	return Result{In: true, Code: Success}
}

// Open opens a session.
func (m Machine) Open(s *Service, p Person) Result {
	if s.Broken != "" {
		return Result{Phase: "session", Code: Abort}
	}
	stack, _ := s.Stack(Session)
	out := m.Walk(stack, p, &Tally{}, nil)
	if out.Code != Success {
		return refused("session", stack, out)
	}
	return Result{In: true, Code: Success}
}

// ChangePassword sets a new password that every module likes.
func (m Machine) ChangePassword(s *Service, p Person) Result {
	if s.Broken != "" {
		return Result{Phase: "password", Code: Abort}
	}
	stack, _ := s.Stack(Password)
	out := m.Walk(stack, p, &Tally{}, nil)
	if out.Code != Success {
		return refused("password", stack, out)
	}
	return Result{In: true, Code: Success}
}

// credentials models pam_setcred, where hardly a module has an opinion.
func (m Machine) credentials(h Handler) Code {
	switch {
	case !m.Installed(h.Module):
		return ModuleUnknown
	case Base(h.Module) == "pam_deny.so":
		return CredErr
	}
	return Success
}

func refused(phase string, stack []Handler, out Outcome) Result {
	r := Result{Phase: phase, Code: out.Code}
	if out.Decider >= 0 {
		r.At = &stack[out.Decider]
	}
	return r
}
