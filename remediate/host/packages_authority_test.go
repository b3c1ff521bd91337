//go:build authority

package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAptGetIsAskedAndObeyed makes two packages of its own, of which one needs the other, and removes
// them with the machine's apt-get.
func TestAptGetIsAskedAndObeyed(t *testing.T) {
	m := manager{programs: programs{}, name: "apt-get"}
	make := func(name, depends string) string {
		dir := filepath.Join(t.TempDir(), name)
		if err := os.MkdirAll(filepath.Join(dir, "DEBIAN"), 0o755); err != nil {
			t.Fatal(err)
		}
		control := "Package: " + name + "\nVersion: 1\nArchitecture: all\nMaintainer: none <none@localhost>\nDescription: a test of harden\n" + depends
		if err := os.WriteFile(filepath.Join(dir, "DEBIAN/control"), []byte(control), 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, "dpkg-deb", "--root-owner-group", "-b", dir, dir+".deb")
		return dir + ".deb"
	}
	base := make("harden-test-base", "")
	user := make("harden-test-user", "Depends: harden-test-base\n")
	run(t, "dpkg", "-i", base, user)
	t.Cleanup(func() { exec.Command("dpkg", "--purge", "harden-test-user", "harden-test-base").Run() })

	err := m.remove(t.Context(), []string{"harden-test-base"}, nil)
	if err == nil || !strings.Contains(err.Error(), "refused: it would also remove harden-test-user") {
		t.Errorf("error is %v", err)
	}
	if !installed("harden-test-base") || !installed("harden-test-user") {
		t.Fatal("something was removed")
	}
	if err := m.remove(t.Context(), []string{"harden-test-base"}, []string{"harden-test-user"}); err != nil {
		t.Fatal(err)
	}
	if installed("harden-test-base") || installed("harden-test-user") {
		t.Error("they are still there")
	}
	if err := m.install(t.Context(), []string{"harden-no-such-package"}); err == nil || !strings.Contains(err.Error(), "apt-get") {
		t.Errorf("error is %v", err)
	}
}

func installed(name string) bool {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${db:Status-Status}", name).Output()
	return err == nil && string(out) == "installed"
}

func run(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
}
