package rpm_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rpm"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// The database in testdata was made by Debian's rpm 4.18: telnet, nfs-utils, autofs (which requires
// what nfs-utils provides), reads-a-file (which requires a file of telnet) and sudo. Tables that are not
// read were dropped to keep it small.
const sample = "testdata/rpmdb.sqlite"

func machine(t testing.TB, content string) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.Write("/var/lib/rpm/rpmdb.sqlite", content)
	return f
}

func read(t testing.TB) string {
	content, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestInstalledPackages(t *testing.T) {
	for name, files := range map[string]host.Files{
		"read in parts":                       machine(t, read(t)),
		"read through a read-only machine":    host.ReadOnly(machine(t, read(t))),
		"read through an overlay":             host.NewOverlay(machine(t, read(t))),
		"read from memory":                    onlyFiles{machine(t, read(t))},
		"an empty log beside it says nothing": withLog(t),
	} {
		t.Run(name, func(t *testing.T) {
			db, err := rpm.Open(files)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			names, err := db.Names()
			if diff := cmp.Diff([]string{"autofs", "nfs-utils", "reads-a-file", "sudo", "telnet"}, names); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			found, err := db.Find("sudo", "absent")
			if err != nil || len(found) != 1 || found[0].Version != "1.9.15" || found[0].Release != "1.azl3" || found[0].Installed.Year() < 2000 {
				t.Errorf("%+v, %v", found, err)
			}
			for name, want := range map[string][]string{"nfs-utils": {"autofs"}, "telnet": {"reads-a-file"}, "sudo": nil} {
				got, err := db.Dependents(name)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%s: %v %s", name, err, diff)
				}
			}
			if got, err := db.Providers("nfs-server-capability"); err != nil || strings.Join(got, " ") != "nfs-utils" {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

type onlyFiles struct{ host.Files }

func withLog(t *testing.T) host.Files {
	f := machine(t, read(t))
	f.Write("/var/lib/rpm/rpmdb.sqlite-wal", "")
	return f
}

func TestWhatCannotBeRead(t *testing.T) {
	for name, tc := range map[string]struct {
		path, content string
		is            error
		says          string
	}{
		"no database":                    {"/etc/x", "", fs.ErrNotExist, "no rpm database"},
		"Berkeley DB":                    {"/var/lib/rpm/Packages", "x", rpm.ErrOtherForm, "/var/lib/rpm/Packages"},
		"rpm's own form":                 {"/var/lib/rpm/Packages.db", "x", rpm.ErrOtherForm, "/var/lib/rpm/Packages.db"},
		"text":                           {"/var/lib/rpm/rpmdb.sqlite", strings.Repeat("x", 200), nil, "not an SQLite file"},
		"empty":                          {"/var/lib/rpm/rpmdb.sqlite", "", nil, "not an SQLite file"},
		"a change that was not finished": {"/var/lib/rpm/rpmdb.sqlite-journal", "x", nil, "was not finished"},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			if strings.HasSuffix(tc.path, "-journal") {
				f = machine(t, read(t))
			}
			f.Write(tc.path, tc.content)
			_, err := rpm.Open(f)
			if err == nil || tc.is != nil && !errors.Is(err, tc.is) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestADamagedDatabaseIsAnErrorAndNotEmpty(t *testing.T) {
	content := []byte(read(t))
	for at := 1024; at < len(content); at += 1024 {
		content[at] = 99 // no page of a tree starts like this
	}
	db, err := rpm.Open(machine(t, string(content)))
	if err != nil {
		t.Fatal(err)
	}
	if names, err := db.Names(); err == nil {
		t.Errorf("names are %v", names)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(read(f)), []byte{})
	f.Add([]byte("SQLite format 3\x00"), []byte("\x37\x7f\x06\x82"))
	f.Fuzz(func(t *testing.T, content, log []byte) {
		db, err := rpm.Open(fuzzed{content, log})
		if err != nil {
			return
		}
		db.Names()
		db.Find("sudo")
		db.Packages()
		db.Dependents("telnet")
	})
}

// fuzzed is a machine of two files, in memory.
type fuzzed struct{ content, log []byte }

func (f fuzzed) ReadFile(path string) ([]byte, error) {
	switch path {
	case "/var/lib/rpm/rpmdb.sqlite":
		return f.content, nil
	case "/var/lib/rpm/rpmdb.sqlite-wal":
		return f.log, nil
	}
	return nil, fs.ErrNotExist
}

func (fuzzed) ReadDir(string) ([]fs.DirEntry, error) { return nil, fs.ErrNotExist }
func (fuzzed) Stat(string) (host.FileInfo, error)    { return host.FileInfo{}, fs.ErrNotExist }
func (fuzzed) Lstat(string) (host.FileInfo, error)   { return host.FileInfo{}, fs.ErrNotExist }
func (fuzzed) Readlink(string) (string, error)       { return "", fs.ErrNotExist }
func (fuzzed) Resolve(path string) (string, error)   { return path, nil }

// What hosttest makes is read like what rpm makes.
func TestDatabaseOfTheFakeMachine(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.SetRPMs("telnet", "audit")
	db, err := rpm.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	packages, err := db.Packages()
	if diff := cmp.Diff([]rpm.Package{{Name: "audit", Version: "1", Release: "1"}, {Name: "telnet", Version: "1", Release: "1"}}, packages); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if dependents, err := db.Dependents("audit"); len(dependents) != 0 || err != nil {
		t.Errorf("%v, %v", dependents, err)
	}
}
