package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
)

// guardSSHD refuses a plan after which sshd would not start. Our own reading decides first; where the
// server can be run it has to agree, also about what it does for the accounts that are to be kept.
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
	if p.Programs == nil || server.Program == "" {
		return nil
	}
	var conns []sshd.Conn
	for _, a := range p.Accounts {
		conns = append(conns, login.Conn(after, a))
	}
	return serverAgrees(ctx, p.Programs, server, after, conns)
}

// serverAgrees lets the target's own sshd judge a staged copy, and compares what it makes of it for
// the accounts with what we do.
func serverAgrees(ctx context.Context, programs host.Programs, server sshd.Server, c *sshd.Config, conns []sshd.Conn) error {
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
	for _, conn := range conns {
		spec, ok := testSpec(conn)
		if !ok {
			continue
		}
		output, status, err := programs.Run(ctx, append([]string{server.Program, "-T", "-C", spec}, args...)...)
		if err != nil {
			return fmt.Errorf("cannot run sshd -T: %w", err)
		}
		if status != 0 {
			return fmt.Errorf("sshd cannot tell what the new configuration does for %s: %s",
				conn.User, strings.TrimSpace(sshd.Unstaged(dir, string(output))))
		}
		if err := sameAnswers(c, conn, sshd.Unstaged(dir, string(output))); err != nil {
			return err
		}
	}
	return nil
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
