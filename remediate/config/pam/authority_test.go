//go:build authority

package pam_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// These tests ask libpam and pam-auth-update themselves. They need root and Debian's gcc,
// libpam0g-dev, libpam-modules and libpam-runtime, and leave the machine's own PAM alone.

const walker = `
#include <security/pam_appl.h>
#include <stdio.h>
static int conv(int n, const struct pam_message **m, struct pam_response **r, void *d) { return PAM_CONV_ERR; }
int main(int argc, char **argv) {
	struct pam_conv c = { conv, NULL };
	for (int i = 2; i < argc; i++) {
		pam_handle_t *h;
		if (pam_start_confdir(argv[i], "root", &c, argv[1], &h) != PAM_SUCCESS) { puts("start"); continue; }
		int auth = pam_authenticate(h, PAM_SILENT), cred = pam_setcred(h, PAM_SILENT), acct = pam_acct_mgmt(h, PAM_SILENT);
		int sess = pam_open_session(h, PAM_SILENT);
		printf("%d %d %d %d\n", auth, cred, acct, sess);
		pam_end(h, 0);
	}
	return 0;
}
`

func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	src := filepath.Join(dir, "walker.c")
	if err := os.WriteFile(src, []byte(walker), 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "walker")
	if out, err := exec.Command("gcc", "-o", bin, src, "-lpam").CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v\n%s", err, out)
	}
	return bin
}

// stacks writes random stacks whose modules answer what their arguments say.
type stacks struct {
	r    *rand.Rand
	conf string // the directory of this run as libpam sees it
	out  map[string]string
	n    int
}

func (s *stacks) pick(words ...string) string { return words[s.r.IntN(len(words))] }

func (s *stacks) code() string {
	return s.pick("success", "success", "success", "auth_err", "ignore", "perm_denied", "new_authtok_reqd", "user_unknown", "module_unknown")
}

func (s *stacks) action() string {
	return s.pick("ok", "ok", "done", "bad", "die", "ignore", "reset", "1", "2", "3", "07")
}

func (s *stacks) control() string {
	if s.r.IntN(3) > 0 {
		return s.pick("required", "requisite", "sufficient", "optional", "Required", "nonsense")
	}
	var b strings.Builder
	b.WriteString("[")
	for range 1 + s.r.IntN(3) {
		fmt.Fprintf(&b, "%s%s=%s%s", s.pick("", " "), s.pick(s.code(), "default"), s.action(), s.pick(" ", " ", "\t"))
	}
	if s.r.IntN(2) == 0 {
		b.WriteString("default=" + s.action())
	}
	if s.r.IntN(20) == 0 {
		b.WriteString(" auth_err=0")
	}
	b.WriteString("]")
	return b.String()
}

func (s *stacks) line(depth int) string {
	kind := s.pick("auth", "auth", "account", "session", "-auth", "AUTH")
	if depth < 3 && s.r.IntN(5) == 0 {
		file := "/nowhere"
		if s.r.IntN(8) > 0 {
			file = s.file(depth + 1)
		}
		switch s.r.IntN(3) {
		case 0:
			// in a file included for one type, Debian's patch leaves the failing entry's actions to chance
			if file != "/nowhere" || depth == 0 && s.r.IntN(4) == 0 {
				return "@include " + file + "\n"
			}
			return ""
		case 1:
			return kind + " substack " + file + "\n"
		}
		return kind + " include\t" + file + "\n"
	}
	switch s.r.IntN(25) {
	case 0:
		return "# " + kind + " required pam_deny.so\n"
	case 1:
		return kind + " " + s.pick("", "required", "bogus") + "\n"
	case 2:
		return "bogus required pam_permit.so\n"
	case 3:
		return kind + " " + s.control() + " pam_missing.so\n"
	case 4:
		return kind + " " + s.pick("required", "sufficient") + " " + s.pick("pam_permit.so", "pam_deny.so") + " # words\n"
	}
	split := s.pick("", "", "", "\\\n   ", "\\ \n\n# between\n")
	return fmt.Sprintf("%s %s %spam_debug.so [auth=%s] cred=%s acct=%s\topen_session=%s\n",
		kind, s.control(), split, s.code(), s.pick("success", "success", "ignore", "cred_err"), s.code(), s.code())
}

func (s *stacks) file(depth int) string {
	s.n++
	name := "f" + strconv.Itoa(s.n)
	var b strings.Builder
	for range 1 + s.r.IntN(6) {
		b.WriteString(s.line(depth))
	}
	s.out[name] = b.String()
	return s.conf + "/" + name
}

