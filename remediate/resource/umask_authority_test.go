//go:build authority

package resource

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// TestRealSessionsHaveTheMaskThatIsSaid opens sessions with the real pam_umask for root, for a user
// with a private group and for one without, in a mount namespace where the case's files stand in
// /etc. Needs Debian's pamtester and libpam-modules.
func TestRealSessionsHaveTheMaskThatIsSaid(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("a mount namespace needs root")
	}
	if _, err := exec.LookPath("pamtester"); err != nil {
		t.Fatal(err)
	}
	const users = "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/:/bin/sh\nbob:x:1001:100::/:/bin/sh\n"
	const groups = "root:x:0:\nusers:x:100:\nana:x:1000:\n"
	for _, c := range []struct{ name, stack, defs string }{
		{"an argument", "session optional pam_umask.so umask=0027\n", "UMASK 022\n"},
		{"login.defs", "session optional pam_umask.so\n", "UMASK 027\n"},
		{"the first line of login.defs", "session optional pam_umask.so\n", "UMASK 027\nUMASK 022\n"},
		{"a comment after the value", "session optional pam_umask.so\n", "UMASK 027 # x\n"},
		{"an equals sign", "session optional pam_umask.so\n", "UMASK=027\n"},
		{"user groups by an argument", "session optional pam_umask.so usergroups\n", "UMASK 027\n"},
		{"user groups with a mask of the argument", "session optional pam_umask.so umask=027 usergroups\n", ""},
		{"no user groups", "session optional pam_umask.so usergroups nousergroups\n", "UMASK 027\n"},
		{"USERGROUPS_ENAB", "session optional pam_umask.so\n", "UMASK 027\nUSERGROUPS_ENAB yes\n"},
		{"USERGROUPS_ENAB and an argument", "session optional pam_umask.so umask=027\n", "UMASK 022\nUSERGROUPS_ENAB yes\n"},
		{"nothing sets it", "session optional pam_umask.so\n", "USERGROUPS_ENAB yes\n"},
		{"no module", "", "UMASK 027\n"},
		{"the last line counts", "session optional pam_umask.so umask=022\nsession optional pam_umask.so umask=077\n", ""},
		{"a jump", "session [success=1 default=ignore] pam_permit.so\nsession optional pam_umask.so umask=077\nsession required pam_permit.so\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
			f.Write("/etc/login.defs", c.defs)
			f.Write("/etc/passwd", users)
			f.Write("/etc/group", groups)
			result := filepath.Join(f.Dir(), "result")
			os.WriteFile(filepath.Join(f.Dir(), "print"), []byte("#!/bin/sh\numask > "+result+"\n"), 0o755)
			f.Write("/etc/pam.d/hardentest", c.stack+"session optional pam_exec.so "+filepath.Join(f.Dir(), "print")+"\n")
			for _, module := range []string{"pam_umask.so", "pam_unix.so"} {
				b, err := os.ReadFile(filepath.Join("/usr/lib/x86_64-linux-gnu/security", module))
				if err != nil {
					t.Fatal(err)
				}
				f.Write("/usr/lib/x86_64-linux-gnu/security/"+module, string(b))
			}

			said := map[string]bool{}
			s, err := pam.Load(f, dialectOf(f), "hardentest")
			if err != nil {
				t.Fatal(err)
			}
			stack, _ := s.Stack(pam.Session)
			m, err := umask{value: "027", want: 0o027}.session(f, pam.FindModules(f), stack)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range strings.Fields(strings.ReplaceAll(m.words, ",", "")) {
				if n, err := strconv.ParseInt(word, 8, 32); err == nil && len(word) == 3 {
					said[fmt.Sprintf("%03o", n)] = true
				}
			}
			strict := true
			for _, user := range []string{"root", "ana", "bob"} {
				script := `umask 022; for x in passwd group login.defs pam.d; do mount --bind "$1/etc/$x" /etc/$x || exit 9; done; exec pamtester hardentest ` + user + ` open_session`
				os.Remove(result)
				out, err := exec.Command("unshare", "-m", "sh", "-c", script, "sh", f.Dir()).CombinedOutput()
				b, rerr := os.ReadFile(result)
				if rerr != nil {
					t.Fatalf("%s: %v %s", user, err, out)
				}
				n, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 8, 32)
				if !said[fmt.Sprintf("%03o", n)] {
					t.Errorf("%s has %03o, said %q", user, n, m.words)
				}
				strict = strict && 0o027&^n == 0
			}
			if m.strict != strict {
				t.Errorf("strict: said %v, is %v (%s)", m.strict, strict, m.words)
			}
		})
	}
}

// TestPamAuthUpdateKeepsTheMask runs the real pam-auth-update over a tree whose common-session the
// kind has changed, and wants the change to be there afterwards.
func TestPamAuthUpdateKeepsTheMask(t *testing.T) {
	for _, stack := range []string{"session optional pam_umask.so\n", ""} {
		f := hosttest.Tree(t, "")
		f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
		for _, dir := range []string{"/usr/share/pam-configs", "/usr/share/pam"} {
			names, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range names {
				b, err := os.ReadFile(filepath.Join(dir, n.Name()))
				if err != nil {
					t.Fatal(err)
				}
				f.Write(filepath.Join(dir, n.Name()), string(b))
				if strings.HasPrefix(n.Name(), "common-") && !strings.HasSuffix(n.Name(), "sums") {
					f.Write("/etc/pam.d/"+n.Name(), string(b))
				}
			}
		}
		f.Mkdir("/var/lib/pam")
		update := func() {
			t.Helper()
			out, err := exec.Command("pam-auth-update", "--root", f.Dir(), "--package", "--force").CombinedOutput()
			if err != nil {
				t.Fatalf("pam-auth-update: %v %s", err, out)
			}
		}
		update()
		f.Write("/etc/pam.d/common-session", f.Read("/etc/pam.d/common-session")+stack)
		f.Write("/etc/pam.d/sshd", "@include common-session\n")
		f.Write("/etc/profile", "umask 027\n")
		settle(t, f, mustBlock(t, umaskKind(), wantMask))
		before := f.Read("/etc/pam.d/common-session")
		if !strings.Contains(before, "pam_umask.so umask=027") {
			t.Fatalf("not changed: %s", before)
		}
		out, err := exec.Command("pam-auth-update", "--root", f.Dir(), "--package").CombinedOutput()
		if err != nil {
			t.Fatalf("pam-auth-update: %v %s", err, out)
		}
		if after := f.Read("/etc/pam.d/common-session"); after != before {
			t.Errorf("pam-auth-update wrote\n%s\nover\n%s", after, before)
		}
	}
}
