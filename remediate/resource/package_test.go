package resource

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const packageStatus = `Package: telnet
Status: install ok installed
Architecture: all
Version: 0.17

Package: base
Status: install ok installed
Architecture: amd64
Version: 1

Package: user
Status: install ok installed
Depends: base
Version: 2

Package: foreign
Status: install ok installed
Architecture: i386
Version: 3

Package: kept
Status: hold ok installed
Version: 4

Package: gone
Status: deinstall ok config-files
Version: 5

Package: broken
Status: install ok half-configured
Version: 6

Package: exim4
Status: install ok installed
Provides: mail-transport-agent
Version: 7
`

func packageMachine(t *testing.T, running bool) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
	f.Write("/var/lib/dpkg/status", packageStatus)
	if running {
		f.State = &hosttest.State{}
	}
	return f
}

func TestPackagesOfDpkg(t *testing.T) {
	for name, tc := range map[string]struct {
		p       packageResource
		offline bool
		message string
		want    []rule.Change
	}{
		"one that is there and should not be goes": {packageResource{dpkg: []string{"telnet"}, absent: true}, false, "telnet is installed",
			[]rule.Change{rule.RemovePackage{Names: []string{"telnet"}}}},
		"one that is not known is absent":                {packageResource{dpkg: []string{"nothing"}, absent: true}, false, "not installed", nil},
		"one whose configuration is left is absent":      {packageResource{dpkg: []string{"gone"}, absent: true}, false, "not installed", nil},
		"one that broke off while installing is there":   {packageResource{dpkg: []string{"broken"}, absent: true}, false, "broken is installed", []rule.Change{rule.RemovePackage{Names: []string{"broken"}}}},
		"one that broke off while installing is to work": {packageResource{dpkg: []string{"broken"}}, false, "broken is not installed", []rule.Change{rule.InstallPackage{Names: []string{"broken"}}}},
		"one of another architecture is named with it":   {packageResource{dpkg: []string{"foreign"}, absent: true}, false, "foreign:i386 is installed", []rule.Change{rule.RemovePackage{Names: []string{"foreign:i386"}}}},
		"one that others need stays": {packageResource{dpkg: []string{"base"}, absent: true}, false, "base is installed",
			[]rule.Change{rule.Unfixable{Subject: "base", Reason: "removing it would also remove user", Of: rule.Persisted}}},
		"one that others need goes with those that may": {packageResource{dpkg: []string{"base"}, absent: true, along: []string{"user", "other"}}, false, "base is installed",
			[]rule.Change{rule.RemovePackage{Names: []string{"base"}, Along: []string{"user"}}}},
		"one that the administrator holds stays": {packageResource{dpkg: []string{"kept"}, absent: true}, false, "kept is installed",
			[]rule.Change{rule.Unfixable{Subject: "kept", Reason: "kept is on hold", Of: rule.Persisted}}},
		"a virtual one goes by its real name": {packageResource{dpkg: []string{"mail-transport-agent"}, absent: true, virtual: true}, false, "exim4 is installed",
			[]rule.Change{rule.RemovePackage{Names: []string{"exim4"}}}},
		"a virtual one is not seen unless asked for": {packageResource{dpkg: []string{"mail-transport-agent"}, absent: true}, false, "not installed", nil},
		"nothing goes from a root that does not run": {packageResource{dpkg: []string{"telnet"}, absent: true}, true, "telnet is installed",
			[]rule.Change{rule.Unfixable{Subject: "telnet", Reason: host.ErrOfflinePackages.Error(), Of: rule.Persisted}}},
		"nothing comes into a root that does not run": {packageResource{dpkg: []string{"x"}}, true, "x is not installed",
			[]rule.Change{rule.Unfixable{Subject: "x", Reason: host.ErrOfflinePackages.Error(), Of: rule.Persisted}}},
		"what is missing comes":                  {packageResource{dpkg: []string{"telnet", "x", "y"}}, false, "x, y are not installed", []rule.Change{rule.InstallPackage{Names: []string{"x", "y"}}}},
		"one of several is enough when any does": {packageResource{dpkg: []string{"x", "telnet"}, any: true}, false, "telnet is installed", nil},
		"the first comes when any does":          {packageResource{dpkg: []string{"x", "y"}, any: true}, false, "none of x, y is installed", []rule.Change{rule.InstallPackage{Names: []string{"x"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := packageMachine(t, !tc.offline)
			o, err := tc.p.Observe(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if o.Message != tc.message {
				t.Errorf("message is %q", o.Message)
			}
			if diff := cmp.Diff(tc.want, tc.p.Diff(o)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhereThereIsNoRecordOfPackages(t *testing.T) {
	p := packageResource{dpkg: []string{"x"}, rpm: []string{"x"}, absent: true}
	f := hosttest.Tree(t, "")
	o, err := p.Observe(t.Context(), f)
	if err != nil || !strings.HasPrefix(o.NotObservable, "there is no record") {
		t.Errorf("%q, %v", o.NotObservable, err)
	}
	f.Write("/var/lib/rpm/Packages", "x")
	o, err = p.Observe(t.Context(), f)
	if err != nil || !strings.Contains(o.NotObservable, "not in SQLite form") {
		t.Errorf("%q, %v", o.NotObservable, err)
	}
	f.Write("/var/lib/rpm/rpmdb.sqlite", "nonsense")
	if _, err = p.Observe(t.Context(), f); err == nil {
		t.Error("a damaged database is no error")
	}
}

func TestTheSystemsOwnRecordCounts(t *testing.T) {
	content, err := os.ReadFile("../config/rpm/testdata/rpmdb.sqlite")
	if err != nil {
		t.Fatal(err)
	}
	f := packageMachine(t, true)
	f.Write("/var/lib/rpm/rpmdb.sqlite", string(content))
	p := packageResource{dpkg: []string{"nfs-utils"}, rpm: []string{"nfs-utils"}, absent: true}
	if o, _ := p.Observe(t.Context(), f); o.Message != "not installed" {
		t.Errorf("on Ubuntu: %s", o.Message)
	}
	f.OS = host.Info{OS: "azurelinux", Version: "3.0"}
	o, err := p.Observe(t.Context(), f)
	if err != nil || o.Persisted != "nfs-utils 2.5.4-1.azl3" {
		t.Errorf("on Azure Linux: %s, %v", o.Persisted, err)
	}
	want := []rule.Change{rule.Unfixable{Subject: "nfs-utils", Reason: "removing it would also remove autofs", Of: rule.Persisted}}
	if diff := cmp.Diff(want, p.Diff(o)); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesInAPackageBlock(t *testing.T) {
	list := func(l ...string) *[]string { return &l }
	for name, tc := range map[string]struct {
		dpkg        *[]string
		state, says string
		any         bool
	}{
		"a word that is no state": {nil, "gone", "must be", false},
		"the ssh server":          {list("openssh-server"), "absent", "never removed", false},
		"an option for a name":    {list("-y"), "absent", "not the name of a package", false},
		"any of what should go":   {nil, "absent", "any is for", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newPackage("x", func(target any) error {
				body := target.(*struct {
					State   string    `hcl:"state"`
					Dpkg    *[]string `hcl:"dpkg,optional"`
					RPM     *[]string `hcl:"rpm,optional"`
					Virtual bool      `hcl:"virtual,optional"`
					Any     bool      `hcl:"any,optional"`
					Along   []string  `hcl:"along,optional"`
					Unless  *struct {
						Units []string `hcl:"units"`
						State string   `hcl:"state"`
					} `hcl:"unless,block"`
				})
				body.State, body.Dpkg, body.Any = tc.state, tc.dpkg, tc.any
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestPatternsOfRepositories(t *testing.T) {
	for _, tc := range []struct {
		pattern, item string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*b", "ab", true}, {"a*c*e", "abcde", true}, {"a*e*c", "abcde", false}, {"*", "", true},
		{"a*a", "a", false},
	} {
		if got := packageSourceMatch(tc.pattern, tc.item); got != tc.want {
			t.Errorf("%q against %q: %v", tc.pattern, tc.item, got)
		}
	}
}

func TestEvidenceOfSourcesNeedsAPerson(t *testing.T) {
	f := packageMachine(t, false)
	f.Write("/etc/apt/sources.list", "deb http://user:secret@x/ubuntu noble main\n")
	f.Write("/var/log/apt/history.log", "\nStart-Date: 2026-01-01  00:00:00\nEnd-Date: 2026-01-01  00:00:01\n")
	for what, want := range map[string]string{
		"repositories": "deb http://***@x/ubuntu noble main",
		"updates":      "apt last changed packages at 2026-01-01 00:00:01",
	} {
		o, err := packageSources{what: what}.Observe(t.Context(), f)
		if err != nil || o.Manual == "" || !strings.Contains(strings.Join(o.Evidence, "\n"), want) {
			t.Errorf("%s: %q, %v", what, o.Evidence, err)
		}
	}
}
