//go:build linux

package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	rpmDatabase  = "var/lib/rpm" // where a shape's database belongs
	rpmDatabases = "var/lib/lab" // where the base keeps them, one folder a shape that has one
)

// rpmPackage is what an rpm database knows of a package. None holds a file.
type rpmPackage struct{ name, version, release string }

// rpmPackages are those of the shapes that have an rpm database.
var rpmPackages = []struct {
	shape    string
	packages []rpmPackage
}{
	{"azurelinux-2.0", []rpmPackage{
		{"WALinuxAgent", "2.11.1.4", "1.cm2"},
		{"bash", "5.1.8", "4.cm2"},
		{"ca-certificates", "2.0.0", "21.cm2"},
		{"chrony", "4.1", "4.cm2"},
		{"cloud-init", "23.3", "7.cm2"},
		{"coreutils", "8.32", "7.cm2"},
		{"cronie", "1.5.7", "4.cm2"},
		{"iptables", "1.8.7", "5.cm2"},
		{"kernel", "5.15.186.1", "1.cm2"},
		{"libpwquality", "1.4.4", "1.cm2"},
		{"logrotate", "3.20.1", "3.cm2"},
		{"openssh", "8.9p1", "8.cm2"},
		{"openssh-clients", "8.9p1", "8.cm2"},
		{"openssh-server", "8.9p1", "8.cm2"},
		{"pam", "1.5.1", "6.cm2"},
		{"rpm", "4.18.0", "4.cm2"},
		{"rsyslog", "8.2204.1", "4.cm2"},
		{"shadow-utils", "4.9", "13.cm2"},
		{"sudo", "1.9.15p5", "1.cm2"},
		{"systemd", "250.3", "22.cm2"},
		{"tdnf", "3.5.2", "3.cm2"},
		{"util-linux", "2.37.4", "9.cm2"},
	}},
	{"azurelinux-3.0", []rpmPackage{
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
	}},
}

// rpmRecipe is all that the databases depend on.
func rpmRecipe() string {
	var recipe strings.Builder
	for _, s := range rpmPackages {
		recipe.WriteString(s.shape + "\n" + rpmSpec(s.packages))
	}
	return recipe.String()
}

// rpmSpec is the recipe of some packages: the first is the spec's own, the others are subpackages.
func rpmSpec(packages []rpmPackage) string {
	var spec strings.Builder
	for i, p := range packages {
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

// buildRPMDatabases writes the databases into the base.
func buildRPMDatabases(ctx context.Context, base string) error {
	for _, s := range rpmPackages {
		if err := buildRPMDatabase(ctx, filepath.Join(base, rpmDatabases, s.shape), s.packages); err != nil {
			return fmt.Errorf("cannot build the rpm database of %s: %w", s.shape, err)
		}
	}
	return nil
}

// buildRPMDatabase takes nothing of the host's configuration of rpm but its macros, and opens none of the host's own
// databases.
func buildRPMDatabase(ctx context.Context, db string, packages []rpmPackage) error {
	top, err := os.MkdirTemp("", "lab-rpm-")
	if err != nil {
		return fmt.Errorf("cannot make a folder for rpmbuild: %w", err)
	}
	defer os.RemoveAll(top)
	spec := filepath.Join(top, "lab.spec")
	if err := os.WriteFile(spec, []byte(rpmSpec(packages)), 0o600); err != nil {
		return fmt.Errorf("cannot write spec: %w", err)
	}
	if err := os.MkdirAll(db, 0o755); err != nil {
		return fmt.Errorf("cannot make its folder: %w", err)
	}
	err = run(ctx, "rpmbuild", "-bb", "--quiet", "--target", "x86_64", "--define", "_topdir "+top,
		"--define", "_build_name_fmt %%{NAME}.rpm", spec)
	if err != nil {
		return err
	}
	// Debian's rpm installs nothing unless forced.
	args := []string{"--force-debian", "--dbpath", db, "--define", "_db_backend sqlite", "--install", "--justdb",
		"--nodeps", "--noscripts"}
	for _, p := range packages {
		args = append(args, filepath.Join(top, "RPMS", p.name+".rpm"))
	}
	return run(ctx, "rpm", args...)
}
