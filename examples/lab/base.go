//go:build linux

package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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
	recipe := strings.Join(slices.Concat([]string{baseVersion, baseSuite, runtime.GOARCH}, basePackages, []string{rpmRecipe()}), "\n")
	sum := sha256.Sum256([]byte(recipe))
	return hex.EncodeToString(sum[:6])
}

// Base returns the directory of the cached Debian system that all shapes are made from, and builds it if absent. That
// takes a minute or two and needs a Debian mirror. Nothing may write there.
func Base(ctx context.Context, log io.Writer) (string, error) {
	if log == nil {
		log = io.Discard
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	base := filepath.Join(cache, "base-"+baseHash())
	held, err := lock(base + ".lock")
	if err != nil {
		return "", err
	}
	defer held.Close()
	if _, err := os.Stat(base); err == nil {
		return base, nil
	}

	if err := installPrograms(ctx, log); err != nil {
		return "", err
	}
	fmt.Fprintf(log, "lab: building the base system %s; this happens once and takes a minute or two\n", base)
	partial := base + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return "", fmt.Errorf("cannot remove an unfinished base: %w", err)
	}
	if err := debootstrap(ctx, partial); err != nil {
		return "", err
	}
	if err := prepareBase(partial); err != nil {
		return "", fmt.Errorf("cannot prepare base: %w", err)
	}
	if err := buildRPMDatabases(ctx, partial); err != nil {
		return "", err
	}
	if err := os.Rename(partial, base); err != nil {
		return "", fmt.Errorf("cannot keep base: %w", err)
	}
	return base, nil
}

func debootstrap(ctx context.Context, dir string) error {
	args := []string{"--variant=minbase", "--include=" + strings.Join(basePackages, ","), baseSuite, dir}
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
