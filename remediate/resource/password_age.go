package resource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// passwordAgeKind is how long the passwords of existing accounts hold. New accounts get what
// login.defs and useradd's defaults say; those are key_value's. The guard of accounts judges its changes.
func passwordAgeKind() Kind {
	return Kind{Name: "password_age", New: newPasswordAge}
}

type passwordAge struct {
	name                     string
	max, min, warn, inactive *int
	except                   []string
	now                      func() time.Time
}

func newPasswordAge(name string, decode Decode) (Resource, error) {
	var body struct {
		Max      *int      `hcl:"max,optional"`
		Min      *int      `hcl:"min,optional"`
		Warn     *int      `hcl:"warn,optional"`
		Inactive *int      `hcl:"inactive,optional"`
		Except   *[]string `hcl:"except,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	p := passwordAge{name: name, max: body.Max, min: body.Min, warn: body.Warn, inactive: body.Inactive, now: time.Now}
	if body.Except != nil {
		p.except = *body.Except
	}
	given := 0
	for _, n := range []*int{p.max, p.min, p.warn, p.inactive} {
		if n == nil {
			continue
		}
		given++
		if *n < 0 || *n > 99999 {
			return nil, fmt.Errorf("%d is not a number of days between 0 and 99999", *n)
		}
	}
	switch {
	case given == 0:
		return nil, errors.New("at least one of max, min, warn and inactive is needed")
	case p.max != nil && *p.max == 0:
		return nil, errors.New("max 0 would let every password expire at once")
	case p.max != nil && p.min != nil && *p.min > *p.max:
		return nil, fmt.Errorf("min %d is above max %d, so that no password could be changed", *p.min, *p.max)
	}
	return p, accountNames(p.except)
}

func (p passwordAge) Ref() rule.Ref { return rule.Ref{Kind: "password_age", Name: p.name} }

func (p passwordAge) expected() string {
	var parts []string
	for _, b := range []struct {
		days *int
		text string
	}{
		{p.max, "expire after at most %d days"}, {p.min, "hold for at least %d days"},
		{p.warn, "warn at least %d days before they expire"}, {p.inactive, "lock their account at most %d days after they have expired"},
	} {
		if b.days != nil {
			parts = append(parts, fmt.Sprintf(b.text, *b.days))
		}
	}
	text := "passwords " + strings.Join(parts, ", ")
	if len(p.except) > 0 {
		text += ", but for " + strings.Join(p.except, ", ")
	}
	return text
}

func (p passwordAge) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: p.expected()}
	v, err := viewAccounts(h, p.now())
	if err != nil {
		return o, err
	}
	var flaws []accountsFlaw
	held, left := 0, 0
	for _, u := range v.Users {
		password, found := v.Password(u)
		if u.Legacy || !found || password.Locked() || password.Algorithm() == "" {
			continue // nobody gets in with a password, so that none can get old
		}
		if slices.Contains(p.except, u.Name) {
			left++
			continue
		}
		held++
		flaws = append(flaws, p.judge(v, u)...)
	}
	o.State = flaws
	o.Persisted = fmt.Sprintf("%d accounts have a password", held)
	if left > 0 {
		o.Persisted += fmt.Sprintf(", and %d are left out", left)
	}
	describeFlaws(&o, flaws, o.Persisted+" that holds as long as it should")
	return o, nil
}

// judge compares one account's ages.
func (p passwordAge) judge(v accountsView, u accounts.User) []accountsFlaw {
	s, ok := v.Shadow(u.Name)
	if !ok {
		f := userFlaw(u, "has a password without ages")
		f.stuck = "it has no entry in the shadow file"
		return []accountsFlaw{f}
	}
	var flaws []accountsFlaw
	add := func(field, is, to int, what, never string) {
		text := never
		if is >= 0 {
			text = fmt.Sprintf(what, is)
		}
		f := accountsFlaw{
			what: fmt.Sprintf("%s (%s:%d) %s", strconv.Quote(u.Name), accounts.ShadowFile, s.Line.Number, text),
			path: accounts.ShadowFile, line: s.Line,
		}
		switch {
		case !s.Whole:
			f.stuck = "the line has not the fields of an entry"
		case p.shuts(s, v.today):
			f.stuck = "the password is so old that the account would be shut at once; change the password, or lock the account"
		default:
			f.changes = []rule.Change{v.field(accounts.ShadowFile, s.Line, field, strconv.Itoa(to))}
		}
		flaws = append(flaws, f)
	}
	if s.LastChange < 0 && (p.max != nil || p.inactive != nil) {
		return []accountsFlaw{{
			what: fmt.Sprintf("%s (%s:%d) has a password that never expires, as the day of its change is not set", strconv.Quote(u.Name), accounts.ShadowFile, s.Line.Number),
			path: accounts.ShadowFile, line: s.Line, stuck: "when the password was changed is not known; chage -d sets the day",
		}}
	}
	if p.max != nil && (s.Max < 1 || s.Max > *p.max) {
		add(accounts.MaxField, s.Max, *p.max, "has a password that expires after %d days", "has a password that never expires")
	}
	if p.min != nil && s.Min < *p.min {
		add(accounts.MinField, s.Min, *p.min, "has a password that may be changed again after %d days", "has a password that may be changed again at once")
	}
	if p.warn != nil && s.Warn < *p.warn {
		add(accounts.WarnField, s.Warn, *p.warn, "is warned %d days ahead of expiry", "is not warned ahead of expiry")
	}
	if p.inactive != nil && (s.Inactive < 0 || s.Inactive > *p.inactive) {
		add(accounts.InactiveField, s.Inactive, *p.inactive, "is locked %d days after its password has expired", "is never locked after its password has expired")
	}
	return flaws
}

// shuts reports whether the wanted ages would keep an account out that gets in today.
func (p passwordAge) shuts(s accounts.Shadow, today int) bool {
	then := s
	if p.max != nil && (s.Max < 1 || s.Max > *p.max) {
		then.Max = *p.max
	}
	if p.inactive != nil && s.Max >= 0 && today-s.LastChange > s.Max {
		return true // it has expired, and could only still be changed
	}
	return !passwordExpired(s, today) && passwordExpired(then, today)
}

func (p passwordAge) Diff(o rule.Observation) []rule.Change {
	flaws, _ := o.State.([]accountsFlaw)
	return flawChanges(flaws)
}

// passwordExpired reports whether PAM asks for a new password before it lets the account in.
func passwordExpired(s accounts.Shadow, today int) bool {
	if s.LastChange < 0 {
		return false
	}
	return s.LastChange == 0 || s.Max >= 0 && today-s.LastChange > s.Max
}
