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

// needed is a program that the lab runs, and the Debian package that brings it.
type needed struct{ program, pkg string }

// hostPrograms are what nodes need.
var hostPrograms = []needed{
	{"debootstrap", "debootstrap"},
	{"nsenter", "util-linux"},
	{"rpm", "rpm"},
	{"rpmbuild", "rpm"},
	{"ssh", "openssh-client"},
	{"ssh-keygen", "openssh-client"},
	{"systemd-nspawn", "systemd-container"},
}

// machinePrograms are what virtual machines need beside them.
var machinePrograms = []needed{
	{"mke2fs", "e2fsprogs"},
	{"mkfs.vfat", "dosfstools"},
	{"qemu-img", "qemu-utils"},
	{"qemu-system-x86_64", "qemu-system-x86"},
	{"sfdisk", "fdisk"},
	{"xorriso", "xorriso"},
}

// Available says why no node can be started here, or nil. Tests skip on it.
func Available() error { return available(hostPrograms) }

func available(programs []needed) error {
	if os.Geteuid() != 0 {
		return errors.New("cannot start a machine: not root")
	}
	if len(missingPackages(programs)) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("cannot start a machine: missing %v, and no apt-get to install them with", missingPackages(programs))
	}
	return nil
}

func missingPackages(programs []needed) []string {
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p.program); err != nil && !slices.Contains(missing, p.pkg) {
			missing = append(missing, p.pkg)
		}
	}
	return missing
}

// installPrograms installs what is missing with the host's own package manager.
func installPrograms(ctx context.Context, programs []needed, log io.Writer) error {
	missing := missingPackages(programs)
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
