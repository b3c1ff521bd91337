//go:build authority

package grub_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/grub"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// generate runs grub's own 10_linux over a directory with kernels, with arguments as the settings say.
func generate(t *testing.T, script string, settings grub.Settings) string {
	t.Helper()
	boot := t.TempDir() + "/"
	for _, name := range []string{"vmlinuz-6.1.0-1", "initrd.img-6.1.0-1", "vmlinuz-6.1.0-2"} {
		if err := os.WriteFile(boot+name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	content := strings.NewReplacer("/boot/", boot, " /vmlinuz-* /vmlinux-* /kernel-*", "", " /vmlinuz-*", "").Replace(script)
	file := filepath.Join(t.TempDir(), "10_linux")
	if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", file)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "GRUB_DEVICE=/dev/sda1", "GRUB_DEVICE_UUID=1", "GRUB_DEVICE_BOOT=/dev/sda1",
		"GRUB_DISTRIBUTOR=Test", "GRUB_DISABLE_LINUX_UUID=true", "pkgdatadir=/usr/share/grub"}
	for _, name := range []string{"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"} {
		cmd.Env = append(cmd.Env, name+"="+settings.Value(name)[0].Text)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("10_linux: %v", err)
	}
	return string(out)
}

// What the generator makes of the settings is what we say that every entry boots with.
func TestTheGeneratorTakesTheSettingsAsWeDo(t *testing.T) {
	script, err := os.ReadFile("/etc/grub.d/10_linux")
	if err != nil {
		t.Fatal(err)
	}
	f := hosttest.Tree(t, "")
	f.Write("/boot/grub/grub.cfg", "")
	f.Write("/etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet apparmor=0\"\nGRUB_CMDLINE_LINUX=\"\"\n")
	f.Write("/etc/default/grub.d/60-harden.cfg", "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX audit=1\"\nGRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX apparmor=1\"\n")
	settings, err := grub.LoadSettings(f)
	if err != nil {
		t.Fatal(err)
	}
	generated := generate(t, string(script), settings)
	f.Write("/boot/grub/grub.cfg", generated)
	c, err := grub.Load(f, "/boot/grub/grub.cfg")
	if err != nil || len(c.Kernels) != 5 || len(c.Entries) != 6 {
		t.Fatalf("%v: %d kernels in %d entries of\n%s", err, len(c.Kernels), len(c.Entries), generated)
	}
	for _, k := range c.Kernels {
		audit, _ := grub.Argument(k.Args, "audit")
		apparmor, _ := grub.Argument(k.Args, "apparmor")
		want := "0" // the settings of ordinary entries come last
		if strings.Contains(k.Text, " single ") {
			want = "1"
		}
		if audit != "1" || apparmor != want {
			t.Errorf("%q: audit %q, apparmor %q", k.Text, audit, apparmor)
		}
	}
}

// The parser of grub agrees that what we make of grub.cfg is a script.
func TestGrubTakesWhatThePlansMake(t *testing.T) {
	files, err := filepath.Glob("../../resource/testdata/trees/kernel_argument/*/out/boot/grub*/grub.cfg")
	if err != nil || len(files) == 0 {
		t.Fatal("no trees", err)
	}
	for _, file := range files {
		if out, err := exec.Command("grub-script-check", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}
