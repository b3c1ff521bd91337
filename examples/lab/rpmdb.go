//go:build linux

package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rpmDatabase is where the base keeps a database for the shapes that have one; the others remove it.
const rpmDatabase = "var/lib/rpm"

// rpmPackages are what an rpm database of a shape knows, as name, version and release. No package holds a file.
var rpmPackages = []struct{ name, version, release string }{
	{"WALinuxAgent", "2.11.1.4", "3.azl3"},
	{"bash", "5.2.15", "3.azl3"},
	{"ca-certificates", "3.0.0", "8.azl3"},
	{"chrony", "4.5", "2.azl3"},
	{"cloud-init", "24.3.1", "1.azl3"},
	{"coreutils", "9.4", "6.azl3"},
	{"cronie", "1.7.2", "1.azl3"},
	{"iptables", "1.8.10", "3.azl3"},
	{"kernel", "6.6.96.2", "1.azl3"},
	{"libpwquality", "1.4.5", "1.azl3"},
	{"logrotate", "3.21.0", "1.azl3"},
	{"openssh", "9.8p1", "4.azl3"},
	{"openssh-clients", "9.8p1", "4.azl3"},
	{"openssh-server", "9.8p1", "4.azl3"},
	{"pam", "1.5.3", "4.azl3"},
	{"rpm", "4.18.2", "1.azl3"},
	{"rsyslog", "8.2308.0", "4.azl3"},
	{"shadow-utils", "4.14.3", "1.azl3"},
	{"sudo", "1.9.16p2", "1.azl3"},
	{"systemd", "255", "22.azl3"},
	{"tdnf", "3.5.8", "7.azl3"},
	{"util-linux", "2.40.2", "1.azl3"},
}

// rpmSpec is the recipe of all the packages: the first is the spec's own, the others are subpackages.
func rpmSpec() string {
	var spec strings.Builder
	for i, p := range rpmPackages {
		// Nothing that the node runs comes from here: the text says so to whoever looks.
		const about = "Stub of the lab, without files"
		of := ""
		if i == 0 {
			fmt.Fprintf(&spec, "Name: %s\n", p.name)
		} else {
			of = " -n " + p.name
			fmt.Fprintf(&spec, "%%package%s\n", of)
		}
		fmt.Fprintf(&spec, "Version: %s\nRelease: %s\nSummary: %s\nLicense: None\n", p.version, p.release, about)
		fmt.Fprintf(&spec, "%%description%s\n%s.\n%%files%s\n", of, about, of)
	}
	return spec.String()
}

// buildRPMDatabase writes the database into the base. Nothing is taken from the host's configuration of rpm but its
// macros, and none of the host's own databases is opened.
func buildRPMDatabase(ctx context.Context, base string) error {
	top, err := os.MkdirTemp("", "lab-rpm-")
	if err != nil {
		return fmt.Errorf("cannot make a folder for rpmbuild: %w", err)
	}
	defer os.RemoveAll(top)
	spec := filepath.Join(top, "lab.spec")
	if err := os.WriteFile(spec, []byte(rpmSpec()), 0o600); err != nil {
		return fmt.Errorf("cannot write spec: %w", err)
	}
	db := filepath.Join(base, rpmDatabase)
	if err := os.MkdirAll(db, 0o755); err != nil {
		return fmt.Errorf("cannot make folder of the rpm database: %w", err)
	}
	err = run(ctx, "rpmbuild", "-bb", "--quiet", "--target", "x86_64", "--define", "_topdir "+top,
		"--define", "_build_name_fmt %%{NAME}.rpm", spec)
	if err != nil {
		return fmt.Errorf("cannot build rpm packages: %w", err)
	}
	// Debian's rpm installs nothing unless forced.
	args := []string{"--force-debian", "--dbpath", db, "--define", "_db_backend sqlite", "--install", "--justdb",
		"--nodeps", "--noscripts"}
	for _, p := range rpmPackages {
		args = append(args, filepath.Join(top, "RPMS", p.name+".rpm"))
	}
	if err := run(ctx, "rpm", args...); err != nil {
		return fmt.Errorf("cannot build rpm database: %w", err)
	}
	return nil
}
