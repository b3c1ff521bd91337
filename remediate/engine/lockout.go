package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// OnLockout says what becomes of a run when one of its changes would lock an account out.
type OnLockout string

const (
	// LockoutStop refuses the whole plan.
	LockoutStop OnLockout = "stop"
	// LockoutSkip leaves out the rules that would do it, which then fail with the reason.
	LockoutSkip OnLockout = "skip"
)

// LockoutError is a plan after which an account could no longer get in.
type LockoutError struct {
	Rules []LockedOut
	// Unnamed is set where no rule by itself is to blame.
	Unnamed []login.Obstacle
}

// LockedOut is a rule that would lock accounts out, and how.
type LockedOut struct {
	Rule string
	Lost []login.Obstacle
}

func (l LockedOut) String() string { return "rule " + l.Rule + ": " + obstacles(l.Lost) }

func obstacles(list []login.Obstacle) string {
	texts := make([]string, len(list))
	for i, o := range list {
		texts[i] = o.String()
	}
	return strings.Join(texts, "; ")
}

func (e *LockoutError) Error() string {
	var texts []string
	for _, r := range e.Rules {
		texts = append(texts, r.String())
	}
	if len(e.Unnamed) > 0 {
		texts = append(texts, obstacles(e.Unnamed))
	}
	return strings.Join(texts, "; ")
}

// doorkeeper proves that accounts keep their logins. It knows what they can do today.
type doorkeeper struct {
	base    host.Reader
	options Options
	before  []login.Answer // by account
	boots   bool           // sshd starts at boot
}

func newDoorkeeper(h host.Reader, o Options) (*doorkeeper, error) {
	k := &doorkeeper{base: h, options: o}
	machine, err := login.Read(h, o.Now)
	if err != nil {
		return nil, fmt.Errorf("cannot tell who can log in: %w", err)
	}
	for _, a := range o.Accounts {
		answer, err := machine.Try(a)
		if err != nil {
			return nil, fmt.Errorf("cannot tell whether %s can log in: %w", a.User, err)
		}
		k.before = append(k.before, answer)
	}
	k.boots, err = serverBoots(h)
	return k, err
}

// lost is what a plan would take from the accounts.
func (k *doorkeeper) lost(pl *plan.Plan) ([]login.Obstacle, error) {
	machine, err := login.Read(pl.After, k.options.Now)
	if err != nil {
		return nil, fmt.Errorf("cannot tell who could log in after the plan: %w", err)
	}
	boots, err := serverBoots(pl.After)
	if err != nil {
		return nil, err
	}
	var lost []login.Obstacle
	for i, a := range k.options.Accounts {
		answer, err := machine.Try(a)
		if err != nil {
			return nil, fmt.Errorf("cannot tell whether %s could log in after the plan: %w", a.User, err)
		}
		lost = append(lost, login.Lost(a, k.before[i], answer)...)
		if k.before[i].SSH.OK() && k.boots && !boots {
			lost = append(lost, login.Obstacle{Reason: a.String() + " could no longer log in over ssh: no unit would start sshd at boot"})
		}
		for _, s := range pl.Steps {
			if name := neededPackage(s, k.before[i]); name != "" {
				lost = append(lost, login.Obstacle{Reason: a.String() + " could no longer get in: the package " + name + " would be removed"})
			}
		}
	}
	return lost, nil
}

// neededPackage is what a step removes that a login goes through.
func neededPackage(s plan.Step, had login.Answer) string {
	remove, ok := s.Change.(rule.RemovePackage)
	if !ok {
		return ""
	}
	for _, name := range slices.Concat(remove.Names, remove.Along) {
		switch name {
		case "openssh-server", "openssh-sftp-server", "openssh":
			if had.SSH.OK() {
				return name
			}
		case "sudo", "sudo-ldap":
			if had.Sudo.OK() {
				return name
			}
		}
	}
	return ""
}

