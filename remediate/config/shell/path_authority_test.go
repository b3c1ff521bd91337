//go:build authority

package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// TestRealSearchPaths runs root's shells in a root of their own and compares the search path that they
// end with.
func TestRealSearchPaths(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("changing the root directory needs root")
	}
	programs := t.TempDir()
	for _, p := range []string{"bash", "dash", "id", "cat"} {
		install(t, programs, p)
	}
	cases := pathLayouts()
	for _, l := range layouts() {
		cases = append(cases, pathLayout{name: l.name, files: l.files})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			for path, content := range c.files {
				f.Write(path, content)
			}
			f.Write("/etc/passwd", "root:x:0:0::/root:/bin/bash\n")
			f.Write("/etc/group", "root:x:0:\n")
			f.Mkdir("/root")
			if out, err := exec.Command("cp", "-a", programs+"/.", f.Dir()).CombinedOutput(); err != nil {
				t.Fatalf("cannot fill the root: %s", out)
			}
			for _, sh := range []string{"bash", "dash"} {
				link := filepath.Join(f.Dir(), "bin/sh")
				os.Remove(link)
				if err := os.Symlink(sh, link); err != nil {
					t.Fatal(err)
				}
				for _, kind := range Kinds(f) {
					if kind.Posix && strings.Contains(c.name, "does not parse") {
						continue // which ends sh
					}
					if !kind.Bash && (strings.Contains(c.files["/etc/profile"], "${!") || strings.Contains(c.name, "command and builtin")) {
						continue // for bash alone
					}
					argv := []string{"/bin/bash"}
					if kind.Posix {
						argv[0] = "/bin/sh"
					}
					if kind.Login {
						argv = append(argv, "-l")
					}
					if kind.Interactive {
						argv = append(argv, "-i")
					}
					cmd := exec.Command(argv[0], append(argv[1:], "-c", `echo "=$PATH="`)...)
					cmd.Dir = "/"
					cmd.Env = []string{"HOME=/root", "PATH=/start:/bin", "USER=root", "LOGNAME=root"}
					cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: f.Dir()}
					out, err := cmd.Output()
					parts := strings.Split(string(out), "=")
					if len(parts) < 3 {
						t.Fatalf("%q printed %q: %v", argv, out, err)
					}
					real := parts[len(parts)-2]
					r, err := Start(f, kind, Options{Mask: 0o022, Home: "/root", Root: true, Inherited: map[string]string{"PATH": "/start:/bin"}})
					if err != nil {
						t.Fatal(err)
					}
					if !slices.ContainsFunc(r.Variable("PATH"), func(v Value) bool { return v.Text == real || v.Set && !v.Known }) {
						t.Errorf("%s (%s): PATH is %s, and the evaluator says %+v", kind.Name, sh, real, r.Variable("PATH"))
					}
				}
			}
		})
	}
}
