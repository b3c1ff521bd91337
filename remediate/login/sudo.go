package login

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
)

// The ways of using sudo.
const (
	noPassword   = "without a password"
	withPassword = "with a password"
)

// readSudo reads sudoers where sudo is installed, or would be: offline trees of tests hold files alone.
func (m *Machine) readSudo() error {
	for _, path := range []string{"/usr/bin/sudo", "/bin/sudo"} {
		if _, err := m.files.Stat(path); err == nil {
			m.sudoPaths = append(m.sudoPaths, path)
		}
	}
	config, err := sudoers.Load(m.files)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	m.sudoers = config
	return err
}

// Who is an account as sudoers knows it.
func (m *Machine) who(a Account) sudoers.Who {
	who := sudoers.Who{User: a.User, UID: -1, Groups: a.Groups, Host: m.hostname}
	if u, known := m.user(a.User); known {
		who.UID = int(u.UID)
	}
	return who
}

// sudo follows a request to become root without a terminal, as a build makes it.
func (m *Machine) sudo(a Account) (Access, error) {
	var out Access
	refuse := func(reason string, at ...Place) { out.Against = append(out.Against, Obstacle{reason, at}) }
	if u, known := m.user(a.User); known && u.UID == 0 || a.User == "root" {
		out.Ways = []string{noPassword} // root needs none
		return out, nil
	}
	if m.sudoers == nil {
		refuse("there is no " + sudoers.Path)
		return out, nil
	}
	// Since 1.9.3 sudo complains about a line that it cannot read, and goes on without it.
	version, _ := sudoers.Installed(m.files)
	if len(m.sudoers.Problems) > 0 && !version.AtLeast(1, 9, 3) {
		p := m.sudoers.Problems[0]
		refuse("sudo would refuse its configuration: "+p.Reason, Place{p.Path, p.First, p.Text})
		return out, nil
	}
	for _, path := range m.sudoPaths[:min(1, len(m.sudoPaths))] {
		info, err := m.files.Stat(path)
		if err != nil {
			return out, err
		}
		if info.Mode&fs.ModeSetuid == 0 || info.UID != 0 || !m.may(a, info.Mode, info.UID, info.GID, 1) {
			refuse(fmt.Sprintf("sudo could not become root for it (mode %s, owner %d:%d)", info.Mode, info.UID, info.GID), Place{Path: path})
		}
	}
	who := m.who(a)
	access := m.sudoers.AnyCommand(who)
	var by []Place
	if access.By != nil {
		by = []Place{{access.By.Path, access.By.First, access.By.Text}}
	}
	if !access.Allowed {
		why := "no line of sudoers lets it run every command"
		if access.By != nil {
			why = "sudoers forbids it"
		}
		refuse(why, by...)
		return out, nil
	}
	if on, line := m.sudoers.Flag("requiretty", who, false); on {
		refuse("sudo would want a terminal", Place{line.Path, line.First, line.Text})
	}
	v := visitorOf(m, a, "sudo")
	// A session that cannot be opened does not keep sudo from running the command, and an old password
	// does not matter to whom none is asked of.
	var borne []pam.Code
	if access.Passwordless {
		borne = []pam.Code{pam.NewAuthtokReqd, pam.AuthtokExpired}
	}
	bad, err := m.pamAdmits("sudo", a, v, []pam.Type{pam.Account}, borne...)
	if err != nil {
		return out, err
	}
	out.Against = append(out.Against, bad...)
	if access.Passwordless {
		out.Ways = append(out.Ways, noPassword, withPassword)
		return out, nil
	}
	out.Missing = append(out.Missing, Obstacle{"sudo would ask for a password", by})
	switch o, err := m.pamTakesPassword("sudo", a, v); {
	case err != nil:
		return out, err
	case !m.password(a.User):
		out.Missing = append(out.Missing, Obstacle{"it has no password", m.passwordPlace(a.User)})
	case o != nil:
		out.Missing = append(out.Missing, *o)
	default:
		out.Ways = append(out.Ways, withPassword)
	}
	return out, nil
}
