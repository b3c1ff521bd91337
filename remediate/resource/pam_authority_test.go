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
