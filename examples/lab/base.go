//go:build linux

package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

const baseSuite = "bookworm"

// baseVersion changes when prepareBase does: it is part of the base's hash.
const baseVersion = "4"

// basePackages is the union of what the shapes need, so that one base serves all of them. debootstrap runs their
// scripts on this machine's kernel: none of them may set sysctls, as systemd-coredump's does.
var basePackages = []string{
	"apparmor",
	"apparmor-utils",
	"chrony",
	"cracklib-runtime", // pam_pwquality rejects every password without its dictionary
	"cron",
	"dbus",
	"iproute2",
	"kmod",
	"libpam-modules",
	"libpam-pwquality",
	"libpam-runtime",
	"libpam-systemd",
	"linux-image-cloud-amd64", // for /lib/modules and /boot/config: the node runs on the host's kernel
	"logrotate",
	"netbase",
	"openssh-server",
	"procps",
	"rsyslog",
	"sudo",
	"systemd-journal-remote",
	"systemd-sysv",
	"udev",
}

// baseHash names the base after its recipe, so that a changed recipe is a new base.
func baseHash() string {
	return recipeHash(slices.Concat([]string{baseVersion, baseSuite, runtime.GOARCH}, basePackages, []string{rpmRecipe()})...)
}

func recipeHash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:6])
}

// Base returns the directory of the cached Debian system that all nodes are made from, and builds it if absent. That
// takes a minute or two and needs a Debian mirror. Nothing may write there.
func Base(ctx context.Context, log io.Writer) (string, error) {
	return cached(log, "base-"+baseHash(), func(dir string, log io.Writer) error {
		return buildBase(ctx, dir, basePackages, log)
	})
}

func buildBase(ctx context.Context, dir string, packages []string, log io.Writer) error {
	if err := installPrograms(ctx, hostPrograms, log); err != nil {
		return err
	}
	fmt.Fprintf(log, "lab: building the base system %s; this happens once and takes some minutes\n", dir)
	if err := debootstrap(ctx, dir, packages); err != nil {
		return err
	}
	if err := prepareBase(dir); err != nil {
		return fmt.Errorf("cannot prepare base: %w", err)
	}
	return buildRPMDatabases(ctx, dir)
}

func debootstrap(ctx context.Context, dir string, packages []string) error {
	args := []string{"--variant=minbase", "--include=" + strings.Join(packages, ","), baseSuite, dir}
	if mirror := debianMirror(ctx); mirror != "" {
		args = append(args, mirror)
	}
	if err := run(ctx, "debootstrap", args...); err != nil {
		return fmt.Errorf("cannot build base: %w", err)
	}
	return nil
}

// debianMirror is the mirror that this machine's own apt uses, or "" for debootstrap's default.
func debianMirror(ctx context.Context) string {
	res, err := output(exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI)",
		"Identifier: Packages", "Codename: "+baseSuite, "Label: Debian"))
	if err != nil || res.Code != 0 {
		return ""
	}
	mirror, _, _ := strings.Cut(res.Stdout, "\n")
	return mirror
}

// prepareBase removes what each node must have of its own, and what no node needs.
func prepareBase(dir string) error {
	t, err := openTree(dir)
	if err != nil {
		return err
	}
	defer t.Close()
	for _, path := range []string{
		"etc/machine-id",
		"etc/ssh/ssh_host_*_key*",
		"boot/initrd.img-*",
		"initrd.img*",
		"var/cache/apt/*",
		"var/lib/apt/lists/*",
		"var/lib/dbus/machine-id",
		"var/log/bootstrap.log",
		// Timers that would reach for a network which a node doesn't have.
		"etc/systemd/system/timers.target.wants/apt-daily*.timer",
	} {
		if err := t.remove(path); err != nil {
			return err
		}
	}
	return nil
}
