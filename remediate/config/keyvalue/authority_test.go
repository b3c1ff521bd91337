//go:build authority

package keyvalue

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// TestRealUseradd lets useradd add an account below a prefix and looks at the ages that it wrote.
func TestRealUseradd(t *testing.T) {
	for _, c := range []struct{ name, defs, useradd string }{
		{"plain", "PASS_MAX_DAYS 90\n", "INACTIVE=30\n"},
		{"the last line decides", "PASS_MAX_DAYS 90\nPASS_MAX_DAYS 99999\n", "INACTIVE=30\nINACTIVE=-1\n"},
		{"an equals sign", "PASS_MAX_DAYS=90\n", "INACTIVE = 30\n"},
		{"blanks", "  PASS_MAX_DAYS\t90 \n", " INACTIVE=30\n"},
		{"quotes", "PASS_MAX_DAYS \"90\"\n", "INACTIVE=\"30\"\n"},
		{"a comment behind", "PASS_MAX_DAYS 90 # x\n", "INACTIVE=30 # x\n"},
		{"other bases", "PASS_MAX_DAYS 0x10\n", "INACTIVE=0x1e\n"},
		{"octal", "PASS_MAX_DAYS 010\n", "INACTIVE=010\n"},
		{"a blank before the number", "PASS_MAX_DAYS  7\n", "INACTIVE= 30\n"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/login.defs", c.defs)
			f.Write("/etc/default/useradd", c.useradd)
			for _, name := range []string{"passwd", "group", "shadow", "gshadow"} {
				f.Write("/etc/"+name, "")
			}
			f.Write("/etc/group", "root:x:0:\n")
			out, err := exec.Command("useradd", "-P", f.Dir(), "-N", "-g", "0", "tst").CombinedOutput()
			shadow, rerr := os.ReadFile(filepath.Join(f.Dir(), "etc/shadow"))
			fields := strings.Split(strings.TrimSpace(string(shadow)), ":")
			if rerr != nil || len(fields) < 9 {
				t.Fatalf("useradd: %v %s, shadow %q", err, out, shadow)
			}
			defs, _ := Read(f, "/etc/login.defs")
			if got := effective(defs, "PASS_MAX_DAYS"); got != fields[4] {
				t.Errorf("PASS_MAX_DAYS %q, useradd wrote %q (%s)", got, fields[4], out)
			}
			defaults, _ := Read(f, "/etc/default/useradd")
			if got := effective(defaults, "INACTIVE"); got != fields[6] {
				t.Errorf("INACTIVE %q, useradd wrote %q (%s)", got, fields[6], out)
			}
		})
	}
}

// effective is the number as shadow has it, empty for none.
func effective(f File, key string) string {
	e, ok := f.Last(key)
	if !ok {
		return ""
	}
	n, err := f.Format.Numbers(e.Value)
	if err != nil || n < 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// TestRealPwscore lets pwscore, which reads the system's own files, judge a password in a mount
// namespace where /etc/security holds the case's files.
func TestRealPwscore(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("a mount namespace needs root")
	}
	if _, err := exec.LookPath("pwscore"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, main, first, second string }{
		{"nothing", "", "", ""},
		{"the main file", "minlen = 20\n", "", ""},
		{"a drop-in", "", "minlen = 20\n", ""},
		{"the main file wins", "minlen = 8\n", "minlen = 20\n", ""},
		{"the later drop-in wins", "", "minlen = 20\n", "minlen = 8\n"},
		{"no blanks", "minlen=20\n", "", ""},
		{"no sign", "minlen 20\n", "", ""},
		{"upper case", "MINLEN = 20\n", "", ""},
		{"a comment behind", "minlen = 20 # x\n", "", ""},
		{"the last line wins", "minlen = 20\nminlen = 8\n", "", ""},
		{"an unknown setting", "minlen = 20\nbogus = 1\n", "", ""},
		{"an unknown setting in a drop-in", "minlen = 20\n", "bogus = 1\n", ""},
		{"a bad number", "", "minlen = x\n", "minlen = 20\n"},
		{"a flag with a value", "enforce_for_root = 1\nminlen = 20\n", "", ""},
		{"a key without its value", "minlen\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/security/pwquality.conf", c.main)
			if c.first != "" {
				f.Write("/etc/security/pwquality.conf.d/60-harden.conf", c.first)
			}
			if c.second != "" {
				f.Write("/etc/security/pwquality.conf.d/70-other.conf", c.second)
			}
			cmd := exec.Command("unshare", "-m", "sh", "-c", `mount --bind "$1" /etc/security && exec pwscore`, "sh", filepath.Join(f.Dir(), "etc/security"))
			cmd.Stdin = strings.NewReader("Xk9#mQ2v@Lp\n")
			out, _ := cmd.CombinedOutput()
			got, err := Read(f, "/etc/security/pwquality.conf")
			if err != nil {
				t.Fatal(err)
			}
			want := "accepted"
			if e, ok := got.Last("minlen"); ok {
				if n, err := got.Format.Numbers(e.Value); err == nil && n > 11 {
					want = "shorter than " + strconv.FormatInt(n, 10)
				}
			}
			if got.Broken != nil {
				want = "Error: "
			}
			if want == "accepted" {
				if _, err := strconv.Atoi(strings.TrimSpace(string(out))); err != nil {
					t.Errorf("pwscore says %s", out)
				}
			} else if !strings.Contains(string(out), want) {
				t.Errorf("expected %q, pwscore says %s", want, out)
			}
		})
	}
}
