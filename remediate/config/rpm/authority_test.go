//go:build authority

package rpm_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rpm"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// spec is a package for rpmbuild: a name, what it provides and requires, and how many files it has.
type spec struct {
	name, provides, requires string
	files                    int
}

func (s spec) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Name: %s\nVersion: 1.2\nRelease: 3.azl3\nSummary: %s for tests\nLicense: MIT\nBuildArch: noarch\nAutoReqProv: no\n", s.name, s.name)
	if s.provides != "" {
		fmt.Fprintf(&b, "Provides: %s\n", s.provides)
	}
	if s.requires != "" {
		fmt.Fprintf(&b, "Requires: %s\n", s.requires)
	}
	fmt.Fprintf(&b, "%%description\ntest\n%%install\nmkdir -p %%{buildroot}/usr/share/%s\n", s.name)
	for i := range s.files {
		fmt.Fprintf(&b, "echo x > %%{buildroot}/usr/share/%s/file%d\n", s.name, i)
	}
	fmt.Fprintf(&b, "%%files\n/usr/share/%s\n", s.name)
	return b.String()
}

type made struct {
	t        *testing.T
	top, dir string
}

func (m made) run(name string, args ...string) string {
	m.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (m made) rpm(args ...string) string {
	return m.run("rpm", append([]string{"--root", m.dir, "--dbpath", "/var/lib/rpm", "--define", "_db_backend sqlite"}, args...)...)
}

func makeMachine(t *testing.T, specs ...spec) made {
	m := made{t, t.TempDir(), t.TempDir()}
	if err := os.MkdirAll(filepath.Join(m.dir, "var/lib/rpm"), 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"-i", "--nodeps", "--noscripts", "--justdb", "--nosignature"}
	for _, s := range specs {
		file := filepath.Join(m.top, s.name+".spec")
		if err := os.WriteFile(file, []byte(s.text()), 0o644); err != nil {
			t.Fatal(err)
		}
		m.run("rpmbuild", "--quiet", "--define", "_topdir "+m.top, "-bb", file)
		args = append(args, filepath.Join(m.top, "RPMS/noarch", s.name+"-1.2-3.azl3.noarch.rpm"))
	}
	m.rpm("--initdb")
	m.rpm(args...)
	return m
}

func (m made) open() (*rpm.DB, *host.Offline) {
	m.t.Helper()
	h, err := host.OpenRoot(m.dir)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { h.Close() })
	db, err := rpm.Open(h)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { db.Close() })
	return db, h
}

// compare holds what is read here against what rpm says.
func (m made) compare() {
	m.t.Helper()
	said := m.rpm("-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{INSTALLTIME} %{SUMMARY}\n")
	want := slices.DeleteFunc(strings.Split(said, "\n"), func(l string) bool { return l == "" || strings.HasPrefix(l, "rpm:") })
	slices.Sort(want)
	db, _ := m.open()
	packages, err := db.Packages()
	if err != nil {
		m.t.Fatal(err)
	}
	names, err := db.Names()
	if err != nil {
		m.t.Fatal(err)
	}
	found, err := db.Find(names...)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, list := range [][]rpm.Package{packages, found} {
		var got []string
		for _, p := range list {
			got = append(got, fmt.Sprintf("%s %s-%s %d %s", p.Name, p.Version, p.Release, p.Installed.Unix(), p.Summary))
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			m.t.Errorf("rpm -qa against ours:\n%s", diff)
		}
	}
}

func TestPackagesAreThoseOfRPM(t *testing.T) {
	var specs []spec
	for i := range 12 {
		specs = append(specs, spec{name: fmt.Sprintf("package-%02d", i), files: i * i * 8})
	}
	m := makeMachine(t, specs...)
	m.compare()
	m.rpm("-e", "--justdb", "--noscripts", "package-03", "package-11")
	m.compare()
}

func TestPackagesInTheWriteAheadLog(t *testing.T) {
	m := makeMachine(t, spec{name: "stays", files: 2}, spec{name: "goes", files: 300})
	file := filepath.Join(m.dir, "var/lib/rpm/rpmdb.sqlite")
	cmd := exec.Command("sqlite3", "-cmd", ".dbconfig no_ckpt_on_close on", file)
	cmd.Stdin = strings.NewReader("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;\n" +
		"DELETE FROM Packages WHERE hnum IN (SELECT hnum FROM Name WHERE key='goes');\nDELETE FROM Name WHERE key='goes';\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	log, err := os.ReadFile(file + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatalf("the log has %d bytes, %v", len(log), err)
	}
	db, _ := m.open()
	if names, err := db.Names(); err != nil || !slices.Equal(names, []string{"stays"}) {
		t.Errorf("with the log: %v, %v", names, err)
	}
	// A log that broke off in the last transaction counts up to the one before.
	if err := os.WriteFile(file+"-wal", bytes.Clone(log[:len(log)-100]), 0o644); err != nil {
		t.Fatal(err)
	}
	db, _ = m.open()
	names, err := db.Names()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command("sqlite3", file, "SELECT key FROM Name ORDER BY key")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Fields(string(out)), names); diff != "" {
		t.Errorf("sqlite3 against ours with half a log:\n%s", diff)
	}
}

func TestDependentsAreThoseThatRPMWouldMiss(t *testing.T) {
	m := makeMachine(t,
		spec{name: "base", provides: "base-thing", files: 1},
		spec{name: "uses-the-thing", requires: "base-thing", files: 1},
		spec{name: "uses-the-user", requires: "uses-the-thing", files: 1},
		spec{name: "uses-a-file", requires: "/usr/share/base/file0", files: 1},
		spec{name: "one-of-two", provides: "either", files: 1},
		spec{name: "other-of-two", provides: "either", files: 1},
		spec{name: "uses-either", requires: "either", files: 1})
	db, _ := m.open()
	for name, want := range map[string][]string{
		"base":        {"uses-a-file", "uses-the-thing", "uses-the-user"},
		"one-of-two":  nil,
		"uses-a-file": nil,
	} {
		got, err := db.Dependents(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		m.rpm(append([]string{"-e", "--test", name}, got...)...)
		for i := range got { // without one of them rpm refuses
			rest := slices.Delete(slices.Clone(got), i, i+1)
			args := append([]string{"--root", m.dir, "--dbpath", "/var/lib/rpm", "-e", "--test", name}, rest...)
			if out, err := exec.Command("rpm", args...).CombinedOutput(); err == nil {
				t.Errorf("rpm would remove %s with %v only: %s", name, rest, out)
			}
		}
	}
}
