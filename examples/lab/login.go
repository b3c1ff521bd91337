//go:build linux

package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// sshFailed is ssh's own exit status for anything that is not the remote command's.
const sshFailed = 255

// Login is how to get into a machine over ssh: its host key is known, its password question answered.
type Login struct {
	Addr    string // IPv4, reachable from this machine only
	Port    int
	User    string // see the constant User
	KeyFile string // User's private key

	dir string // known_hosts and the program that answers for a password
}

// SSH runs a command line on the machine as User, with User's key. The error says that ssh itself failed: its status
// can't be told from a command that exits with 255. Options are those of ssh's -o.
func (l Login) SSH(ctx context.Context, command string, options ...string) (Result, error) {
	return l.SSHInput(ctx, nil, command, options...)
}

// SSHInput is SSH with an input for the command.
func (l Login) SSHInput(ctx context.Context, input io.Reader, command string, options ...string) (Result, error) {
	options = append(options, "IdentityFile="+l.KeyFile, "IdentitiesOnly=yes", "BatchMode=yes")
	cmd := exec.CommandContext(ctx, "ssh", l.sshArgs(User, command, options...)...)
	cmd.Stdin = input
	cmd.Env = append(os.Environ(), "DISPLAY=:99") // or ssh would not even ask for X11 when it is told to
	return sshOutput(cmd)
}

// SSHPassword runs a command line on the machine as user, who logs in with a password and no key.
func (l Login) SSHPassword(ctx context.Context, user, password, command string, options ...string) (Result, error) {
	options = append(options, "PubkeyAuthentication=no", "NumberOfPasswordPrompts=1")
	cmd := exec.CommandContext(ctx, "ssh", l.sshArgs(user, command, options...)...)
	cmd.Env = append(os.Environ(),
		"SSH_ASKPASS="+filepath.Join(l.dir, "askpass"),
		"SSH_ASKPASS_REQUIRE=force",
		"LAB_PASSWORD="+password)
	return sshOutput(cmd)
}

func (l Login) sshArgs(user, command string, options ...string) []string {
	args := []string{"-F", "none", "-p", strconv.Itoa(l.Port), "-l", user}
	options = append(options,
		"ConnectTimeout=30", // a machine in emulation, on a busy host, takes its time to greet
		"GlobalKnownHostsFile=none",
		"LogLevel=ERROR",
		"StrictHostKeyChecking=yes",
		"UserKnownHostsFile="+filepath.Join(l.dir, "known_hosts"))
	for _, option := range options {
		args = append(args, "-o", option)
	}
	return append(args, l.Addr, "--", command)
}

func sshOutput(cmd *exec.Cmd) (Result, error) {
	res, err := output(cmd)
	if err == nil && res.Code == sshFailed {
		err = fmt.Errorf("cannot ssh: %s", lastLines(res.Stderr, 3))
	}
	return res, err
}

// makeKey makes User's key and returns its public half.
func (l Login) makeKey(ctx context.Context, comment string) (string, error) {
	if err := keygen(ctx, l.KeyFile, comment); err != nil {
		return "", err
	}
	public, err := os.ReadFile(l.KeyFile + ".pub")
	if err != nil {
		return "", fmt.Errorf("cannot read key: %w", err)
	}
	return string(public), nil
}

func keygen(ctx context.Context, file, comment string) error {
	if err := run(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", file); err != nil {
		return fmt.Errorf("cannot make key: %w", err)
	}
	return nil
}

// know writes the known_hosts file for the host's public keys, and the program that answers ssh's question for a
// password.
func (l Login) know(hostKeys ...string) error {
	host := l.Addr
	if l.Port != 22 {
		host = fmt.Sprintf("[%s]:%d", l.Addr, l.Port)
	}
	var known strings.Builder
	for _, key := range hostKeys {
		fmt.Fprintf(&known, "%s %s\n", host, strings.TrimSpace(key))
	}
	if err := os.WriteFile(filepath.Join(l.dir, "known_hosts"), []byte(known.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write known hosts: %w", err)
	}
	askpass := "#!/bin/sh\nprintf '%s\\n' \"$LAB_PASSWORD\"\n"
	if err := os.WriteFile(filepath.Join(l.dir, "askpass"), []byte(askpass), 0o700); err != nil {
		return fmt.Errorf("cannot write askpass: %w", err)
	}
	return nil
}
