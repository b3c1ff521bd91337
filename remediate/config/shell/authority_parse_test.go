//go:build authority

package shell

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestScriptsThatBashTakes parses every sh and bash script of the system's program directories that
// bash -n accepts. A few that use what startup files never do may fail.
func TestScriptsThatBashTakes(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Fatal(err)
	}
	var all, failed int
	for _, dir := range []string{"/usr/bin", "/usr/sbin", "/etc/init.d", "/etc/profile.d", "/usr/lib/git-core", "/usr/share/bash-completion", "/usr/share/bash-completion/completions", "/etc/skel", "/usr/share/debconf", "/lib/init"} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			file := filepath.Join(dir, e.Name())
			b, err := os.ReadFile(file)
			if err != nil || bytes.IndexByte(b, 0) >= 0 {
				continue
			}
			head, _, _ := bytes.Cut(b, []byte("\n"))
			program := dir == "/usr/bin" || dir == "/usr/sbin" || dir == "/usr/lib/git-core"
			if program && (!bytes.HasPrefix(head, []byte("#!")) || !bytes.HasSuffix(bytes.Fields(head)[0], []byte("sh"))) {
				continue
			}
			if exec.Command("bash", "-O", "extglob", "-n", file).Run() != nil {
				continue
			}
			all++
			if _, err := parse(string(b)); err != nil {
				failed++
				t.Logf("%s: %v", file, err)
			}
		}
	}
	t.Logf("%d of %d scripts do not parse", failed, all)
	if all < 20 || failed*100 > all*2 {
		t.Errorf("%d of %d scripts do not parse", failed, all)
	}
}
