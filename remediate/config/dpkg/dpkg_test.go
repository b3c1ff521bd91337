package dpkg_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/dpkg"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestStatesOfAPackage(t *testing.T) {
	for name, tc := range map[string]struct {
		status                string
		installed, configured bool
	}{
		"installed":                            {"install ok installed", true, true},
		"held":                                 {"hold ok installed", true, true},
		"to be removed, and still there":       {"deinstall ok installed", true, true},
		"removed, its configuration left":      {"deinstall ok config-files", false, false},
		"purged":                               {"purge ok not-installed", false, false},
		"unpacked":                             {"install ok unpacked", true, false},
		"an installation that broke off":       {"install ok half-installed", true, false},
		"a configuration that broke off":       {"install ok half-configured", true, false},
		"waiting for a trigger":                {"install ok triggers-pending", true, true},
		"in need of being installed once more": {"install reinstreq installed", true, false},
		"no status":                            {"", false, false},
		"a status of other words":              {"nonsense", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write(dpkg.Status, "Package: telnet\nStatus: "+tc.status+"\nVersion: 1\n")
			db, err := dpkg.Read(f)
			if err != nil {
				t.Fatal(err)
			}
			p := db.Find("telnet")[0]
			if p.Installed() != tc.installed || p.Configured() != tc.configured {
				t.Errorf("installed %v, configured %v", p.Installed(), p.Configured())
			}
		})
	}
}

const sample = `Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.36

Package: libc6
status: install ok installed
ARCHITECTURE: i386
Version: 2.36
Description: one
 Package: not-a-package
 .
 text

Package: exim4-daemon-light
Status: install ok installed
Provides: mail-transport-agent, exim4-localscanapi-4.1
Depends: libc6 (>= 2.34),
 debconf | debconf-2.0, adduser:any

Package: cron
Status: install ok installed
Depends: libc6, default-mta | mail-transport-agent
`

func TestArchitecturesVirtualsAndContinuations(t *testing.T) {
	packages, err := dpkg.Parse("status", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	db := &dpkg.DB{Packages: packages}
	if got := len(db.Find("libc6")); got != 2 {
		t.Errorf("%d packages libc6", got)
	}
	if got := db.Find("libc6:i386"); len(got) != 1 || got[0].Line != 7 {
		t.Errorf("got %+v", got)
	}
	if got := db.Find("not-a-package"); got != nil {
		t.Errorf("a description made a package: %+v", got)
	}
	exim := db.Providers("mail-transport-agent")
	if len(exim) != 1 || exim[0].Name != "exim4-daemon-light" {
		t.Fatalf("got %+v", exim)
	}
	want := []dpkg.Alternatives{{"libc6"}, {"debconf", "debconf-2.0"}, {"adduser"}}
	if diff := cmp.Diff(want, exim[0].Depends); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"cron"}, db.Dependents("exim4-daemon-light")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"cron", "exim4-daemon-light"}, db.Dependents("libc6")); diff != "" {
		t.Error(diff)
	}
	if got := db.Dependents("cron"); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestImagesWithoutDpkgHaveAFileForEachPackage(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write(dpkg.StatusDir+"/base", "Package: base-files\nVersion: 12\n")
	f.Write(dpkg.StatusDir+"/base.md5sums", "d41d8cd98f00b204e9800998ecf8427e  etc/issue\n")
	db, err := dpkg.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if p := db.Find("base-files"); len(p) != 1 || !p[0].Configured() {
		t.Errorf("got %+v", p)
	}
}

func TestWhatIsNotAStatusFile(t *testing.T) {
	for name, tc := range map[string]struct{ content, want string }{
		"a continuation of nothing": {" text\n", "status:1: a continuation without a field"},
		"no colon":                  {"Package: a\nnonsense\n", "status:2: not a field and its value"},
		"no name":                   {"Version: 1\n\n", "status:1: the stanza has no field Package"},
		"binary":                    {"\x00\xff\n", "status:1: not a field and its value"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := dpkg.Parse("status", []byte(tc.content)); err == nil || err.Error() != tc.want {
				t.Errorf("error is %v", err)
			}
		})
	}
	if _, err := dpkg.Read(hosttest.Tree(t, "")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error of an empty root is %v", err)
	}
}

// Removing dependents along with what they depend on breaks nothing more.
func TestDependentsAreAllOfThem(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		names := []string{"a", "b", "c", "d", "e", "f"}
		var text strings.Builder
		for _, n := range names {
			text.WriteString("Package: " + n + "\nStatus: install ok installed\n")
			if deps := rapid.SliceOfN(rapid.SampledFrom(names), 0, 3).Draw(rt, n); len(deps) > 0 {
				text.WriteString("Depends: " + strings.Join(deps, rapid.SampledFrom([]string{", ", " | "}).Draw(rt, "join")) + "\n")
			}
			text.WriteString("\n")
		}
		packages, err := dpkg.Parse("status", []byte(text.String()))
		if err != nil {
			rt.Fatal(err)
		}
		db := &dpkg.DB{Packages: packages}
		all := append(db.Dependents("a"), "a")
		if more := db.Dependents(all...); len(more) > 0 {
			rt.Errorf("%v also break", more)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("Package: a\nDepends: |,(:\n\n\n"))
	f.Add([]byte("#\n\tx"))
	f.Fuzz(func(t *testing.T, content []byte) {
		packages, err := dpkg.Parse("status", content)
		if err != nil {
			return
		}
		for _, p := range packages {
			if p.Name == "" && !strings.Contains(strings.ToLower(string(content)), "package") {
				t.Errorf("a package from nowhere: %+v", p)
			}
		}
		(&dpkg.DB{Packages: packages}).Dependents("a")
	})
}
