//go:build authority

package shell

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// TestRealShells runs bash and dash with the same startup files in a root of their own, as root and
// as a user with a private group, and wants what they end with among what the evaluator lists. Where
// the evaluator is certain, that makes the two equal.
func TestRealShells(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("changing the root directory needs root")
	}
	programs := t.TempDir()
	for _, p := range []string{"bash", "dash", "id", "cat"} {
		install(t, programs, p)
	}
	kinds := []struct {
		Kind
		argv []string
		sh   string
	}{
		{interactive, []string{"/bin/bash", "-l", "-i"}, "dash"},
		{Kind{Name: "bash, login", Bash: true, Login: true}, []string{"/bin/bash", "-l"}, "dash"},
		{Kind{Name: "bash as sh, login, interactive", Bash: true, Posix: true, Login: true, Interactive: true}, []string{"/bin/sh", "-l", "-i"}, "bash"},
		{Kind{Name: "bash as sh, login", Bash: true, Posix: true, Login: true}, []string{"/bin/sh", "-l"}, "bash"},
		{Kind{Name: "dash, login, interactive", Login: true, Interactive: true}, []string{"/bin/sh", "-l", "-i"}, "dash"},
		{Kind{Name: "dash, login", Login: true}, []string{"/bin/sh", "-l"}, "dash"},
		{Kind{Name: "bash, interactive", Bash: true, Interactive: true}, []string{"/bin/bash", "-i"}, "dash"},
	}
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			for path, content := range l.files {
				f.Write(path, content)
			}
			f.Write("/etc/passwd", "root:x:0:0::/root:/bin/bash\nana:x:1000:1000::/home/ana:/bin/bash\n")
			f.Write("/etc/group", "root:x:0:\nana:x:1000:\n")
			if out, err := exec.Command("cp", "-a", programs+"/.", f.Dir()).CombinedOutput(); err != nil {
				t.Fatalf("cannot fill the root: %s", out)
			}
			os.Chmod(f.Dir(), 0o755)
			os.Mkdir(filepath.Join(f.Dir(), "dev"), 0o755)
			os.WriteFile(filepath.Join(f.Dir(), "dev/null"), nil, 0o666)
			os.Chmod(filepath.Join(f.Dir(), "dev/null"), 0o666)
			for _, k := range kinds {
				if !k.Bash && (strings.Contains(l.files["/etc/profile"], "${!") || strings.Contains(l.name, "command and builtin")) {
					continue // that profile is for bash alone
				}
				link := filepath.Join(f.Dir(), "bin/sh")
				os.Remove(link)
				if err := os.Symlink(k.sh, link); err != nil {
					t.Fatal(err)
				}
				r, err := Start(f, k.Kind, Options{Mask: 0o022})
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range []uint32{0, 1000} {
					umask, tmout, raw := ask(t, f.Dir(), k.argv, id)
					if !slices.Contains(bits(r), umask) {
						t.Errorf("%s as %d: umask %o, the evaluator says %o\n%s", k.Name, id, umask, bits(r), raw)
					}
					found := false
					for _, v := range r.Variable("TMOUT") {
						if v.Set && v.Text == tmout || !v.Set && tmout == "unset" {
							found = true
						}
					}
					if !found {
						t.Errorf("%s as %d: TMOUT %s, the evaluator says %+v", k.Name, id, tmout, r.Variable("TMOUT"))
					}
				}
			}
		})
	}
}

func install(t *testing.T, root, program string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	libs, err := exec.Command("ldd", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	copyTo(t, path, filepath.Join(root, "bin", program))
	for _, word := range strings.Fields(string(libs)) {
		if strings.HasPrefix(word, "/") {
			copyTo(t, word, filepath.Join(root, word))
		}
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, root string, argv []string, id uint32) (umask int, tmout, raw string) {
	t.Helper()
	cmd := exec.Command(argv[0], append(argv[1:], "-c", `echo "=$(umask)=${TMOUT-unset}="`)...)
	cmd.Dir = "/"
	cmd.Env = []string{"HOME=/nonexistent", "PATH=/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: id, Gid: id}}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	old := syscall.Umask(0o022)
	out, err := cmd.Output()
	syscall.Umask(old)
	parts := strings.Split(string(out), "=")
	if len(parts) < 4 {
		t.Fatalf("%q printed %q: %v\n%s", argv, out, err, stderr.String())
	}
	n := len(parts)
	v, err := strconv.ParseInt(parts[n-3], 8, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int(v), parts[n-2], stderr.String()
}

// TestRealShellsAfterAChange runs the shells with the trees that the umask kind's changes lead to: no
// login may end with less than 027.
func TestRealShellsAfterAChange(t *testing.T) {
	outs, err := filepath.Glob("../../resource/testdata/trees/umask/*/out")
	if err != nil || len(outs) == 0 {
		t.Fatalf("no trees (%v)", err)
	}
	programs := t.TempDir()
	for _, p := range []string{"bash", "dash", "id", "cat"} {
		install(t, programs, p)
	}
	for _, out := range outs {
		t.Run(filepath.Base(filepath.Dir(out)), func(t *testing.T) {
			f := hosttest.Tree(t, out)
			if out, err := exec.Command("cp", "-a", programs+"/.", f.Dir()).CombinedOutput(); err != nil {
				t.Fatalf("cannot fill the root: %s", out)
			}
			if out, err := exec.Command("chmod", "-R", "go+rX", f.Dir()).CombinedOutput(); err != nil {
				t.Fatalf("cannot open the root: %s", out)
			}
			f.Write("/dev/null", "")
			os.Chmod(filepath.Join(f.Dir(), "dev/null"), 0o666)
			for _, sh := range []string{"bash", "dash"} {
				os.Remove(filepath.Join(f.Dir(), "bin/sh"))
				os.Symlink(sh, filepath.Join(f.Dir(), "bin/sh"))
				for _, argv := range [][]string{{"/bin/bash", "-l", "-i"}, {"/bin/bash", "-l"}, {"/bin/sh", "-l", "-i"}, {"/bin/sh", "-l"}} {
					if profile := f.Read("/etc/profile"); sh == "dash" && argv[0] == "/bin/sh" && strings.Contains(profile, "${!") {
						continue
					}
					for _, id := range []uint32{0, 1000} {
						umask, _, _ := ask(t, f.Dir(), argv, id)
						if 0o027&^umask != 0 {
							t.Errorf("%q (%s) as %d ends with %03o", argv, sh, id, umask)
						}
					}
				}
			}
		})
	}
}
