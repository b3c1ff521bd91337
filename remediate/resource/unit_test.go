package resource

import (
	"slices"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const unitLib, unitEtc = "/usr/lib/systemd/system/", "/etc/systemd/system/"

func unitTree(t *testing.T) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.Write("/etc/machine-id", "4c1bb4e0b2f14c4f8d5c3f0a8e9d7b61\n")
	f.Write(unitLib+"ssh.service", "[Service]\nExecStart=/usr/sbin/sshd\n[Install]\nWantedBy=multi-user.target\n")
	f.Write(unitLib+"ssh.socket", "[Socket]\nListenStream=22\n[Install]\nWantedBy=sockets.target\n")
	f.Write(unitLib+"journald.service", "[Service]\nExecStart=/bin/j\n")
	f.Link(unitLib+"sysinit.target.wants/journald.service", "../journald.service")
	return f
}

func TestUnitRefusesWhatMakesNoSense(t *testing.T) {
	for _, src := range []string{
		`unit "ssh" { state = "enabled" }`, `unit "ssh.service" { state = "stopped" }`, `unit "ssh.service" {}`,
		"unit \"ssh.service\" {\n state = \"masked\"\n active = true\n}",
		"unit \"ssh.service\" {\n state = \"enabled\"\n active = false\n}",
		"unit \"ssh.service\" {\n state = \"masked\"\n or = [\"a.socket\"]\n}",
		"unit \"ssh.service\" {\n state = \"enabled\"\n or = [\"a\"]\n}",
	} {
		if _, err := parseBlock(t, unitKind(), src); err == nil {
			t.Errorf("%s: no error", src)
		}
	}
}

func TestUnit(t *testing.T) {
	enable := func(f *hosttest.Fake, target, name string) { f.Link(unitEtc+target+".wants/"+name, unitLib+name) }
	for name, c := range map[string]struct {
		make func(f *hosttest.Fake)
		rule string
		want []rule.Change
	}{
		"an enabled service is enabled":                               {func(f *hosttest.Fake) { enable(f, "multi-user.target", "ssh.service") }, `unit "ssh.service" { state = "enabled" }`, nil},
		"a service whose socket is enabled counts as enabled":         {func(f *hosttest.Fake) { enable(f, "sockets.target", "ssh.socket") }, `unit "ssh.service" { state = "enabled" }`, nil},
		"another unit does where the rule says so":                    {func(f *hosttest.Fake) { enable(f, "sockets.target", "ssh.socket") }, "unit \"sshd.service\" {\n state = \"enabled\"\n or = [\"ssh.socket\"]\n}", nil},
		"a static service that a package links in is enabled":         {nil, `unit "journald.service" { state = "enabled" }`, nil},
		"a disabled service gets enabled":                             {nil, `unit "ssh.service" { state = "enabled" }`, []rule.Change{rule.ChangeUnit{Name: "ssh.service", Action: rule.EnableUnit}}},
		"a service that does not exist cannot be enabled":             {nil, `unit "x.service" { state = "enabled" }`, []rule.Change{rule.Unfixable{Subject: "x.service", Reason: "it does not exist", Of: rule.Persisted}}},
		"a service that does not exist is disabled":                   {nil, `unit "x.service" { state = "disabled" }`, nil},
		"a service that does not exist is as good as masked":          {nil, `unit "x.service" { state = "masked" }`, nil},
		"a masked service gets unmasked and enabled":                  {func(f *hosttest.Fake) { f.Link(unitEtc+"ssh.service", "/dev/null") }, `unit "ssh.service" { state = "enabled" }`, []rule.Change{rule.ChangeUnit{Name: "ssh.service", Action: rule.UnmaskUnit}, rule.ChangeUnit{Name: "ssh.service", Action: rule.EnableUnit}}},
		"a service that a package links in has to be masked":          {nil, `unit "journald.service" { state = "disabled" }`, []rule.Change{rule.ChangeUnit{Name: "journald.service", Action: rule.MaskUnit}}},
		"disabled takes the socket along":                             {func(f *hosttest.Fake) { enable(f, "sockets.target", "ssh.socket") }, `unit "ssh.service" { state = "disabled" }`, []rule.Change{rule.ChangeUnit{Name: "ssh.socket", Action: rule.DisableUnit}}},
		"a disabled one is not masked":                                {nil, `unit "ssh.service" { state = "masked" }`, []rule.Change{rule.ChangeUnit{Name: "ssh.service", Action: rule.MaskUnit}}},
		"a mask that is gone after a boot is none":                    {func(f *hosttest.Fake) { f.Link("/run/systemd/system/ssh.service", "/dev/null") }, `unit "ssh.service" { state = "masked" }`, []rule.Change{rule.ChangeUnit{Name: "ssh.service", Action: rule.MaskUnit}}},
		"an administrator's own unit file leaves no place for a mask": {func(f *hosttest.Fake) { f.Write(unitEtc+"own.service", "[Service]\n") }, `unit "own.service" { state = "masked" }`, []rule.Change{rule.Unfixable{Subject: "own.service", Reason: "/etc/systemd/system/own.service is in the place where the mask would be", Of: rule.Persisted}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := unitTree(t)
			if c.make != nil {
				c.make(f)
			}
			r := mustBlock(t, unitKind(), c.rule)
			o := observe(t, f, r)
			if got := r.Diff(o); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v (%s)", got, c.want, o.Message)
			}
		})
	}
}

func TestUnitThatRunsIsStoppedWhenTheRuleAsksForIt(t *testing.T) {
	f := unitTree(t)
	f.State = &hosttest.State{Units: map[string]host.UnitState{"ssh.service": {Load: "loaded", Active: "active", File: "disabled"}}}
	r := mustBlock(t, unitKind(), "unit \"ssh.service\" {\n state = \"disabled\"\n active = false\n}")
	o := observe(t, f, r)
	if want := []rule.Change{rule.ChangeUnit{Name: "ssh.service", Action: rule.StopUnit}}; !slices.Equal(r.Diff(o), want) || o.Running != "active" {
		t.Errorf("got %v, running %q", r.Diff(o), o.Running)
	}
	settle(t, f, r)
	without := mustBlock(t, unitKind(), `unit "ssh.service" { state = "disabled" }`)
	if d := without.Diff(observe(t, f, without)); len(d) != 0 {
		t.Errorf("without active: %v", d)
	}
}
