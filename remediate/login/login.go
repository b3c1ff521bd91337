// Package login answers one question about a machine: can this account log in over ssh and become root
// with sudo, and if not, which line keeps it from that. It puts together what the packages below config
// know of single programs: sshd's configuration, the account files, PAM's stacks, sudoers. It reads, has
// no opinion about what is good, and changes nothing.
package login

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Account is a login that must keep working.
type Account struct {
	User   string
	Groups []string
	Addr   string // the address it connects from; empty when unknown
	// Role says why it matters, after its name: "the account that is running the build".
	Role string
}

func (a Account) String() string {
	if a.Role == "" {
		return a.User
	}
	return a.User + ", " + a.Role + ","
}

// Place is a line of a file, or a file as a whole where Line is 0.
type Place struct {
	Path string
	Line int
	Text string // the line as it stands; empty where it may hold a secret
}

func (p Place) String() string {
	s := p.Path
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if text := strings.TrimSpace(p.Text); text != "" {
		s += " (" + text + ")"
	}
	return s
}

// Obstacle is what keeps an account out, and the lines that do.
type Obstacle struct {
	Reason string
	At     []Place
}

func (o Obstacle) String() string {
	if len(o.At) == 0 {
		return o.Reason
	}
	places := make([]string, len(o.At))
	for i, p := range o.At {
		places[i] = p.String()
	}
	return o.Reason + ": " + strings.Join(places, ", ")
}

// Access is one thing that an account may do.
type Access struct {
	// Ways are those in which it can: methods of sshd for which the account has the proof, or for sudo
	// "without a password" and "with a password".
	Ways []string
	// Against is what keeps it from that, whatever the way.
	Against []Obstacle
	// Missing says of each way that is closed why it is.
	Missing []Obstacle
}

// OK reports whether there is a way.
func (a Access) OK() bool { return len(a.Ways) > 0 && len(a.Against) == 0 }

// Answer is what an account can do on a machine.
type Answer struct {
	// Local is a login at the console: the account itself, whatever sshd makes of it.
	Local, SSH, Sudo Access
	// Clients are the ssh clients that find algorithms in common with the server, and Deaf what keeps
	// each of the others from that.
	Clients []string
	Deaf    map[string]Obstacle
}

// Machine is what decides about logins, read once.
type Machine struct {
	files    host.Reader
	now      time.Time
	accounts accounts.Database
	shells   []accounts.Shell
	// sshd and sudoers are nil where the program is not installed.
	sshd      *sshd.Config
	sudoers   *sudoers.Config
	sudoPaths []string
	dialect   pam.Dialect
	hostname  string
}

// Read reads a machine. An error means that nothing can be said about it.
func Read(h host.Reader, now time.Time) (*Machine, error) {
	m := &Machine{files: h, now: now}
	os := h.Info().OS
	m.dialect = pam.Dialect{Debian: os == "ubuntu" || os == "debian"}
	var err error
	if m.accounts, err = accounts.Read(h); err != nil {
		return nil, err
	}
	if m.shells, err = accounts.Shells(h); err != nil {
		return nil, err
	}
	server, installed, err := sshd.Find(h, h.Info())
	if err != nil {
		return nil, err
	}
	if installed {
		if m.sshd, err = sshd.Load(h, server); err != nil {
			return nil, err
		}
	}
	if err := m.readSudo(); err != nil {
		return nil, err
	}
	if content, err := h.ReadFile("/etc/hostname"); err == nil {
		name, _, _ := strings.Cut(strings.TrimSpace(string(content)), "\n")
		m.hostname = name
	}
	return m, nil
}

