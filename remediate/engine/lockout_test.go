package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// loginTree is a machine on which build logs in with a password and becomes root without one.
func loginTree(t *testing.T) *hosttest.Fake {
	t.Helper()
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
	f.Write("/etc/passwd", "root:x:0:0::/root:/bin/bash\nbuild:x:1000:1000::/home/build:/bin/bash\n")
	f.Write("/etc/group", "root:x:0:\nbuild:x:1000:\n")
	f.Write("/etc/shadow", "build:$6$salt$hash:20000:0:99999:7:::\n")
	f.Write("/bin/bash", "")
	f.Chattr("/bin/bash", 0o755, 0, 0)
	f.Write("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n")
	f.Write("/etc/sudoers", "build ALL=(ALL) NOPASSWD: ALL\n")
	f.Chattr("/etc/sudoers", 0o440, 0, 0)
	f.Write("/usr/lib/security/pam_unix.so", "")
	f.Write("/etc/pam.d/sudo", "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_unix.so\n")
	return f
}

func builder() []login.Account {
	return []login.Account{{User: "build", Groups: []string{"build"}, Role: "the account that is running the build"}}
}

func TestTheRuleThatLocksOutIsNamed(t *testing.T) {
	const dropIn = "/etc/ssh/sshd_config.d/00-harden.conf"
	p := profileOf(
		ruleOf("tries", blocks(t, "sshd \"MaxAuthTries\" {\n value = \"4\"\n}")...),
		ruleOf("root-only", blocks(t, "sshd \"AllowUsers\" {\n value = \"root\"\n}")...),
		ruleOf("grace", blocks(t, "sshd \"LoginGraceTime\" {\n value = \"60\"\n}")...),
		ruleOf("sudo-nobody", fileHolds{path: "/etc/sudoers", text: "root ALL=(ALL) ALL\n"}),
	)
	t.Run("nothing is written", func(t *testing.T) {
		f := loginTree(t)
		before := f.Snapshot()
		_, err := engine.Apply(t.Context(), p, f, engine.Options{Now: now, Accounts: builder()})
		e, ok := engine.Lockout(err)
		if !ok || len(e.Rules) != 2 || e.Rules[0].Rule != "root-only" || e.Rules[1].Rule != "sudo-nobody" {
			t.Fatalf("error is %v", err)
		}
		for _, want := range []string{dropIn, "AllowUsers root", "build", "nothing was changed", "no line of sudoers"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q lacks %q", err, want)
			}
		}
		if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
			t.Errorf("something was written:\n%s", diff)
		}
	})
	t.Run("the others are applied", func(t *testing.T) {
		f := loginTree(t)
		done, err := engine.Apply(t.Context(), p, f, engine.Options{Now: now, Accounts: builder(), OnLockout: engine.LockoutSkip})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range done.After {
			refused := finding.Rule.ID == "root-only" || finding.Rule.ID == "sudo-nobody"
			if refused != (finding.Outcome == rule.Fail) || refused != strings.Contains(finding.Message, "lock an account out") {
				t.Errorf("%s is %s: %s", finding.Rule.ID, finding.Outcome, finding.Message)
			}
		}
		if got := f.Read(dropIn); !strings.Contains(got, "MaxAuthTries 4") || !strings.Contains(got, "LoginGraceTime 60") || strings.Contains(got, "AllowUsers") {
			t.Errorf("the file is\n%s", got)
		}
	})
	t.Run("without accounts nobody is asked", func(t *testing.T) {
		if _, err := engine.Apply(t.Context(), p, loginTree(t), engine.Options{Now: now}); err != nil {
			t.Error(err)
		}
	})
}

