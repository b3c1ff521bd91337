package sudoers_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func load(t testing.TB, files map[string]string) *sudoers.Config {
	t.Helper()
	f := hosttest.Tree(t, "")
	for path, content := range files {
		f.Write(path, content)
	}
	c, err := sudoers.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestIncludesAreReadInTheirPlace(t *testing.T) {
	c := load(t, map[string]string{
		"/etc/sudoers":           "Defaults a\n#includedir /etc/sudoers.d\n@include more\\ files\nDefaults z\n",
		"/etc/sudoers.d/90-b":    "Defaults b",
		"/etc/sudoers.d/10-c":    "Defaults c\n",
		"/etc/sudoers.d/x.conf":  "Defaults never\n",
		"/etc/sudoers.d/backup~": "Defaults never\n",
		"/etc/more files":        "Defaults d\n",
	})
	var got []string
	for _, s := range c.Defaults {
		got = append(got, s.Name+"@"+s.Place.String())
	}
	want := "a@/etc/sudoers:1 c@/etc/sudoers.d/10-c:1 b@/etc/sudoers.d/90-b:1 d@/etc/more files:1 z@/etc/sudoers:4"
	if strings.Join(got, " ") != want || len(c.Problems) > 0 {
		t.Errorf("%s\n%v", got, c.Problems)
	}
}

func TestFilesThatSudoWouldNotTrustAreLeftOut(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/sudoers", "@includedir /etc/sudoers.d\n")
	f.Write("/etc/sudoers.d/theirs", "Defaults a\n")
	f.Chattr("/etc/sudoers.d/theirs", 0o440, 1000, 0)
	f.Write("/etc/sudoers.d/open", "Defaults b\n")
	f.Chattr("/etc/sudoers.d/open", 0o666, 0, 0)
	c, err := sudoers.Load(f)
	if err != nil || len(c.Defaults) != 0 {
		t.Errorf("%v %v", c.Defaults, err)
	}
	for _, p := range []string{"/etc/sudoers.d/theirs", "/etc/sudoers.d/open"} {
		if file, ok := c.File(p); !ok || file.Ignored == "" {
			t.Errorf("%s is not told to be left out", p)
		}
	}
}

func TestIncludeLoopsEnd(t *testing.T) {
	c := load(t, map[string]string{"/etc/sudoers": "@include /etc/sudoers\n"})
	if len(c.Problems) == 0 {
		t.Error("a loop is no problem")
	}
}

func TestWhatSudoRefusesIsAProblem(t *testing.T) {
	for _, line := range []string{
		"joe", "joe ALL", "joe ALL=ALL\n\f", "\rjoe ALL=ALL", "%  ALL=ALL", "Runas_Alias R = www, %", "joe ALL=", "joe ALL=ls", "Defaults", "Defaults a b", "Defaults !a=b", "Defaults a=", "joe ALL=ALL \\", `Defaults a="x`, "User_Alias a = b",
		"User_Alias A", "joe ALL=(ALL ALL", "@include /nothing/here", "joe ALL = NOEXEC: TIMEOUT=5 /bin/x", "User_Alias A = b\nUser_Alias A = c",
	} {
		if c := load(t, map[string]string{"/etc/sudoers": line + "\n"}); len(c.Problems) == 0 {
			t.Errorf("%q is no problem", line)
		}
	}
}

func TestTheLastGrantThatMatchesDecides(t *testing.T) {
	builder := sudoers.Who{User: "packer", UID: 1000, Groups: []string{"packer", "sudo"}, Host: "node.example"}
	for _, c := range []struct {
		name, content         string
		allowed, passwordless bool
	}{
		{"nothing", "root ALL=(ALL) ALL\n", false, false},
		{"a group asks", "%sudo ALL=(ALL:ALL) ALL\n", true, false},
		{"a later user is not asked", "%sudo ALL=(ALL) ALL\npacker ALL=(ALL) NOPASSWD:ALL\n", true, true},
		{"a later group asks again", "packer ALL=(ALL) NOPASSWD:ALL\n%sudo ALL=(ALL) PASSWD: ALL\n", true, false},
		{"a uid", "#1000 ALL = NOPASSWD: ALL\n", true, true},
		{"an alias", "User_Alias B = packer, x\nB ALL = NOPASSWD: ALL\n", true, true},
		{"a negated item after ALL", "ALL, !packer ALL = ALL\n", false, false},
		{"one command is not all", "packer ALL = NOPASSWD: /bin/ls\n", false, false},
		{"another host", "packer web1 = NOPASSWD: ALL\n", false, false},
		{"this host", "packer node = NOPASSWD: ALL\n", true, true},
		{"another user to run as", "packer ALL = (www) NOPASSWD: ALL\n", false, false},
		{"a setting for the user", "Defaults:packer !authenticate\npacker ALL = ALL\n", true, true},
		{"a tag beats the setting", "Defaults !authenticate\npacker ALL = PASSWD: ALL\n", true, false},
		{"everything is taken back", "packer ALL = NOPASSWD: ALL\npacker ALL = !ALL\n", false, false},
		{"an exempt group", "Defaults exempt_group=sudo\npacker ALL = ALL\n", true, true},
		{"a tag goes on to the commands after it", "packer ALL = NOPASSWD: /bin/ls, ALL\n", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := load(t, map[string]string{"/etc/sudoers": c.content}).AnyCommand(builder)
			if got.Allowed != c.allowed || got.Passwordless != c.passwordless {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A file made of correct lines has no problems, and every line's settings are found at their place.
func TestCorrectLinesAreRead(t *testing.T) {
	f := hosttest.Tree(t, "")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 8).Draw(t, "n")
		var b strings.Builder
		for i := range n {
			prefix := rapid.SampledFrom([]string{"Defaults", "Defaults:joe,%x", "Defaults@h", "Defaults>root", "Defaults!/bin/x"}).Draw(t, "prefix")
			value := rapid.StringMatching(`[a-z0-9/#= ,]{1,8}`).Draw(t, "value")
			fmt.Fprintf(&b, "%s s%c=%q, !t # x\n", prefix, 'a'+i, value)
		}
		f.Write("/etc/sudoers", b.String())
		c, err := sudoers.Load(f)
		if err != nil || len(c.Problems) > 0 || len(c.Defaults) != 2*n {
			t.Fatalf("%v %v %d settings of %q", err, c.Problems, len(c.Defaults), b.String())
		}
		for i := range n {
			if c.Defaults[2*i].First != i+1 {
				t.Errorf("%v", c.Defaults[2*i])
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add("Defaults use_pty, logfile=\"/var/log/sudo.log\" \\\n , x\nUser_Alias A = b : C = %d\nA ALL=(ALL:ALL) NOPASSWD: /bin/x a\\,b, !ALL : h = ^a$\n#1 ALL=ALL\n@include x\n")
	f.Add("Defaults!C a+=\"b")
	f.Fuzz(func(t *testing.T, content string) {
		h := hosttest.Tree(t, "")
		h.Write("/etc/sudoers", content)
		c, err := sudoers.Load(h)
		if err != nil {
			return
		}
		c.AnyCommand(sudoers.Who{User: "a", UID: 1, Groups: []string{"b"}, Host: "c"})
		c.Staged("/x")
	})
}
