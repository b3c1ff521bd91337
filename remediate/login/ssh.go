package login

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
)

// Conn is an account's connection as sshd sees it. Without UseDNS sshd takes the address for the name.
func Conn(c *sshd.Config, a Account) sshd.Conn {
	conn := sshd.Conn{User: a.User, Groups: a.Groups, Addr: a.Addr, LPort: 22}
	if dns, err := c.Effective("UseDNS", sshd.Conn{}); err == nil && dns.String() == "no" {
		conn.Host = a.Addr
	}
	return conn
}

// ssh follows a login through sshd: the configuration, the account, the access lists, a method that
// the account has the proof for, and PAM.
func (m *Machine) ssh(a Account) (Access, error) {
	var out Access
	refuse := func(reason string, at ...Place) { out.Against = append(out.Against, Obstacle{reason, at}) }
	if m.sshd == nil {
		refuse("no OpenSSH server is installed")
		return out, nil
	}
	if len(m.sshd.Problems) > 0 {
		p := m.sshd.Problems[0]
		refuse("sshd would not start: "+p.Reason, Place(p.Place))
		return out, nil
	}
	conn := Conn(m.sshd, a)
	usePAM, err := m.setting("UsePAM", conn)
	if err != nil {
		return out, err
	}
	withPAM := usePAM.String() == "yes"
	if r, err := m.sshd.Admits(conn); err != nil {
		return out, err
	} else if r != nil {
		refuse("sshd would refuse it, "+r.Reason, places(r.At)...)
	}
	if out.Against, err = m.shell(out.Against, a, conn); err != nil {
		return out, err
	}
	if !withPAM {
		out.Against = append(out.Against, m.withoutPAM(a.User)...)
	}
	if u, known := m.user(a.User); known && u.UID != 0 && !withPAM { // else pam_nologin looks, or nobody
		if _, err := m.files.Stat("/etc/nologin"); err == nil {
			refuse("only root may log in while the file is there", Place{Path: "/etc/nologin"})
		}
	}
	if err := m.ways(&out, a, conn, withPAM); err != nil {
		return out, err
	}
	if withPAM {
		bad, err := m.pamAdmits("sshd", a, visitorOf(m, a, "ssh"), []pam.Type{pam.Account, pam.Session})
		if err != nil {
			return out, err
		}
		out.Against = append(out.Against, bad...)
	}
	return out, nil
}

// shell: sshd wants a program that can be run, and somebody who logs in one that takes commands.
func (m *Machine) shell(against []Obstacle, a Account, conn sshd.Conn) ([]Obstacle, error) {
	u, known := m.user(a.User)
	if !known {
		return against, nil
	}
	at := Place{Path: accounts.PasswdFile, Line: u.Line.Number}
	if !accounts.Interactive(u.Shell, m.shells) {
		return append(against, Obstacle{"its shell " + u.Shell + " takes no commands", []Place{at}}), nil
	}
	chroot, err := m.setting("ChrootDirectory", conn)
	if err != nil {
		return nil, err
	}
	if s := chroot.String(); s != "" && s != "none" {
		return against, nil // the shell is looked for in there
	}
	shell := u.Shell
	if shell == "" {
		shell = "/bin/sh"
	}
	info, err := m.files.Stat(shell)
	switch {
	case err != nil:
		against = append(against, Obstacle{"sshd would refuse it, because its shell " + shell + " does not exist", []Place{at}})
	case !info.Mode.IsRegular() || info.Mode&0o111 == 0 || !m.may(a, info.Mode, info.UID, info.GID, 1):
		against = append(against, Obstacle{"its shell cannot be run", []Place{{Path: shell}}})
	}
	return against, nil
}