// blocks are resources as a profile has them.
func blocks(t *testing.T, text string) []resource.Resource {
	t.Helper()
	list, err := profile.Resources("test", []byte(text), profile.Platform{OS: "ubuntu", Version: "24.04"})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// own loads an operator's profile beside the shipped ones.
func own(t *testing.T, text string) *profile.Profile {
	t.Helper()
	file := filepath.Join(t.TempDir(), "own.hcl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{file}, Platform: profile.Platform{OS: "ubuntu", Version: "24.04"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const ownHead = `
profile "own" {
  invariants = ["packet-forwarding", "container-storage", "container-runtime", "kubelet"]

  control "1" {
    level = 1
    rules = ["ours"]
  }
}
`

func TestInvariants(t *testing.T) {
	unit := "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
	for _, c := range []struct {
		name, resource string
		prepare        func(*hosttest.Fake)
		broken         string // empty: applied
	}{
		{name: "overlay is blocked", resource: "kernel_module \"overlay\" {\n state = \"disabled\"\n}", broken: "container-storage"},
		{name: "another module is blocked", resource: "kernel_module \"cramfs\" {\n state = \"disabled\"\n}"},
		{name: "forwarding is turned off", resource: "sysctl \"net.ipv4.ip_forward\" {\n value = \"0\"\n}", broken: "packet-forwarding"},
		{name: "forwarding is turned on", resource: "sysctl \"net.ipv4.ip_forward\" {\n value = \"1\"\n}"},
		{name: "the runtime is masked", resource: "unit \"containerd.service\" {\n state = \"masked\"\n}", broken: "container-runtime"},
		{name: "the runtime is disabled", resource: "unit \"containerd.service\" {\n state = \"disabled\"\n}", broken: "container-runtime"},
		{name: "a kubelet that waits for provisioning is masked", resource: "unit \"kubelet.service\" {\n state = \"masked\"\n}", broken: "kubelet"},
		{name: "programs cannot be run from the kubelet's folder", resource: "mount_option \"/var/lib/kubelet\" {\n options = [\"nosuid\", \"noexec\"]\n}", broken: "kubelet"},
		{name: "set-user-id programs cannot be run from there", resource: "mount_option \"/var/lib/kubelet\" {\n options = [\"nosuid\"]\n}"},
		{name: "what was blocked before stays so", resource: "kernel_module \"cramfs\" {\n state = \"disabled\"\n}",
			prepare: func(f *hosttest.Fake) {
				f.Write("/etc/modprobe.d/a.conf", "install overlay /bin/false\nblacklist overlay\n")
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
			f.Write("/usr/lib/systemd/system/containerd.service", unit)
			f.Write("/usr/lib/systemd/system/kubelet.service", unit)
			f.Write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
			f.Write("/etc/fstab", "/dev/sdb1 /var/lib/kubelet ext4 defaults 0 2\n")
			if err := f.ChangeUnit(t.Context(), "containerd.service", rule.EnableUnit); err != nil {
				t.Fatal(err)
			}
			if c.prepare != nil {
				c.prepare(f)
			}
			before := f.Snapshot()
			p := own(t, ownHead+"rule \"ours\" {\n title = \"ours\"\n why = \"a test\"\n"+c.resource+"\n}\n")
			done, err := engine.Apply(t.Context(), p, f, engine.Options{Now: now, Require: engine.RequirePersisted})
			if c.broken == "" {
				if err != nil || len(done.Steps) == 0 {
					t.Errorf("%v after %d steps", err, len(done.Steps))
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "invariant "+c.broken) || !strings.Contains(err.Error(), "rule ours") {
				t.Errorf("error is %v", err)
			}
			if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
				t.Errorf("something was written:\n%s", diff)
			}
		})
	}
}

// TestNoShippedRuleBreaksAShippedInvariant compares what the AKS profiles ask for with what they keep.
func TestNoShippedRuleBreaksAShippedInvariant(t *testing.T) {
	list, err := profile.List(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	with := 0
	for _, s := range list {
		p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{s.Name}})
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(s.Name, "aks-ubuntu") || strings.HasPrefix(s.Name, "aks-azurelinux") {
			if len(p.Invariants) == 0 {
				t.Errorf("%s has no invariants", s.Name)
			}
			with++
		}
		for _, v := range p.Invariants {
			for _, r := range p.Rules {
				if r.Resources[0].Ref().Kind != "mount_option" && v.About(r) && r.Waiver == nil { // which have many options
					t.Errorf("%s: rule %s is about what invariant %s is about, and is not waived", s.Name, r.ID, v.Name)
				}
			}
		}
	}
	if with < 6 {
		t.Errorf("only %d profiles of AKS", with)
	}
}
