//go:build authority

package resource

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// The scripts of grub's own package, after the change, write entries that boot freely and a password
// that grub's parser accepts; and the generator leaves its file closed.
func TestTheRealScriptsOfGrubAreChanged(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/boot/grub/grub.cfg", grubSample)
	for _, name := range []string{"/etc/grub.d/10_linux", "/etc/grub.d/00_header", "/usr/sbin/grub-mkconfig"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(name, string(content))
		f.Chattr(name, 0o755, 0, 0)
	}
	generator := mustBlock(t, grubGeneratorKind(), "grub_generator \"x\" {\n mode = \"0400\"\n}")
	if len(generator.Diff(observe(t, f, generator))) == 0 {
		t.Error("the generator would not open the file")
	}
	settle(t, f, mustBlock(t, grubPasswordKind(), grubPasswordBlock))
	if o := observe(t, f, generator); len(generator.Diff(o)) > 0 {
		t.Errorf("with a password the generator keeps the file closed: %s", o.Message)
	}
	script := f.Read("/etc/grub.d/10_linux")
	if n := strings.Count(script, "--unrestricted"); n != 2 {
		t.Errorf("10_linux has %d entries that boot freely", n)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"10_linux": script, "01_harden": f.Read("/etc/grub.d/01_harden")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("sh", "-n", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	out, err := exec.Command(filepath.Join(dir, "01_harden")).Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "grub.cfg")
	for _, text := range []string{string(out), f.Read("/boot/grub/grub.cfg")} {
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, rule.GrubPassword, realHash)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("grub-script-check", file).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, out, text)
		}
	}
}

// visudo accepts what the plans make of every tree.
func TestVisudoTakesWhatThePlansMake(t *testing.T) {
	cases, err := filepath.Glob("testdata/trees/sudo_*/*/out")
	if err != nil || len(cases) == 0 {
		t.Fatal("no trees", err)
	}
	for _, out := range cases {
		f := hosttest.Tree(t, out)
		f.Write("/usr/sbin/visudo", "")
		if err := guardSudo(t.Context(), Proposal{Before: f, After: f, Programs: ownPrograms{t}}); err != nil {
			t.Errorf("%s: %v", out, err)
		}
	}
}