// withoutPAM is what sshd looks at itself where PAM is off.
func (m *Machine) withoutPAM(user string) []Obstacle {
	u, known := m.user(user)
	if !known {
		return nil
	}
	var bad []Obstacle
	if secret, ok := m.accounts.Password(u); ok && strings.HasPrefix(string(secret), "!") {
		bad = append(bad, Obstacle{"sshd would refuse it, because the account is locked", m.passwordPlace(user)})
	}
	if s, ok := m.accounts.Shadow(user); ok && s.Expire >= 0 && m.today() > s.Expire {
		bad = append(bad, Obstacle{"sshd would refuse it, because the account has expired", m.passwordPlace(user)})
	}
	return bad
}

func (m *Machine) today() int { return int(m.now.Unix() / (24 * 60 * 60)) }

// ways finds the methods of sshd that are on and that the account has the proof for.
func (m *Machine) ways(out *Access, a Account, conn sshd.Conn, withPAM bool) error {
	chains, err := m.sshd.Logins(conn)
	if err != nil {
		return err
	}
	closed := map[string]*Obstacle{}
	why := func(method string) (*Obstacle, error) {
		if o, known := closed[method]; known {
			return o, nil
		}
		var o *Obstacle
		var err error
		switch method {
		case "publickey":
			o, err = m.keys(a, conn)
		case "password", "keyboard-interactive":
			o, err = m.typed(method, a, withPAM)
		}
		closed[method] = o
		return o, err
	}
	for _, chain := range chains {
		open := true
		for _, method := range strings.Split(chain, ",") {
			name, _, _ := strings.Cut(method, ":")
			o, err := why(name)
			if err != nil {
				return err
			}
			if o != nil {
				open = false
				if !slices.ContainsFunc(out.Missing, func(have Obstacle) bool { return have.Reason == o.Reason }) {
					out.Missing = append(out.Missing, *o)
				}
			}
		}
		if open {
			out.Ways = append(out.Ways, chain)
		}
	}
	decide, err := m.decidingLines(conn)
	if err != nil {
		return err
	}
	if len(decide) > 0 {
		out.Missing = append(out.Missing, Obstacle{"these lines say how anybody may log in", decide})
	}
	return nil
}

// decidingLines are those that turn ways of logging in on and off.
func (m *Machine) decidingLines(conn sshd.Conn) ([]Place, error) {
	var at []Place
	for _, k := range []string{"AuthenticationMethods", "PubkeyAuthentication", "PasswordAuthentication", "KbdInteractiveAuthentication", "AuthorizedKeysFile"} {
		s, err := m.setting(k, conn)
		if err != nil {
			return nil, err
		}
		at = append(at, places(s.From)...)
	}
	return at, nil
}

// typed is what keeps a password from being taken.
func (m *Machine) typed(method string, a Account, withPAM bool) (*Obstacle, error) {
	if method == "keyboard-interactive" && !withPAM {
		return &Obstacle{"keyboard-interactive needs PAM, which is off", nil}, nil
	}
	if !m.password(a.User) {
		return &Obstacle{"it has no password", m.passwordPlace(a.User)}, nil
	}
	if !withPAM {
		return nil, nil
	}
	return m.pamTakesPassword("sshd", a, visitorOf(m, a, "ssh"))
}

// may reports whether the account has a permission (4 read, 2 write, 1 execute) on what has that mode
// and owner.
func (m *Machine) may(a Account, mode fs.FileMode, uid, gid int, bit fs.FileMode) bool {
	u, known := m.user(a.User)
	if !known || u.UID == 0 {
		return true
	}
	switch {
	case int(u.UID) == uid:
		return mode.Perm()>>6&bit != 0
	case int(u.GID) == gid || slices.ContainsFunc(a.Groups, func(g string) bool { return m.gid(g) == gid }):
		return mode.Perm()>>3&bit != 0
	}
	return mode.Perm()&bit != 0
}

func (m *Machine) gid(group string) int {
	for _, g := range m.accounts.Groups {
		if g.Name == group && !g.Legacy {
			return int(g.GID)
		}
	}
	return -1
}

func (m *Machine) home(user string) (home, uid string) {
	if u, known := m.user(user); known {
		return u.Home, fmt.Sprint(u.UID)
	}
	return "/home/" + user, ""
}
