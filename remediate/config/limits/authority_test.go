//go:build authority

package limits

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestRealPamLimits opens sessions with the real pam_limits and asks for the limit that they have.
// Needs Debian's pamtester and libpam-modules.
func TestRealPamLimits(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("a mount namespace needs root")
	}
	if _, err := exec.LookPath("pamtester"); err != nil {
		t.Fatal(err)
	}
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			f, entries := read(t, l)
			f.Write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nana:x:1000:1000::/:/bin/sh\n")
			f.Write("/etc/group", "root:x:0:\nana:x:1000:\n")
			result := filepath.Join(f.Dir(), "result")
			program := filepath.Join(f.Dir(), "print")
			os.WriteFile(program, []byte("#!/bin/bash\nulimit -Hc > "+result+"\n"), 0o755)
			f.Write("/etc/pam.d/hardentest", "session required pam_limits.so\nsession optional pam_exec.so "+program+"\n")
			script := `for x in passwd group security pam.d; do mount --bind "$1/etc/$x" /etc/$x || exit 9; done; exec pamtester hardentest ana open_session`
			out, err := exec.Command("unshare", "-m", "bash", "-c", script, "bash", f.Dir()).CombinedOutput()
			b, rerr := os.ReadFile(result)
			if rerr != nil {
				t.Fatalf("%v %s", err, out)
			}
			inherited, err := exec.Command("bash", "-c", "ulimit -Hc").Output()
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimSpace(string(inherited))
			if e, ok := Last(entries, l.domain, "hard", "core"); ok {
				want = e.Value
				if n, _ := Number(e.Value); n != Unlimited {
					want = strconv.FormatInt(n, 10)
				}
			}
			if got := strings.TrimSpace(string(b)); got != want {
				t.Errorf("the limit is %s, said %s\n%s", got, want, out)
			}
		})
	}
}