func TestSimulationAgreesWithLibpam(t *testing.T) {
	bin := build(t)
	dir := t.TempDir()
	const services = 2500
	s := &stacks{r: rand.New(rand.NewPCG(7, 11)), conf: dir, out: map[string]string{"other": "auth required pam_deny.so\naccount required pam_deny.so\nsession required pam_permit.so\n"}}
	var names []string
	for range services {
		names = append(names, filepath.Base(s.file(0)))
	}
	tree := hosttest.Tree(t, "")
	tree.Mkdir("/etc/pam.d")
	for name, content := range s.out {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		tree.Write(filepath.Join(dir, name), content)
	}
	tree.Write("/etc/pam.d/other", s.out["other"])
	out, err := exec.Command(bin, append([]string{dir}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != services {
		t.Fatalf("%d answers for %d services", len(lines), services)
	}
	dialect := pam.Dialect{Debian: true}
	succeeded, broken, wrong := 0, 0, 0
	for i, name := range names {
		tree.Write("/etc/pam.d/"+name, s.out[name])
		got := simulated(t, tree, dialect, name)
		if got != lines[i] {
			wrong++
			if wrong < 4 {
				t.Errorf("%s: simulated %q, libpam %q\n%s", name, got, lines[i], dump(s.out, name))
			}
		}
		if strings.HasPrefix(got, "0 ") {
			succeeded++
		}
		if got == "start" {
			broken++
		}
	}
	t.Logf("%d services: %d let in, %d broken, %d differ", services, succeeded, broken, wrong)
	if succeeded < services/20 {
		t.Error("hardly any stack succeeds: the comparison says little")
	}
}

func dump(files map[string]string, name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n%s", name, files[name])
	for other := range files {
		if strings.Contains(files[name], "/"+other+"\n") {
			b.WriteString(dump(files, other))
		}
	}
	return b.String()
}

func simulated(t *testing.T, tree *hosttest.Fake, dialect pam.Dialect, name string) string {
	t.Helper()
	s, err := pam.Load(tree, dialect, name)
	if err != nil {
		t.Fatal(err)
	}
	if s.Broken != "" {
		return "start" // pam_start itself fails
	}
	answer := func(key string, deny pam.Code) func(int, pam.Handler) pam.Code {
		return func(_ int, h pam.Handler) pam.Code {
			switch h.Module {
			case "pam_permit.so":
				return pam.Success
			case "pam_deny.so":
				return deny
			case "pam_missing.so":
				return pam.ModuleUnknown
			}
			for _, arg := range h.Args {
				if word, ok := strings.CutPrefix(arg, key+"="); ok {
					return codeOf(t, word)
				}
			}
			return pam.Success
		}
	}
	authStack, _ := s.Stack(pam.Auth)
	auth := pam.Simulate(authStack, answer("auth", pam.AuthErr))
	cred := pam.SimulateAgain(authStack, auth, dialect, answer("cred", pam.CredErr))
	accountStack, _ := s.Stack(pam.Account)
	account := pam.Simulate(accountStack, answer("acct", pam.AuthErr))
	sessionStack, _ := s.Stack(pam.Session)
	session := pam.Simulate(sessionStack, answer("open_session", pam.SessionErr))
	return fmt.Sprintf("%d %d %d %d", auth.Code, cred.Code, account.Code, session.Code)
}

func codeOf(t *testing.T, word string) pam.Code {
	t.Helper()
	for c := pam.Code(0); c < 32; c++ {
		if c.String() == word {
			return c
		}
	}
	t.Fatalf("no code %q", word)
	return 0
}

// inNamespace runs pam-auth-update in a mount namespace of its own, on copies of what it works on.
const updateScript = `set -e
mount --bind "$1/etc/pam.d" /etc/pam.d
mount --bind "$1/var/lib/pam" /var/lib/pam
mount --bind "$1/usr/share/pam-configs" /usr/share/pam-configs
mount --bind "$1/debconf" /var/cache/debconf
shift
exec pam-auth-update --package "$@"
`

func TestUpdateAgreesWithPamAuthUpdate(t *testing.T) {
	profiles := map[string]string{
		"lockout-first": "Name: First\nDefault: yes\nPriority: 1024\nAuth-Type: Primary\nAuth:\n\trequisite\tpam_faillock.so preauth\nAccount-Type: Primary\nAccount:\n\trequired\t\tpam_faillock.so\n",
		"lockout-last":  "Name: Last\nDefault: yes\nPriority: 0\nAuth-Type: Primary\nAuth:\n\t[default=die]\tpam_faillock.so authfail\n",
		"pwhistory":     "Name: History\nDefault: yes\nPriority: 1000\nPassword-Type: Primary\nPassword:\n\trequisite\tpam_pwhistory.so remember=24 use_authtok\nPassword-Initial:\n\trequisite\tpam_pwhistory.so remember=24\n",
		"pwquality":     "Name: Quality\nDefault: yes\nPriority: 1024\nConflicts: cracklib\nPassword-Type: Primary\nPassword:\n\trequisite\t\t\tpam_pwquality.so retry=3\nPassword-Initial:\n\trequisite\t\t\tpam_pwquality.so retry=3\n",
		"cracklib":      "Name: Crack\nDefault: no\nPriority: 900\nPassword-Type: Primary\nPassword:\n\trequisite pam_cracklib.so\n",
		"sss":           "Name: SSS\nDefault: yes\nPriority: 128\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_sss.so use_first_pass\nAuth-Initial:\n\t[success=end default=ignore]\tpam_sss.so forward_pass\nAccount-Type: Additional\nAccount:\n\tsufficient pam_localuser.so\n\t[default=bad success=ok user_unknown=ignore] pam_sss.so\nSession-Type: Additional\nSession:\n\toptional pam_sss.so\n",
		"nothing":       "Name: Off\nDefault: no\nPriority: 5\nSession-Type: Additional\nSession:\n\toptional pam_umask.so\n",
		"interactive":   "Name: Interactive\nDefault: yes\nPriority: 0\nSession-Interactive-Only: yes\nSession-Type: Additional\nSession-Final:\n\toptional pam_umask.so umask=027\n",
		"odd":           "Name: Odd\nDefault: no\nPriority: 300\nAuth-Type: Primary\nAuth:\n\t[success=ok ignore=2 default=ignore] pam_succeed_if.so uid >= 1000\n\n\toptional pam_warn.so\nAuth-Initial:\n",
	}
	names := []string{"cracklib", "interactive", "lockout-first", "lockout-last", "nothing", "odd", "pwhistory", "pwquality", "sss"}
	stock := map[string]string{}
	for _, dir := range []string{"/etc/pam.d", "/var/lib/pam", "/usr/share/pam-configs", "/usr/share/pam"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(dir + "/" + e.Name())
			if err != nil {
				t.Fatal(err)
			}
			stock[dir+"/"+e.Name()] = string(b)
		}
	}
	script, err := os.ReadFile("/usr/sbin/pam-auth-update")
	if err != nil {
		t.Fatal(err)
	}
	stock["/usr/sbin/pam-auth-update"] = string(script)

	r := rand.New(rand.NewPCG(3, 5))
	for round := range 25 {
		tree := hosttest.Tree(t, "")
		for file, content := range stock {
			if filepath.Dir(file) == pam.ProfileDir && filepath.Base(file) == "pwquality" {
				continue
			}
			if filepath.Base(file) == "seen" {
				content = strings.ReplaceAll(content, "pwquality\n", "")
			}
			tree.Write(file, content)
		}
		tree.Mkdir("/debconf")
		copyDebconf(t, filepath.Join(tree.Dir(), "debconf"))
		if r.IntN(2) == 0 { // options changed by hand are kept
			auth := tree.Read("/etc/pam.d/common-auth")
			tree.Write("/etc/pam.d/common-auth", strings.Replace(auth, "pam_unix.so nullok", "pam_unix.so nodelay zzz", 1))
			password := tree.Read("/etc/pam.d/common-password")
			tree.Write("/etc/pam.d/common-password", strings.Replace(password, "yescrypt", "sha512 rounds=65536", 1))
		}
		if r.IntN(3) == 0 { // text around the blocks is kept
			tree.Write("/etc/pam.d/common-session", "# ours\n"+tree.Read("/etc/pam.d/common-session")+"session optional pam_echo.so\n")
		}
		for step := range 3 {
			var add []pam.Profile
			args := []string{"--enable"}
			for _, name := range names {
				if r.IntN(3) == 0 {
					add = append(add, pam.Profile{Name: name, Content: []byte(profiles[name])})
					args = append(args, name)
				}
			}
			if step > 0 && len(add) == 0 {
				args = nil
			}
			conflict := strings.Contains(strings.Join(args, " "), "cracklib")
			want, err := pam.Update(tree, add)
			if err != nil && conflict {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range add {
				tree.Write(pam.ProfileDir+"/"+p.Name, string(p.Content))
			}
			before := map[string]string{}
			for _, dir := range []string{"/etc/pam.d", "/var/lib/pam"} {
				entries, err := os.ReadDir(filepath.Join(tree.Dir(), dir))
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					before[dir+"/"+e.Name()] = tree.Read(dir + "/" + e.Name())
				}
			}
			cmd := exec.Command("unshare", append([]string{"-m", "sh", "-c", updateScript, "sh", tree.Dir()}, args...)...)
			cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
			if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("Local modifications")) {
				t.Fatalf("pam-auth-update: %v\n%s", err, out)
			}
			for _, f := range want {
				before[f.Path] = string(f.Content)
			}
			for path, content := range before {
				if filepath.Dir(path) == pam.ProfileDir {
					continue
				}
				if got := tree.Read(path); got != content {
					t.Errorf("round %d step %d %v: %s\nUpdate:\n%s\npam-auth-update:\n%s", round, step, args, path, content, got)
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

func copyDebconf(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"config.dat", "passwords.dat", "templates.dat"} {
		b, err := os.ReadFile("/var/cache/debconf/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
