package login

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// keys is what keeps every public key of the account from being taken; nil when one is. Keys that come
// from a command or a certificate authority cannot be seen, and are taken to be there.
func (m *Machine) keys(a Account, conn sshd.Conn) (*Obstacle, error) {
	for _, k := range []string{"AuthorizedKeysCommand", "TrustedUserCAKeys"} {
		s, err := m.setting(k, conn)
		if err != nil {
			return nil, err
		}
		if v := s.String(); v != "" && v != "none" {
			return nil, nil
		}
	}
	files, err := m.setting("AuthorizedKeysFile", conn)
	if err != nil {
		return nil, err
	}
	strict, err := m.setting("StrictModes", conn)
	if err != nil {
		return nil, err
	}
	accepted, err := m.setting("PubkeyAcceptedAlgorithms", conn)
	if err != nil {
		return nil, err
	}
	home, uid := m.home(a.User)
	first := &Obstacle{"it has no public key where sshd looks", places(files.From)}
	for _, name := range files.Values {
		if name == "none" {
			continue
		}
		file := strings.NewReplacer("%%", "%", "%h", home, "%u", a.User, "%U", uid).Replace(name)
		if !strings.HasPrefix(file, "/") {
			file = home + "/" + file
		}
		content, why, err := m.keyFile(a, file, home, strict.String() != "no")
		if err != nil {
			return nil, err
		}
		if why == nil {
			why = keyIn(content, file, a, accepted, m.now)
			if why == nil {
				return nil, nil
			}
		}
		if why.Reason != "" && first.Reason == "it has no public key where sshd looks" {
			first = why
		}
	}
	return first, nil
}

// keyFile reads a file as sshd does, which becomes the user for that and wants nobody else to be able
// to write it. An obstacle without a reason is an absent file.
func (m *Machine) keyFile(a Account, file, home string, strict bool) ([]byte, *Obstacle, error) {
	real, err := m.files.Resolve(file)
	if err != nil {
		return nil, &Obstacle{}, nil //nolint:nilerr // a path that leads nowhere is no file
	}
	info, err := m.files.Stat(real)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Obstacle{}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode.IsRegular() {
		return nil, &Obstacle{"it is not a regular file", []Place{{Path: file}}}, nil
	}
	if !m.may(a, info.Mode, info.UID, info.GID, 4) {
		return nil, &Obstacle{"the account cannot read its keys", []Place{{Path: file}}}, nil
	}
	for dir := path.Dir(real); ; dir = path.Dir(dir) {
		d, err := m.files.Stat(dir)
		if err != nil {
			return nil, nil, err
		}
		if !m.may(a, d.Mode, d.UID, d.GID, 1) {
			return nil, &Obstacle{"the account cannot reach its keys", []Place{{Path: dir}}}, nil
		}
		if dir == "/" {
			break
		}
	}
	if strict {
		if why, err := m.insecure(a, real, info, home); err != nil || why != nil {
			return nil, why, err
		}
	}
	content, err := m.files.ReadFile(real)
	return content, nil, err
}

// insecure is what StrictModes objects to: the file and the directories above it up to the home have to
// belong to root or the user, and nobody else may write them.
func (m *Machine) insecure(a Account, real string, info host.FileInfo, home string) (*Obstacle, error) {
	realHome, err := m.files.Resolve(home)
	if err != nil {
		realHome = ""
	}
	for at := real; ; {
		if !m.secure(a, info) {
			return &Obstacle{fmt.Sprintf("sshd would ignore its keys (StrictModes): mode %04o, owner %d:%d", info.Mode.Perm(), info.UID, info.GID), []Place{{Path: at}}}, nil
		}
		if at == realHome || at == "/" {
			return nil, nil
		}
		at = path.Dir(at)
		if info, err = m.files.Stat(at); err != nil {
			return nil, err
		}
	}
}

func (m *Machine) secure(a Account, info host.FileInfo) bool {
	u, known := m.user(a.User)
	if !known {
		return true
	}
	if info.UID != 0 && info.UID != int(u.UID) || info.Mode.Perm()&0o002 != 0 {
		return false
	}
	return info.Mode.Perm()&0o020 == 0 || m.dialect.Debian && m.onlyOwner(info)
}

// onlyOwner is Debian's exception for writable groups: those that nobody but the owner is in.
func (m *Machine) onlyOwner(info host.FileInfo) bool {
	owner := ""
	for _, u := range m.accounts.Users {
		if int(u.UID) == info.UID && !u.Legacy {
			owner = u.Name
			break
		}
	}
	if owner == "" {
		return false
	}
	members := 0
	for _, u := range m.accounts.Users {
		if int(u.GID) == info.GID && !u.Legacy {
			if u.Name != owner {
				return false
			}
			members++
		}
	}
	for _, g := range m.accounts.Groups {
		if int(g.GID) != info.GID || g.Legacy {
			continue
		}
		for _, name := range g.Members {
			if name != owner {
				return false
			}
			members++
		}
		return members > 0
	}
	return false
}

// keyIn looks for a key that the account can use from where it is, and that gives it a shell.
func keyIn(content []byte, file string, a Account, accepted sshd.Setting, now time.Time) *Obstacle {
	last := &Obstacle{}
	for n, line := range strings.Split(string(content), "\n") {
		key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil {
			continue
		}
		at := []Place{{Path: file, Line: n + 1}}
		if why := barred(options, a, now); why != "" {
			last = &Obstacle{why, at}
			continue
		}
		usable := slices.ContainsFunc(accepted.List(), func(alg string) bool { return keyType(alg) == key.Type() })
		if !usable {
			last = &Obstacle{"sshd would not take a key of type " + key.Type(), slices.Concat(at, places(accepted.From))}
			continue
		}
		return nil
	}
	return last
}

// barred reads the options before a key.
func barred(options []string, a Account, now time.Time) string {
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "cert-authority":
			return "the key is that of a certificate authority"
		case "command":
			return "the key is for one command"
		case "from":
			if a.Addr != "" && !fromMatches(value, a.Addr) {
				return "the key is for other addresses than " + a.Addr
			}
		case "expiry-time":
			if at, ok := expiry(value); ok && now.After(at) {
				return "the key has expired"
			}
		}
	}
	return ""
}

func expiry(value string) (time.Time, bool) {
	zone := time.Local
	if strings.HasSuffix(value, "Z") {
		value, zone = strings.TrimSuffix(value, "Z"), time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(value) == len(layout) {
			t, err := time.ParseInLocation(layout, value, zone)
			return t, err == nil
		}
	}
	return time.Time{}, false
}

// fromMatches compares an address with a list of patterns and networks; one with "!" that matches
// refuses.
func fromMatches(list, addr string) bool {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return true
	}
	found := false
	for _, p := range strings.Split(list, ",") {
		not := strings.HasPrefix(p, "!")
		p = strings.TrimPrefix(p, "!")
		match := sshd.MatchPattern(addr, p)
		if prefix, err := netip.ParsePrefix(p); err == nil {
			match = prefix.Masked().Contains(ip)
		}
		switch {
		case match && not:
			return false
		case match:
			found = true
		}
	}
	return found
}
