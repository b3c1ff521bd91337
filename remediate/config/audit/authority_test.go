//go:build authority

package audit

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// The real augenrules, in a copy whose two paths lead into a directory of the test, merges what Load merges.
func TestMergeAgreesWithAugenrules(t *testing.T) {
	script, err := os.ReadFile("/sbin/augenrules")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "augenrules")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		rules := filepath.Join(dir, "rules.d")
		if err := os.Mkdir(rules, 0o755); err != nil {
			rt.Fatal(err)
		}
		f := hosttest.Tree(t, "")
		f.Write(Dir+"/keep", "")
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c019.~_-]{1,6}\.rules`), 1, 5, func(s string) string { return s }).Draw(rt, "names")
		for _, n := range names {
			lines := rapid.SliceOfN(rapid.SampledFrom([]string{"-D", "-b 1", "-b 2", "-e 1", "-e 2", "-f 1", "-w /a -p wa", "-w /b", "# c", "", "-D -k x", "-i"}), 0, 5).Draw(rt, "lines")
			content := strings.Join(append(lines, ""), "\n")
			f.Write(Dir+"/"+n, content)
			if err := os.WriteFile(filepath.Join(rules, n), []byte(content), 0o644); err != nil {
				rt.Fatal(err)
			}
		}
		out := filepath.Join(dir, "audit.rules")
		text := strings.NewReplacer("/etc/audit/audit.rules", out, "/etc/audit/rules.d", rules).Replace(string(script))
		own := filepath.Join(dir, "augenrules")
		if err := os.WriteFile(own, []byte(text), 0o755); err != nil {
			rt.Fatal(err)
		}
		if b, err := exec.Command("bash", own).CombinedOutput(); err != nil {
			rt.Fatalf("%v: %s", err, b)
		}
		made, err := os.ReadFile(out)
		if err != nil {
			rt.Fatal(err)
		}
		var want, got []string
		for _, l := range ParseLines(out, made) {
			want = append(want, l.Text)
		}
		c, err := Load(f)
		if err != nil {
			rt.Fatal(err)
		}
		for _, l := range c.Lines {
			got = append(got, l.Text)
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("names %q: got %q, augenrules %q", names, got, want)
		}
	})
}

// Every line that ParseRule reads goes into the kernel and comes back from auditctl -l with the same
// meaning; what auditctl refuses, ParseRule refuses. The rules carry a key, by which they are taken
// away again; a machine that audits already is left alone.
func TestParseRuleAgreesWithAuditctl(t *testing.T) {
	if out, err := exec.Command("auditctl", "-l").CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "No rules") {
		t.Fatalf("this needs a kernel without audit rules: %v, %s", err, out)
	}
	const key = "hardentest"
	clean := func() { exec.Command("auditctl", "-D", "-k", key).Run() }
	t.Cleanup(clean)
	for _, text := range []string{
		"-w /etc/passwd -p wa", "-w /etc/passwd", "-w /etc/apt -p wa", "-w /etc/apt/ -p wa", "-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=unset",
		"-a exit,always -F arch=b32 -S mount,umount", "-a always,exit -F arch=b64 -C euid!=uid -F auid!=-1 -S execve", "-a always,exit -C uid!=euid -F arch=b64 -S execve",
		"-a always,exit -F path=/usr/bin/chcon -F perm=x -F auid>=1000 -F auid!=4294967295", "-a always,exit -F dir=/etc/apt -F perm=wa",
		"-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -F auid>=1000", "-a never,exit -F arch=b64 -S adjtimex -F auid=root", "-w /etc/does-not-exist -p xa",
		"-a always,exit -F arch=b64 -S clock_settime -F a0=0", "-a always,exit -S all -F uid>=root -F success=1",
	} {
		want, err := ParseRule(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if out, err := exec.Command("auditctl", append(strings.Fields(text), "-k", key)...).CombinedOutput(); err != nil {
			t.Errorf("auditctl refuses %q: %v, %s", text, err, out)
			continue
		}
		out, err := exec.Command("auditctl", "-l").CombinedOutput()
		if err != nil {
			t.Fatal(err)
		}
		clean()
		got, err := ParseRule(strings.TrimSpace(string(out)))
		if err != nil {
			t.Errorf("%q comes back as %q: %v", text, out, err)
			continue
		}
		f := hosttest.Tree(t, "")
		f.Write("/etc/apt/sources.list", "")
		want.Settle(f)
		got.Settle(f)
		if got.Never != want.Never || got.List != want.List || !got.covers(want) || !want.covers(got) {
			t.Errorf("%q comes back as %q:\n%+v\n%+v", text, out, want, got)
		}
	}
	for _, text := range []string{"-w", "-w etc", "-w /x -p q", "-a always", "-a always,nowhere", "-a x,exit", "-S open", "-a always,exit -F x", "-x 1"} {
		if out, err := exec.Command("auditctl", strings.Fields(text)...).CombinedOutput(); err == nil {
			t.Errorf("auditctl takes %q: %s", text, out)
		}
		if _, err := ParseRule(text); err == nil {
			t.Errorf("ParseRule takes %q", text)
		}
	}
	for _, text := range []string{"-w /does/not/exist -p xa", "-a always,exit -F dir=/does/not -F perm=wa", "-a always,exit -F path=/does/not/exist -F perm=x"} {
		if out, err := exec.Command("auditctl", strings.Fields(text)...).CombinedOutput(); err == nil {
			t.Errorf("auditctl takes %q: %s", text, out)
		}
		r, err := ParseRule(text)
		if err != nil || r.Lacks(hosttest.Tree(t, "")) == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}
