package resource

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/keyvalue"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// nobodyID is the account that stands for none, which belongs to the system for all its number.
const nobodyID = 65534

func viewAccounts(h host.Reader, now time.Time) (accountsView, error) {
	var v accountsView
	var err error
	if v.Database, err = accounts.Read(h); err != nil {
		return v, err
	}
	if v.shells, err = accounts.Shells(h); err != nil {
		return v, err
	}
	first, err := firstUserID(h)
	if err != nil {
		return v, err
	}
	v.system = func(uid uint32) bool { return int64(uid) < first || uid == nobodyID }
	v.today = int(now.Unix() / (24 * 60 * 60))
	for _, p := range []string{"/usr/sbin/nologin", "/sbin/nologin"} {
		if _, err := h.Stat(p); err == nil {
			v.nologin = p
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return v, fmt.Errorf("cannot look for nologin: %w", err)
		}
	}
	return v, nil
}

// firstUserID is UID_MIN of login.defs, where people's accounts start; 1000 without it, as useradd has it.
func firstUserID(h host.Reader) (int64, error) {
	defs, err := keyvalue.Read(h, loginDefs)
	if err != nil {
		return 0, err
	}
	e, ok := defs.Last("UID_MIN")
	if !ok {
		return 1000, nil
	}
	n, err := defs.Format.Numbers(e.Value)
	if err != nil {
		return 0, fmt.Errorf("cannot tell system accounts from others: %s:%d: UID_MIN is not a number", e.Path, e.Line)
	}
	return n, nil
}

// interactive reports whether a login as the user takes commands.
func (v accountsView) interactive(u accounts.User) bool {
	return accounts.Interactive(u.Shell, v.shells)
}

// lock gives the change after which no password fits, and why there is none.
func (v accountsView) lock(u accounts.User) (changes []rule.Change, stuck string) {
	if !u.Password.Shadowed() {
		if u.Password.Empty() {
			// The shadow file's password counts then, or none where it has no entry.
			changes = append(changes, v.field(accounts.PasswdFile, u.Line, accounts.PasswordField, "x"))
			if s, ok := v.Shadow(u.Name); ok && s.Password.Empty() {
				changes = append(changes, v.field(accounts.ShadowFile, s.Line, accounts.PasswordField, "!"))
			}
			return changes, ""
		}
		return nil, "its password stands in passwd, which another demand moves to the shadow file first"
	}
	s, ok := v.Shadow(u.Name)
	if !ok {
		return nil, "it has no entry in the shadow file"
	}
	return []rule.Change{v.field(accounts.ShadowFile, s.Line, accounts.PasswordField, "!"+string(s.Password))}, ""
}

// secret reports whether a line of a file may hold a hash, so that none of it is shown. passwd and
// group do so only in bad hands; lines that are not understood count.
func (v accountsView) secret(path string) bool {
	harmless := func(s accounts.Secret) bool { return s.Shadowed() || s.Empty() || s == "!" || s == "*" }
	for _, p := range v.Problems {
		if p.Path == path {
			return true
		}
	}
	switch path {
	case accounts.PasswdFile:
		return slices.ContainsFunc(v.Users, func(u accounts.User) bool { return !harmless(u.Password) })
	case accounts.GroupFile:
		return slices.ContainsFunc(v.Groups, func(g accounts.Group) bool { return !harmless(g.Password) })
	}
	return true
}
