package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// guardSSHD refuses a plan after which sshd would not start, or would not let the account in that is
// running the build. Our own reading decides first; where the server can be run it has to agree.
func guardSSHD(ctx context.Context, p Proposal) error {
	server, installed, err := sshd.Find(p.After, p.After.Info())
	if err != nil || !installed {
		return err
	}
	after, err := sshd.Load(p.After, server)
	if err != nil {
		return err
	}
	if len(after.Problems) > 0 {
		return fmt.Errorf("sshd would not start with the new configuration: %s", after.Problems[0])
	}
	conn := sshd.Conn{}
	if p.Account != nil {
		conn = accountConn(after, *p.Account)
		if err := keepsAccount(p, server, after, conn); err != nil {
			return err
		}
	}
	if p.Programs == nil || server.Program == "" {
		return nil
	}
	return serverAgrees(ctx, p.Programs, server, after, conn, p.Account != nil)
}

// accountConn is the connection of the account. Without UseDNS sshd takes the address for the name.
func accountConn(c *sshd.Config, a Account) sshd.Conn {
	conn := sshd.Conn{User: a.User, Groups: a.Groups, Addr: a.Addr, LPort: 22}
	if dns, err := c.Effective("UseDNS", sshd.Conn{}); err == nil && dns.String() == "no" {
		conn.Host = a.Addr
	}
	return conn
}

// keepsAccount compares what becomes of a login of the account with what happens now. An account that
// sshd refuses already did not come through it, and has nothing to lose.
func keepsAccount(p Proposal, server sshd.Server, after *sshd.Config, conn sshd.Conn) error {
	before, err := sshd.Load(p.Before, server)
	if err != nil || len(before.Problems) > 0 {
		before = nil
	}
	if before != nil {
		if r, err := before.Admits(conn); err != nil || r != nil {
			return err
		}
	}
	refusal, err := after.Admits(conn)
	if err != nil {
		return err
	}
	if refusal != nil {
		return fmt.Errorf("sshd would refuse %s, the account that is running the build: %s", conn.User, refusal)
	}
	var had []string
	if before != nil {
		if had, err = before.Logins(conn); err != nil {
			return err
		}
	}
	has, err := after.Logins(conn)
	if err != nil {
		return err
	}
	if len(has) == 0 && (before == nil || len(had) > 0) {
		return fmt.Errorf("sshd would leave %s, the account that is running the build, no way to log in: %s",
			conn.User, loginLines(after, conn))
	}
	keys, err := hasKeys(p.After, after, conn)
	if err != nil {
		return err
	}
	kept := slices.ContainsFunc(has, func(m string) bool { return slices.Contains(had, m) && (m != "publickey" || keys) })
	lost := slices.ContainsFunc(had, func(m string) bool { return !slices.Contains(has, m) })
	if before != nil && lost && !kept {
		return fmt.Errorf("sshd would no longer let %s, the account that is running the build, log in with %s: %s",
			conn.User, strings.Join(had, " or "), loginLines(after, conn))
	}
	return nil
}

// loginLines names the lines that decide about ways to log in.
func loginLines(c *sshd.Config, conn sshd.Conn) string {
	var lines []string
	for _, k := range []string{"AuthenticationMethods", "PubkeyAuthentication", "PasswordAuthentication", "KbdInteractiveAuthentication", "AuthorizedKeysFile"} {
		s, err := c.Effective(k, conn)
		if err != nil {
			continue
		}
		for _, p := range s.From {
			lines = append(lines, fmt.Sprintf("%s (%s)", p, strings.TrimSpace(p.Text)))
		}
	}
	return strings.Join(lines, ", ")
}

// hasKeys reports whether the account has public keys where the server would look. Keys that come
// from a command or a certificate authority cannot be seen, and are taken to be there.
func hasKeys(h host.Files, c *sshd.Config, conn sshd.Conn) (bool, error) {
	for _, k := range []string{"AuthorizedKeysCommand", "TrustedUserCAKeys"} {
		if s, err := c.Effective(k, conn); err == nil && s.String() != "none" {
			return true, nil
		}
	}
	s, err := c.Effective("AuthorizedKeysFile", conn)
	if err != nil {
		return false, err
	}
	home, uid := accountHome(h, conn.User)
	for _, name := range s.Values {
		if name == "none" {
			continue
		}
		path := strings.NewReplacer("%%", "%", "%h", home, "%u", conn.User, "%U", uid).Replace(name)
		if !strings.HasPrefix(path, "/") {
			path = home + "/" + path
		}
		content, err := h.ReadFile(path)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				return true, nil
			}
		}
	}
	return false, nil
}

