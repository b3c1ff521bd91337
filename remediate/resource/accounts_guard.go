package resource

import (
	"context"
	"fmt"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
)

// guardAccounts refuses a plan that takes away a login that works: that of the account that runs the
// build, or with every account's password a shell from root.
func guardAccounts(_ context.Context, p Proposal) error {
	if p.Account == nil {
		return nil
	}
	now := time.Now()
	before, err := viewAccounts(p.Before, now)
	if err != nil {
		return err
	}
	after, err := viewAccounts(p.After, now)
	if err != nil {
		return err
	}
	old, known := before.User(p.Account.User)
	if !known {
		return nil // not one of these files' accounts
	}
	u, kept := after.User(p.Account.User)
	switch {
	case !kept:
		return fmt.Errorf("the account %s, which runs the build, would be gone", old.Name)
	case before.interactive(old) && !after.interactive(u):
		return fmt.Errorf("the account %s, which runs the build, would have no shell", u.Name)
	}
	oldPassword, _ := before.Password(old)
	password, _ := after.Password(u)
	if !oldPassword.Locked() && password.Locked() {
		return fmt.Errorf("the account %s, which runs the build, would be locked", u.Name)
	}
	oldShadow, _ := before.Shadow(old.Name)
	shadow, _ := after.Shadow(u.Name)
	if !passwordExpired(oldShadow, before.today) && passwordExpired(shadow, after.today) {
		return fmt.Errorf("the password of the account %s, which runs the build, would have expired", u.Name)
	}
	return nil
}

// passwordExpired reports whether PAM asks for a new password before it lets the account in.
func passwordExpired(s accounts.Shadow, today int) bool {
	if s.LastChange < 0 {
		return false
	}
	return s.LastChange == 0 || s.Max >= 0 && today-s.LastChange > s.Max
}
