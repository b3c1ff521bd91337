//go:build authority

package resource

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// The real aide compares of a program what the changed configuration says, and nothing less.
func TestTheRealAideComparesWhatIsWanted(t *testing.T) {
	for name, config := range map[string]string{
		"where nothing is said of it":                 "/etc p+i\n",
		"where an earlier line compares too little":   "/usr/sbin/auditctl p+i\n",
		"where the line that counts comes before one": "/usr/sbin/auditctl p+i\n/usr/sbin/auditctl " + aideWatch() + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/aide/aide.conf", "database_in=file:/none\n"+config)
			f.Write("/usr/bin/aide", "")
			f.Write("/usr/sbin/auditctl", "")
			r := mustBlock(t, aideKind(), `aide "audit_tools" {}`)
			if missing := aideLacks(t, f); len(missing) == 0 || len(r.Diff(observe(t, f, r))) == 0 {
				t.Fatalf("nothing is to be changed, and aide lacks %q", missing)
			}
			settle(t, f, r)
			if missing := aideLacks(t, f); len(missing) > 0 {
				t.Errorf("aide does not compare %q", missing)
			}
		})
	}
}

// aideLacks lists what is wanted and aide would not compare of auditctl.
func aideLacks(t *testing.T, f *hosttest.Fake) []string {
	t.Helper()
	have := strings.Split(aideCompares(t, f), "+")
	return slices.DeleteFunc(strings.Split(aideWatch(), "+"), func(w string) bool { return slices.Contains(have, w) })
}

// aideCompares gives the attributes that aide would compare of auditctl, or nothing.
func aideCompares(t *testing.T, f *hosttest.Fake) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "aide.conf")
	if err := os.WriteFile(file, []byte(f.Read("/etc/aide/aide.conf")), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("aide", "--config="+file, "--path-check=f:/usr/sbin/auditctl").CombinedOutput()
	var ended *exec.ExitError // its status says whether the path is selected
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(out), "selective rule: '/usr/sbin/auditctl (none) ")
	if !found {
		return ""
	}
	attributes, _, _ := strings.Cut(rest, "'")
	return attributes
}
