//go:build node

package localnode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// ours writes an operator's profile and a template whose provisioner has more options.
func ours(t *testing.T, profile, options string) (template, variable string) {
	t.Helper()
	dir := t.TempDir()
	base, err := os.ReadFile("local-node.pkr.hcl")
	if err != nil {
		t.Fatal(err)
	}
	const provisioner = "provisioner \"harden\" {\n"
	if !strings.Contains(string(base), provisioner) {
		t.Fatal("the template has no provisioner")
	}
	template = filepath.Join(dir, "ours.pkr.hcl")
	if err := os.WriteFile(template, []byte(strings.Replace(string(base), provisioner, provisioner+options+"\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "ours.hcl")
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	return template, `profile=["` + file + `"]`
}

const etcState = "find /etc /usr/lib -xdev -type f -printf '%p %T@ %m %U %G %s\n' | sort | sha256sum"

func TestABuildCannotLockAnybodyOut(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	n := startNode(t, "ubuntu-24.04")
	const profile = `
profile "ours" {
  control "ours-1" {
    level = 1
    rules = ["only-root", "tries"]
  }
}

rule "only-root" {
  title = "nobody but root logs in"
  why   = "a mistake"

  sshd "AllowUsers" {
    value = "root"
  }
}

rule "tries" {
  title = "three tries"
  why   = "harmless"

  sshd "MaxAuthTries" {
    value = "3"
  }
}
`
	t.Run("the plan is refused as a whole", func(t *testing.T) {
		before := mustExec(t, n, etcState)
		template, variable := ours(t, profile, "")
		out, status, _ := p.tryBuild(t, n, template, variable)
		for _, want := range []string{"nothing was changed", "only-root", n.User, "AllowUsers", "00-harden.conf"} {
			if !strings.Contains(out, want) {
				t.Errorf("the output lacks %q", want)
			}
		}
		if status == 0 || mustExec(t, n, etcState) != before || t.Failed() {
			t.Errorf("status %d:\n%s", status, out)
		}
		loginWorks(t, n)
	})
	t.Run("the rule alone is left out", func(t *testing.T) {
		template, variable := ours(t, profile, "on_lockout = \"skip\"\nkeep_accounts = [\"alice\"]")
		out, status, reports := p.tryBuild(t, n, template, variable)
		if status == 0 || reports["apply"] == nil {
			t.Fatalf("status %d:\n%s", status, out)
		}
		got := outcomes(reports["apply"])
		if got["only-root"] != rule.Fail || got["tries"] != rule.Pass || !strings.Contains(out, "alice") {
			t.Errorf("%v\n%s", got, out)
		}
		loginWorks(t, n)
	})
	t.Run("an account that is not there cannot be kept", func(t *testing.T) {
		template, variable := ours(t, profile, `keep_accounts = ["nobody-knows"]`)
		out, status, _ := p.tryBuild(t, n, template, variable)
		if status == 0 || !strings.Contains(out, "nobody-knows") {
			t.Errorf("status %d:\n%s", status, out)
		}
	})
	t.Run("what the profile says must keep working is not broken", func(t *testing.T) {
		before := mustExec(t, n, etcState)
		template, variable := ours(t, `
profile "ours" {
  extends = "aks-ubuntu-24.04"

  control "ours-1" {
    level = 1
    rules = ["our-overlay"]
  }
}

rule "our-overlay" {
  title = "no overlay"
  why   = "a mistake"

  kernel_module "overlay" {
    state = "disabled"
  }
}
`, "")
		out, status, _ := p.tryBuild(t, n, template, variable)
		for _, want := range []string{"nothing was changed", "our-overlay", "invariant container-storage"} {
			if !strings.Contains(out, want) {
				t.Errorf("the output lacks %q", want)
			}
		}
		if status == 0 || mustExec(t, n, etcState) != before || t.Failed() {
			t.Errorf("status %d:\n%s", status, out)
		}
	})
}

// TestReloadedSSHDLetsASecondLoginIn runs where sshd is a service of its own.
func TestReloadedSSHDLetsASecondLoginIn(t *testing.T) {
	p := newPacker(t, os.Getenv("PACKER"))
	n := startNode(t, "azurelinux-3.0")
	profile := func(keyword, value string) string {
		return "profile \"ours\" {\n control \"ours-1\" {\n level = 1\n rules = [\"sshd-setting\"]\n }\n}\n" +
			"rule \"sshd-setting\" {\n title = \"a setting\"\n why = \"a test\"\n sshd \"" + keyword + "\" {\n value = \"" + value + "\"\n }\n}\n"
	}
	reads := func() string {
		return mustExec(t, n, "systemctl show -p ExecMainStartTimestampMonotonic,ExecReload sshd.service; ps -o pid= -C sshd | head -1")
	}
	t.Run("without one everything is undone", func(t *testing.T) {
		before := mustExec(t, n, "cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* 2>/dev/null | sha256sum; ls -l /etc/ssh")
		// Logins go on to work, as far as any configuration file tells; sessions do not.
		template, variable := ours(t, profile("MaxSessions", "0"), "reload_sshd = true")
		out, status, _ := p.tryBuild(t, n, template, variable)
		if status == 0 || !strings.Contains(out, "A second login fails") || !strings.Contains(out, "undone") {
			t.Errorf("status %d:\n%s", status, out)
		}
		if after := mustExec(t, n, "cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/* 2>/dev/null | sha256sum; ls -l /etc/ssh"); strings.Fields(after)[0] != strings.Fields(before)[0] {
			t.Errorf("the configuration is another one than before:\n%s\n%s", before, after)
		}
		if effective := mustExec(t, n, "sshd -T | grep -i maxsessions"); strings.Contains(effective, " 0\n") {
			t.Errorf("%s", effective)
		}
		loginWorks(t, n)
	})
	t.Run("with one the running server has the new configuration", func(t *testing.T) {
		was := reads()
		template, variable := ours(t, profile("Banner", "/etc/second-login"), "reload_sshd = true")
		mustExec(t, n, "echo second-login-banner > /etc/second-login")
		out, status, reports := p.tryBuild(t, n, template, variable)
		if status != 0 || !strings.Contains(out, "A second login works") || reports["attest"] == nil {
			t.Fatalf("status %d:\n%s", status, out)
		}
		// A banner is at ssh's level INFO.
		if res, err := n.SSH(t.Context(), "true", "LogLevel=INFO"); err != nil || !strings.Contains(res.Stderr, "second-login-banner") {
			t.Errorf("the running sshd has the old configuration: %+v, %v\n%s\n%s", res, err, was, reads())
		}
	})
	if left := quiet(t, n, 10); left != "" {
		t.Errorf("this is left on the node: %s", left)
	}
}
