//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

// hostPrograms maps the programs that the lab runs to the Debian packages that bring them.
var hostPrograms = []struct{ program, pkg string }{
	{"debootstrap", "debootstrap"},
	{"nsenter", "util-linux"},
	{"rpm", "rpm"},
	{"rpmbuild", "rpm"},
	{"ssh", "openssh-client"},
	{"ssh-keygen", "openssh-client"},
	{"systemd-nspawn", "systemd-container"},
}

// Available says why no node can be started here, or nil. Tests skip on it.
func Available() error {
	if os.Geteuid() != 0 {
		return errors.New("cannot start a node: not root")
	}
	if len(missingPackages()) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("cannot start a node: missing %v, and no apt-get to install them with", missingPackages())
	}
	return nil
}

func missingPackages() []string {
	var missing []string
	for _, p := range hostPrograms {
		if _, err := exec.LookPath(p.program); err != nil && !slices.Contains(missing, p.pkg) {
			missing = append(missing, p.pkg)
		}
	}
	return missing
}

// installPrograms installs what is missing with the host's own package manager.
func installPrograms(ctx context.Context, log io.Writer) error {
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(log, "lab: installing %v\n", missing)
	if err := aptGet(ctx, append([]string{"install", "--yes", "--no-install-recommends"}, missing...)...); err == nil {
		return nil
	}
	// Package lists may be absent or outdated, as in most container images.
	if err := aptGet(ctx, "update"); err != nil {
		return err
	}
	return aptGet(ctx, append([]string{"install", "--yes", "--no-install-recommends"}, missing...)...)
}

func aptGet(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"--quiet"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	res, err := output(cmd)
	if err != nil {
		return err
	}
	if res.Code != 0 {
		return fmt.Errorf("cannot %s packages: %s", args[0], lastLines(res.Stderr+res.Stdout, 3))
	}
	return nil
}