// Try says what an account can do.
func (m *Machine) Try(a Account) (Answer, error) {
	out := Answer{Local: m.local(a)}
	var err error
	if out.SSH, err = m.ssh(a); err != nil {
		return out, err
	}
	if out.Sudo, err = m.sudo(a); err != nil {
		return out, err
	}
	out.Deaf = map[string]Obstacle{}
	if m.sshd == nil || len(m.sshd.Problems) > 0 {
		return out, nil
	}
	offer, err := m.offer()
	if err != nil {
		return out, err
	}
	for _, c := range clients(m.sshd.Server) {
		if o := offer.meets(c); o != nil {
			out.Deaf[c.name] = *o
		} else {
			out.Clients = append(out.Clients, c.name)
		}
	}
	return out, nil
}

// Lost lists what an account could do before and cannot any more; each obstacle says why.
func Lost(a Account, before, after Answer) []Obstacle {
	var lost []Obstacle
	add := func(what string, why []Obstacle) {
		if len(why) == 0 {
			why = []Obstacle{{Reason: "no way is left"}}
		}
		for _, o := range why {
			lost = append(lost, Obstacle{Reason: fmt.Sprintf("%s could no longer %s: %s", a, what, o.Reason), At: o.At})
		}
	}
	if before.SSH.OK() {
		switch {
		case len(after.SSH.Against) > 0:
			add("log in over ssh", after.SSH.Against)
		case !shared(before.SSH.Ways, after.SSH.Ways):
			add("log in over ssh with "+strings.Join(before.SSH.Ways, " or "), after.SSH.Missing)
		}
		for _, c := range before.Clients {
			if o, deaf := after.Deaf[c]; deaf {
				add("log in with "+c, []Obstacle{o})
			}
		}
	}
	if len(lost) == 0 {
		switch {
		case len(before.Local.Against) == 0 && len(after.Local.Against) > 0:
			add("log in", after.Local.Against)
		case !before.SSH.OK() && before.Local.OK() && !after.Local.OK():
			add("log in", after.Local.Missing)
		}
	}
	if before.Sudo.OK() {
		switch {
		case len(after.Sudo.Against) > 0:
			add("use sudo", after.Sudo.Against)
		case !slices.Contains(after.Sudo.Ways, before.Sudo.Ways[0]):
			add("use sudo "+before.Sudo.Ways[0], after.Sudo.Missing)
		}
	}
	return lost
}

func shared(before, after []string) bool {
	return slices.ContainsFunc(before, func(way string) bool { return slices.Contains(after, way) })
}

// user gives the account's entry; known is false for one that other databases than these files hold.
func (m *Machine) user(name string) (u accounts.User, known bool) { return m.accounts.User(name) }

// local is what the account files say of an account.
func (m *Machine) local(a Account) Access {
	var out Access
	u, known := m.user(a.User)
	switch {
	case !known:
		out.Against = append(out.Against, Obstacle{"passwd does not have the account", []Place{{Path: accounts.PasswdFile}}})
		return out
	case !accounts.Interactive(u.Shell, m.shells):
		out.Against = append(out.Against, Obstacle{"its shell " + u.Shell + " takes no commands", []Place{{Path: accounts.PasswdFile, Line: u.Line.Number}}})
	}
	if code, why := m.unixAccount(u); code != pam.Success && code != pam.AuthinfoUnavail {
		out.Against = append(out.Against, why)
	}
	if m.password(a.User) {
		out.Ways = append(out.Ways, withPassword)
	} else {
		out.Missing = append(out.Missing, Obstacle{"it has no password", m.passwordPlace(a.User)})
	}
	return out
}

// password reports whether some password fits.
func (m *Machine) password(name string) bool {
	u, known := m.user(name)
	if !known {
		return true
	}
	secret, ok := m.accounts.Password(u)
	return ok && !secret.Locked() && secret.Algorithm() != ""
}

// passwordPlace is the line that holds the account's password, without its text.
func (m *Machine) passwordPlace(name string) []Place {
	u, known := m.user(name)
	if !known {
		return nil
	}
	if s, ok := m.accounts.Shadow(name); ok && u.Password.Shadowed() {
		return []Place{{Path: accounts.ShadowFile, Line: s.Line.Number}}
	}
	return []Place{{Path: accounts.PasswdFile, Line: u.Line.Number}}
}