// serverBoots reports whether the next boot starts sshd, by itself or when somebody connects.
func serverBoots(h host.Files) (bool, error) {
	for _, name := range []string{"ssh.service", "sshd.service", "ssh.socket", "sshd.socket"} {
		st, err := unitfile.Look(h, name)
		if err != nil {
			return false, err
		}
		if st.State == unitfile.Enabled || st.State == unitfile.Alias && len(st.Wants) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// keepLogins gives the plan that leaves every account its login. Rules that would not are named; they
// stop the run or are left out of it, as the options say.
func keepLogins(h host.Reader, findings []Finding, entries []plan.Entry, pl *plan.Plan, o Options) (*plan.Plan, error) {
	if len(o.Accounts) == 0 || len(pl.Steps) == 0 {
		return pl, nil
	}
	k, err := newDoorkeeper(h, o)
	if err != nil {
		return nil, err
	}
	lost, err := k.lost(pl)
	if err != nil || len(lost) == 0 {
		return pl, err
	}
	kept, blamed, err := k.separate(entries, pl, lost)
	if err != nil {
		return nil, err
	}
	if o.OnLockout != LockoutSkip || len(blamed) == 0 {
		e := &LockoutError{Rules: blamed}
		if len(blamed) == 0 {
			e.Unnamed = lost
		}
		return nil, fmt.Errorf("refused, nothing was changed: %w", e)
	}
	for i := range findings {
		for _, b := range blamed {
			if findings[i].Rule.ID == b.Rule {
				findings[i].Refused = "would lock an account out: " + obstacles(b.Lost)
			}
		}
	}
	return kept, nil
}

// separate finds the rules without which nothing would be lost. Those that change what the obstacles
// name are looked at one by one, on top of all others; where that does not help, every rule is.
func (k *doorkeeper) separate(entries []plan.Entry, pl *plan.Plan, lost []login.Obstacle) (*plan.Plan, []LockedOut, error) {
	var all, suspects []string
	for _, s := range pl.Steps {
		for _, id := range s.Rules {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
			if k.mentioned(s, lost) && !slices.Contains(suspects, id) {
				suspects = append(suspects, id)
			}
		}
	}
	for _, try := range [][]string{suspects, all} {
		kept, blamed, err := k.oneByOne(entries, all, try)
		if err != nil || kept != nil {
			return kept, blamed, err
		}
	}
	return nil, nil, nil
}

// mentioned reports whether a step changes a file that an obstacle names. What is about no file could
// be anybody's.
func (k *doorkeeper) mentioned(s plan.Step, lost []login.Obstacle) bool {
	target, err := k.base.Resolve(s.Target)
	for _, o := range lost {
		if len(o.At) == 0 && s.Write == nil {
			return true
		}
		for _, p := range o.At {
			if at, e := k.base.Resolve(p.Path); p.Path == s.Target || err == nil && e == nil && at == target {
				return true
			}
		}
	}
	return false
}

// oneByOne starts with the rules that are not suspects and adds those that take nothing away. It gives
// no plan where already the first ones do.
func (k *doorkeeper) oneByOne(entries []plan.Entry, all, suspects []string) (*plan.Plan, []LockedOut, error) {
	kept := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return slices.Contains(suspects, id) })
	pl, lost, err := k.try(entries, kept)
	if err != nil || len(lost) > 0 {
		return nil, nil, err
	}
	var blamed []LockedOut
	for _, id := range suspects {
		with, lost, err := k.try(entries, append(slices.Clone(kept), id))
		switch {
		case err != nil:
			return nil, nil, err
		case len(lost) > 0:
			blamed = append(blamed, LockedOut{id, lost})
		default:
			pl, kept = with, append(kept, id)
		}
	}
	return pl, blamed, nil
}

func (k *doorkeeper) try(entries []plan.Entry, rules []string) (*plan.Plan, []login.Obstacle, error) {
	some := slices.DeleteFunc(slices.Clone(entries), func(e plan.Entry) bool { return !slices.Contains(rules, e.Rule) })
	pl, err := plan.New(k.base, some)
	if err != nil {
		return nil, nil, err
	}
	lost, err := k.lost(pl)
	return pl, lost, err
}

// Lockout gives the refusal within an error, where it is one.
func Lockout(err error) (*LockoutError, bool) {
	var e *LockoutError
	return e, errors.As(err, &e)
}
