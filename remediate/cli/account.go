package cli

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
)

// accountFlags say who must still get in.
type accountFlags struct {
	account   string
	addr      string
	keep      []string
	onLockout string
}

func (f *accountFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.account, "account", os.Getenv("SUDO_USER"), "account that must still be able to log in and use sudo (default: who called sudo)")
	flags.StringVar(&f.addr, "account-addr", "", "address that the account logs in from")
	flags.StringArrayVar(&f.keep, "keep-account", nil, "another account that must still be able to log in and use sudo; repeats")
	flags.StringVar(&f.onLockout, "on-lockout", string(engine.LockoutStop), "what a change that would lock one of them out does: stop the run before anything is written, or skip its rule")
}

func (f *accountFlags) check() error {
	if !slices.Contains([]string{string(engine.LockoutStop), string(engine.LockoutSkip)}, f.onLockout) {
		return fmt.Errorf("cannot use --on-lockout %q: it is stop or skip", f.onLockout)
	}
	return nil
}

// find looks the accounts up on the target.
func (f *accountFlags) find(files host.Files) ([]login.Account, error) {
	var list []login.Account
	if f.account == "" && len(f.keep) == 0 {
		return nil, nil
	}
	db, err := accounts.Read(files)
	if err != nil {
		return nil, err
	}
	add := func(name, addr, role string) error {
		if name == "" || slices.ContainsFunc(list, func(a login.Account) bool { return a.User == name }) {
			return nil
		}
		u, ok := db.User(name)
		if !ok {
			return fmt.Errorf("cannot look up account %s: %s does not have it", name, accounts.PasswdFile)
		}
		a := login.Account{User: name, Addr: addr, Role: role}
		for _, g := range db.Groups {
			if !g.Legacy && (g.GID == u.GID || slices.Contains(g.Members, name)) {
				a.Groups = append(a.Groups, g.Name)
			}
		}
		list = append(list, a)
		return nil
	}
	if err := add(f.account, f.addr, "the account that is running the build"); err != nil {
		return nil, err
	}
	for _, name := range f.keep {
		if err := add(name, "", "an account that is to be kept"); err != nil {
			return nil, err
		}
	}
	return list, nil
}