func accountHome(h host.Files, user string) (home, uid string) {
	content, err := h.ReadFile("/etc/passwd")
	if err != nil {
		return "/home/" + user, ""
	}
	for line := range strings.Lines(string(content)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) >= 6 && f[0] == user {
			return f[5], f[2]
		}
	}
	return "/home/" + user, ""
}

// serverAgrees lets the target's own sshd judge a staged copy, and compares what it makes of it for
// the account with what we do.
func serverAgrees(ctx context.Context, programs host.Programs, server sshd.Server, c *sshd.Config, conn sshd.Conn, ask bool) error {
	dir, remove, err := programs.Stage(c.Staged)
	if err != nil {
		return fmt.Errorf("cannot stage sshd_config for sshd to judge: %w", err)
	}
	defer remove()
	args := []string{"-f", dir + sshd.ConfigPath}
	// An image before its first boot has no host keys, and sshd tests nothing without one.
	key := dir + "/host_key"
	if _, status, err := programs.Run(ctx, "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key); err == nil && status == 0 {
		args = append(args, "-h", key)
	}
	output, status, err := programs.Run(ctx, append([]string{server.Program, "-t"}, args...)...)
	if err != nil {
		return fmt.Errorf("cannot run sshd -t: %w", err)
	}
	message := strings.TrimSpace(sshd.Unstaged(dir, string(output)))
	if status != 0 {
		if strings.Contains(message, "Missing privilege separation directory") {
			// sshd looks for it only once it has accepted the configuration.
			return nil
		}
		return fmt.Errorf("sshd refuses the new configuration: %s", message)
	}
	if !ask {
		return nil
	}
	spec, ok := testSpec(conn)
	if !ok {
		return nil
	}
	output, status, err = programs.Run(ctx, append([]string{server.Program, "-T", "-C", spec}, args...)...)
	if err != nil {
		return fmt.Errorf("cannot run sshd -T: %w", err)
	}
	if status != 0 {
		return fmt.Errorf("sshd cannot tell what the new configuration does for %s: %s",
			conn.User, strings.TrimSpace(sshd.Unstaged(dir, string(output))))
	}
	return sameAnswers(c, conn, sshd.Unstaged(dir, string(output)))
}

// testSpec is the argument of sshd -C; ok is false when a value cannot be passed in it.
func testSpec(conn sshd.Conn) (string, bool) {
	if strings.ContainsAny(conn.User+conn.Addr+conn.Host, ", ") {
		return "", false
	}
	spec := fmt.Sprintf("user=%s,lport=%d", conn.User, conn.LPort)
	if conn.Addr != "" {
		spec += ",addr=" + conn.Addr
	}
	if conn.Host != "" {
		spec += ",host=" + conn.Host
	}
	return spec, true
}

// sameAnswers compares every keyword that a line decides. Defaults are left out: which of them a
// distribution changed is no reason to hold a plan back.
func sameAnswers(c *sshd.Config, conn sshd.Conn, printed string) error {
	theirs := map[string][]string{}
	for line := range strings.Lines(printed) {
		word, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		theirs[word] = append(theirs[word], value)
	}
	decided, err := c.Decided(conn)
	if err != nil {
		return err
	}
	for _, d := range decided {
		switch d.Keyword {
		case "HostKey", "ChannelTimeout":
			// The first holds the key of the test; the second is not printed when it is none.
			continue
		}
		have, printed := theirs[strings.ToLower(c.Spelling(d.Keyword))]
		if !printed || slices.ContainsFunc(d.Lines, func(l string) bool { return strings.Contains(l, "~") }) {
			continue
		}
		if !slices.Equal(have, d.Lines) {
			return fmt.Errorf("sshd reads %s of the new configuration as %q and harden as %q (%s): nothing is changed until they agree",
				d.Keyword, strings.Join(have, " "), strings.Join(d.Lines, " "), d.From[0])
		}
	}
	return nil
}
