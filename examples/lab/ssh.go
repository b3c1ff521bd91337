//go:build linux

package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// sshFailed is ssh's own exit status for anything that is not the remote command's.
const sshFailed = 255

// SSH runs a command line on the node as User, with the node's key. The error says that ssh itself failed: its status
// can't be told from a command that exits with 255.
func (n *Node) SSH(ctx context.Context, command string) (Result, error) {
	cmd := exec.CommandContext(ctx, "ssh", n.sshArgs(User, command,
		"IdentityFile="+n.KeyFile, "IdentitiesOnly=yes", "BatchMode=yes")...)
	return sshOutput(cmd)
}

// SSHPassword runs a command line on the node as user, who logs in with a password and no key.
func (n *Node) SSHPassword(ctx context.Context, user, password, command string) (Result, error) {
	cmd := exec.CommandContext(ctx, "ssh", n.sshArgs(user, command,
		"PubkeyAuthentication=no", "NumberOfPasswordPrompts=1")...)
	cmd.Env = append(os.Environ(),
		"SSH_ASKPASS="+filepath.Join(n.dir, "askpass"),
		"SSH_ASKPASS_REQUIRE=force",
		"LAB_PASSWORD="+password)
	return sshOutput(cmd)
}

func (n *Node) sshArgs(user, command string, options ...string) []string {
	args := []string{"-F", "none", "-p", strconv.Itoa(n.Port), "-l", user}
	options = append(options,
		"ConnectTimeout=5",
		"GlobalKnownHostsFile=none",
		"LogLevel=ERROR",
		"StrictHostKeyChecking=yes",
		"UserKnownHostsFile="+filepath.Join(n.dir, "known_hosts"))
	for _, option := range options {
		args = append(args, "-o", option)
	}
	return append(args, n.Addr, "--", command)
}

func sshOutput(cmd *exec.Cmd) (Result, error) {
	res, err := output(cmd)
	if err == nil && res.Code == sshFailed {
		err = fmt.Errorf("cannot ssh: %s", lastLines(res.Stderr, 3))
	}
	return res, err
}

// makeKeys makes the client's and the host's keys, lets the first in, and makes the second known.
func (n *Node) makeKeys(ctx context.Context, t *tree) error {
	comment := "lab-" + n.Name
	if err := run(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", n.KeyFile); err != nil {
		return fmt.Errorf("cannot make key: %w", err)
	}
	if err := run(ctx, "ssh-keygen", "-A", "-f", n.Root); err != nil {
		return fmt.Errorf("cannot make host keys: %w", err)
	}
	public, err := os.ReadFile(n.KeyFile + ".pub")
	if err != nil {
		return fmt.Errorf("cannot read key: %w", err)
	}
	home := "home/" + User + "/.ssh"
	if err := t.mkdir(home, 0o700); err != nil {
		return err
	}
	if err := t.write(home+"/authorized_keys", public, 0o600); err != nil {
		return err
	}
	if err := t.own(home, 1000, 1000); err != nil {
		return err
	}
	return n.knowHost(t)
}

// knowHost writes the known_hosts file and the program that answers ssh's question for a password.
func (n *Node) knowHost(t *tree) error {
	var known strings.Builder
	for _, kind := range []string{"ecdsa", "ed25519", "rsa"} {
		key, err := t.root.ReadFile("etc/ssh/ssh_host_" + kind + "_key.pub")
		if err != nil {
			return fmt.Errorf("cannot read host key: %w", err)
		}
		fmt.Fprintf(&known, "%s %s", n.Addr, key)
	}
	if err := os.WriteFile(filepath.Join(n.dir, "known_hosts"), []byte(known.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write known hosts: %w", err)
	}
	askpass := "#!/bin/sh\nprintf '%s\\n' \"$LAB_PASSWORD\"\n"
	if err := os.WriteFile(filepath.Join(n.dir, "askpass"), []byte(askpass), 0o700); err != nil {
		return fmt.Errorf("cannot write askpass: %w", err)
	}
	return nil
}
