//go:build authority

package resource

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// loginScript puts a tree's PAM files, an account and an empty tally directory in place, in a mount
// namespace of its own, and tries passwords with pamtester. It prints a letter for each: y or n.
const loginScript = `set -e
root=$1; shift
cp /etc/passwd "$root/passwd"; cp /etc/shadow "$root/shadow"
echo 'harden-alice:x:54321:54321::/:/bin/sh' >> "$root/passwd"
perl -e 'print "harden-alice:", crypt("right", "\$6\$saltsalt\$"), ":20000:0:99999:7:::\n"' >> "$root/shadow"
mkdir -p "$root/etc/security" "$root/tally"
mount --bind "$root/passwd" /etc/passwd
mount --bind "$root/shadow" /etc/shadow
cp -rn /etc/security/. "$root/etc/security/" 2>/dev/null || true
mount --bind "$root/etc/security" /etc/security
mount --bind "$root/etc/pam.d" /etc/pam.d
mkdir -p /run/faillock
mount --bind "$root/tally" /run/faillock
for word in "$@"; do
	if echo "$word" | pamtester "$SERVICE" harden-alice authenticate acct_mgmt >/dev/null 2>&1; then printf y; else printf n; fi
done
`

// TestRealLogins lets libpam and its modules decide. It needs root and Debian's pamtester and
// libpam-modules, and leaves the machine's own PAM alone.
func TestRealLogins(t *testing.T) {
	if _, err := exec.LookPath("pamtester"); err != nil {
		t.Fatal(err)
	}
	logins := func(f *hosttest.Fake, service string, words ...string) string {
		cmd := exec.Command("unshare", append([]string{"-m", "sh", "-c", loginScript, "sh", f.Dir()}, words...)...)
		cmd.Env = append(os.Environ(), "SERVICE="+service)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	for _, tree := range []string{ubuntuTree, azureTree, filepath.Join(filepath.Dir(filepath.Dir(ubuntuTree)), "ubuntu-edited-by-hand-is-edited-where-it-stands/in")} {
		t.Run(filepath.Base(filepath.Dir(tree)), func(t *testing.T) {
			t.Parallel()
			f := hosttest.Tree(t, tree)
			five := strings.Fields("wrong wrong wrong wrong wrong right")
			if got := logins(f, "sshd", five...); got != "nnnnny" {
				t.Errorf("before: %s; the tree is to have no working lockout", got)
			}
			settle(t, f, pamBlocks(t, lockRule)...)
			if err := os.RemoveAll(filepath.Join(f.Dir(), "tally")); err != nil {
				t.Fatal(err)
			}
			if got := logins(f, "sshd", strings.Fields("right wrong wrong right wrong wrong wrong wrong right wrong wrong wrong wrong wrong right")...); got != "ynnynnnnynnnnnn" {
				t.Errorf("after: %s", got)
			}
			if got := logins(f, "login", "right"); got != "n" {
				t.Errorf("the lock does not hold for login: %s", got)
			}
		})
	}
}

// changeScript gives a mount namespace of its own an /etc of few files, and sets one new password after the other. It
// prints a letter for each: y or n.
const changeScript = `set -e
etc=$1/etc; shift
cp /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/login.defs /etc/nsswitch.conf "$etc/"
echo 'harden-alice:x:54321:54321::/:/bin/sh' >> "$etc/passwd"
echo 'harden-alice:*:20000:0:99999:7:::' >> "$etc/shadow"
mkdir -p "$etc/security"
mount --bind "$etc" /etc
for word in "$@"; do
	if printf '%s\n%s\n' "$word" "$word" | pamtester passwd harden-alice chauthtok >/dev/null 2>&1; then printf y; else printf n; fi
done
`

// TestRealPasswordChanges compares where the rule wants use_authtok with where libpam lets passwords be changed.
func TestRealPasswordChanges(t *testing.T) {
	const (
		first    = "password requisite pam_pwhistory.so enforce_for_root remember=24"
		takes    = first + " use_authtok"
		unix     = "password required pam_unix.so sha512 use_authtok"
		asks     = "password required pam_unix.so sha512"
		harmless = "password optional pam_permit.so"
	)
	history := mustBlock(t, pamKind(), `pam "history" {
  stack = "password"
  module = "pam_pwhistory.so"
  control = "requisite"
  before = "pam_unix.so"
  arguments = ["enforce_for_root", "use_authtok"]
  minimum = { remember = 24 }
}`)
	for name, c := range map[string]struct {
		lines   []string
		changes string
		passes  bool
	}{
		"the history asks":                       {[]string{first, unix}, "yyn", true},
		"the history takes what nobody asked":    {[]string{takes, unix}, "nnn", false},
		"a module that asks for nothing changes": {[]string{harmless, takes, unix}, "nnn", false},
		"no history":                             {[]string{asks}, "yyy", false},
	} {
		f := hosttest.Tree(t, "")
		f.Write("/etc/os-release", "ID=azurelinux\nVERSION_ID=\"3.0\"\n")
		f.Write("/etc/pam.d/passwd", strings.Join(c.lines, "\n")+"\n")
		for _, module := range []string{"pam_pwhistory.so", "pam_unix.so", "pam_permit.so"} {
			f.Write("/usr/lib/security/"+module, "")
		}
		o := observe(t, f, history)
		if passes := len(history.Diff(o)) == 0; passes != c.passes {
			t.Errorf("%s: the rule passes: %t, %s", name, passes, o.Message)
		}
		out, err := exec.Command("unshare", "-m", "sh", "-c", changeScript, "sh", f.Dir(), "Fresh-word-1x", "Second-word-2y", "Fresh-word-1x").CombinedOutput()
		if err != nil || string(out) != c.changes {
			t.Errorf("%s: libpam says %s (%v), want %s", name, out, err, c.changes)
		}
	}
}
