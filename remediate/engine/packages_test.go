package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const packagesStatus = `Package: telnet
Status: install ok installed
Version: 1

Package: base
Status: install ok installed
Version: 1

Package: user
Status: install ok installed
Depends: base
Version: 1
`

func packagesMachine(t *testing.T) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
	f.State = &hosttest.State{}
	f.Write("/var/lib/dpkg/status", packagesStatus)
	return f
}

func packagesProfile(t *testing.T, rules ...string) *profile.Profile {
	p := &profile.Profile{Name: "test"}
	for _, text := range rules {
		resources, err := profile.Resources("rule.hcl", []byte(text), profile.Platform{OS: "ubuntu", Version: "24.04"})
		if err != nil {
			t.Fatal(err)
		}
		p.Rules = append(p.Rules, profile.Rule{ID: resources[0].Ref().Name, Title: "test", Resources: resources})
	}
	return p
}

func TestPackagesComeBeforeFilesAndInOneGo(t *testing.T) {
	f := packagesMachine(t)
	p := packagesProfile(t,
		`package "etc-x" { state = "absent" }`,
		`package "sudo" { state = "installed" }`,
		`package "telnet" { state = "absent" }`,
		`package "rsyslog" { state = "installed" }`)
	p.Rules[0].Resources = ruleOf("r", fileHolds{path: "/etc/x", text: "x"}).Resources
	done, err := engine.Apply(t.Context(), p, f, engine.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range done.Steps {
		got = append(got, s.Action()+" "+s.Target+" for "+strings.Join(s.Rules, ","))
	}
	want := []string{"remove packages telnet for telnet", "install packages rsyslog sudo for sudo,rsyslog", "create file /etc/x for etc-x"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, a := range done.After {
		if a.Outcome != rule.Pass {
			t.Errorf("%s: %s %s", a.Rule.ID, a.Outcome, a.Message)
		}
	}
}

func TestAPackageGoesOnceItsUserIsGone(t *testing.T) {
	f := packagesMachine(t)
	p := packagesProfile(t, `package "base" { state = "absent" }`, `package "user" { state = "absent" }`)
	done, err := engine.Apply(t.Context(), p, f, engine.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if len(done.Steps) != 2 || done.Steps[0].Target != "user" || done.Steps[1].Target != "base" || !engine.Compliant(done.After) {
		t.Errorf("steps %+v, after %+v", done.Steps, done.After)
	}
}

func TestRulesThatWantAndDoNotWantAPackageConflict(t *testing.T) {
	f := packagesMachine(t)
	p := packagesProfile(t, `package "x" {
  state = "installed"
  dpkg  = ["telnet", "new"]
}`, `package "telnet" { state = "absent" }`)
	p.Rules[0].Resources = append(p.Rules[0].Resources, packagesProfile(t, `package "y" {
  state = "absent"
  dpkg  = ["new"]
}`).Rules[0].Resources...)
	f.Write("/var/lib/dpkg/status", packagesStatus+"\nPackage: new\nStatus: install ok half-installed\nVersion: 1\n")
	_, err := engine.Apply(t.Context(), p, f, engine.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), "one installs the package, the other removes it") {
		t.Errorf("error is %v", err)
	}
}

// deafPackages is a machine whose package manager says that all is well and does nothing.
type deafPackages struct{ *hosttest.Fake }

func (d deafPackages) RemovePackages(_ context.Context, _, _ []string) error { return nil }

func TestAPackageThatStaysIsAnErrorAndFilesAreStillDone(t *testing.T) {
	f := deafPackages{packagesMachine(t)}
	p := packagesProfile(t, `package "telnet" { state = "absent" }`)
	p.Rules = append(p.Rules, ruleOf("file", fileHolds{path: "/etc/x", text: "x"}))
	done, err := engine.Apply(t.Context(), p, f, engine.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if done.After[0].Outcome != rule.Error || done.After[1].Outcome != rule.Pass || len(done.Steps) != 2 {
		t.Errorf("after %+v, %d steps", done.After, len(done.Steps))
	}
}
