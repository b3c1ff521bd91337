package resource

import (
	"context"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"pgregory.net/rapid"
)

func TestIniSettingLeavesADecisionOpen(t *testing.T) {
	src := func(url, key string) string {
		return "ini_setting \"systemd/journal-upload.conf\" {\n section = \"Upload\"\n settings = {\n URL = \"" + url + "\"\n ServerKeyFile = \"" + key + "\"\n }\n}"
	}
	f := hosttest.Tree(t, "")
	f.Write("/etc/systemd/journal-upload.conf", "[Upload]\nURL=https://logs.example\n")
	for name, tc := range map[string]struct {
		src, manual string
		changes     int
	}{
		"nothing is decided":         {src("", ""), "ServerKeyFile, URL", 0},
		"one is, and is right":       {src("https://logs.example", ""), "ServerKeyFile", 0},
		"one is, and deviates":       {src("https://other.example", ""), "", 1},
		"all are":                    {src("https://logs.example", "/etc/key.pem"), "", 1},
		"what is not set is no pass": {src("", "/etc/key.pem"), "", 1},
	} {
		r := mustBlock(t, iniSettingKind(), tc.src)
		o := observe(t, f, r)
		if (o.Manual == "") != (tc.manual == "") || !strings.Contains(o.Manual, tc.manual) || len(r.Diff(o)) != tc.changes {
			t.Errorf("%s: %+v %v", name, o, r.Diff(o))
		}
	}
	if o := observe(t, f, mustBlock(t, iniSettingKind(), src("", ""))); len(o.Evidence) != 2 || !strings.Contains(o.Evidence[1], "https://logs.example") {
		t.Errorf("evidence %q", o.Evidence)
	}
}

func TestKeyValuePasses(t *testing.T) {
	for _, c := range []struct{ name, file, content, src, says string }{
		{"a stricter number", "/etc/login.defs", "PASS_MAX_DAYS 60\n", `key_value "PASS_MAX_DAYS" {
 file = "/etc/login.defs"
 min = 1
 max = 90
}`, "the line that decides is right"},
		{"a special value that is allowed", "/etc/security/faillock.conf", "unlock_time = never\n", `key_value "unlock_time" {
 file = "/etc/security/faillock.conf"
 min = 900
 allow = ["never"]
}`, "the line that decides is right"},
		{"the built-in value is right", "/etc/security/pwquality.conf", "# nothing\n", `key_value "dictcheck" {
 file = "/etc/security/pwquality.conf"
 min = 1
}`, "built-in"},
		{"a plain file", "/etc/default/x", "ENABLED=\"no\"\n", `key_value "ENABLED" {
 file = "/etc/default/x"
 value = "no"
}`, "the line that decides is right"},
		{"a flag that must not be there", "/etc/security/faillock.conf", "deny = 3\n", `key_value "silent" {
 file = "/etc/security/faillock.conf"
 present = false
}`, "no line sets it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write(c.file, c.content)
			r := mustBlock(t, keyValueKind(), c.src)
			o := observe(t, f, r)
			if len(r.Diff(o)) > 0 || !strings.Contains(o.Message, c.says) {
				t.Errorf("%q, %+v", o.Message, r.Diff(o))
			}
		})
	}
}

func TestKeyValueDeviatesAndSettles(t *testing.T) {
	maxDays := `key_value "PASS_MAX_DAYS" {
 file = "/etc/login.defs"
 min = 1
 max = 90
}`
	minlen := `key_value "minlen" {
 file = "/etc/security/pwquality.conf"
 min = 14
}`
	for _, c := range []struct {
		name  string
		files map[string]string
		src   string
		file  string
		want  string
	}{
		{"the first of two lines is too lenient for PAM", map[string]string{"/etc/login.defs": "PASS_MAX_DAYS 99999\nPASS_MAX_DAYS 90\n"}, maxDays, "/etc/login.defs", "PASS_MAX_DAYS 90\nPASS_MAX_DAYS 90\n"},
		{"a value with a comment is none", map[string]string{"/etc/login.defs": "PASS_MAX_DAYS 90 # x\n"}, maxDays, "/etc/login.defs", "PASS_MAX_DAYS 90\n"},
		{"minus one means never", map[string]string{"/etc/default/useradd": "INACTIVE=-1\n"}, "key_value \"INACTIVE\" {\n file = \"/etc/default/useradd\"\n min = 0\n max = 30\n}", "/etc/default/useradd", "INACTIVE=30\n"},
		{"the main pwquality file beats a drop-in", map[string]string{"/etc/security/pwquality.conf": "minlen = 8 # x\n", "/etc/security/pwquality.conf.d/9.conf": "minlen = 20\n"}, minlen, "/etc/security/pwquality.conf", "minlen = 14 # x\n"},
		{"a later drop-in is edited where it stands", map[string]string{"/etc/security/pwquality.conf": "", "/etc/security/pwquality.conf.d/9.conf": "minlen=9\n"}, minlen, "/etc/security/pwquality.conf.d/9.conf", "minlen=14\n"},
		{"the argument of a stack beats the file", map[string]string{"/etc/security/pwquality.conf": "minlen = 14\n", "/etc/pam.d/passwd": "password requisite pam_pwquality.so retry=3 minlen=8\n"}, minlen, "/etc/pam.d/passwd", "password requisite pam_pwquality.so retry=3 minlen=14\n"},
		{"a flag that must go", map[string]string{"/etc/security/faillock.conf": "silent\ndeny = 3\n"}, "key_value \"silent\" {\n file = \"/etc/security/faillock.conf\"\n present = false\n}", "/etc/security/faillock.conf", "deny = 3\n"},
		{"an absent plain file is made", map[string]string{}, "key_value \"ENABLED\" {\n file = \"/etc/default/x\"\n value = \"no\"\n}", "/etc/default/x", "ENABLED=no\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			for path, content := range c.files {
				f.Write(path, content)
			}
			r := mustBlock(t, keyValueKind(), c.src)
			if len(r.Diff(observe(t, f, r))) == 0 {
				t.Fatal("no deviation")
			}
			settle(t, f, r)
			if got := f.Read(c.file); got != c.want {
				t.Errorf("%s holds %q, want %q", c.file, got, c.want)
			}
		})
	}
}

func TestKeyValueIsNotApplicableWithoutItsProgram(t *testing.T) {
	for _, file := range []string{"/etc/security/pwquality.conf", "/etc/security/faillock.conf", "/etc/login.defs", "/etc/default/useradd"} {
		r := mustBlock(t, keyValueKind(), "key_value \"X\" {\n file = \""+file+"\"\n min = 1\n}")
		f := hosttest.Tree(t, "")
		if o := observe(t, f, r); o.NotApplicable == "" {
			t.Errorf("%s: %+v", file, o)
		}
		f.Write("/usr/lib/security/pam_pwquality.so", "")
		f.Write("/usr/lib/security/pam_faillock.so", "")
		f.Write("/usr/sbin/useradd", "")
		if o := observe(t, f, r); o.NotApplicable != "" || len(r.Diff(o)) == 0 {
			t.Errorf("%s with its program: %+v", file, o)
		}
	}
}

func TestBrokenPwqualityIsAnErrorThatNamesTheLine(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/security/pwquality.conf", "minlen = 14\nminimum = 3\n")
	r := mustBlock(t, keyValueKind(), "key_value \"minlen\" {\n file = \"/etc/security/pwquality.conf\"\n min = 14\n}")
	if _, err := r.Observe(context.Background(), f); err == nil || !strings.Contains(err.Error(), "pwquality.conf:2") {
		t.Errorf("error %v", err)
	}
}

func TestUbuntu1604GetsNoPwqualityDropIn(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "16.04"}
	f.Write("/etc/security/pwquality.conf", "")
	settle(t, f, mustBlock(t, keyValueKind(), "key_value \"minlen\" {\n file = \"/etc/security/pwquality.conf\"\n min = 14\n}"))
	if got := f.Read("/etc/security/pwquality.conf"); got != "minlen = 14\n" {
		t.Errorf("the file holds %q", got)
	}
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		src  string
	}{
		{keyValueKind(), "key_value \"X\" {\n file = \"/etc/x\"\n}"},
		{keyValueKind(), "key_value \"X\" {\n file = \"x\"\n min = 1\n}"},
		{keyValueKind(), "key_value \"X\" {\n file = \"/etc/x\"\n min = 2\n max = 1\n}"},
		{keyValueKind(), "key_value \"X\" {\n file = \"/etc/x\"\n value = \"1\"\n max = 1\n}"},
		{keyValueKind(), "key_value \"X Y\" {\n file = \"/etc/x\"\n max = 1\n}"},
		{iniSettingKind(), "ini_setting \"/etc/systemd/journald.conf\" {\n section = \"Journal\"\n settings = { A = \"b\" }\n}"},
		{iniSettingKind(), "ini_setting \"systemd/journald.conf\" {\n section = \"[Journal]\"\n settings = { A = \"b\" }\n}"},
		{iniSettingKind(), "ini_setting \"systemd/journald.conf\" {\n section = \"Journal\"\n settings = {}\n}"},
		{limitKind(), "limit \"* core\" {\n max = 0\n}"},
		{limitKind(), "limit \"* - core\" {\n max = 0\n}"},
		{limitKind(), "limit \"* hard core\" {\n max = -1\n}"},
		{shellTimeoutKind(), "shell_timeout \"x\" {\n max = 0\n}"},
	} {
		if _, err := parseBlock(t, c.kind, c.src); err == nil {
			t.Errorf("taken: %s", c.src)
		}
	}
}

const storage = `ini_setting "systemd/journald.conf" {
 section = "Journal"
 settings = { Storage = "persistent", Compress = "yes" }
}`

func TestIniSettingSettlesWhereverItStands(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		links map[string]string
		file  string // that is changed or made
	}{
		{"nothing is set", map[string]string{"/etc/systemd/journald.conf": "[Journal]\n"}, nil, "/etc/systemd/journald.conf.d/60-harden.conf"},
		{"the main file loses to a drop-in", map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=none\n"}, nil, "/etc/systemd/journald.conf.d/60-harden.conf"},
		{"a later drop-in is edited", map[string]string{"/etc/systemd/journald.conf": "", "/etc/systemd/journald.conf.d/99-x.conf": "[Journal]\nStorage=none\n"}, nil, "/etc/systemd/journald.conf.d/99-x.conf"},
		{"a later file of the vendor is outsorted", map[string]string{"/usr/lib/systemd/journald.conf.d/90-x.conf": "[Journal]\nStorage=none\n", "/usr/lib/systemd/systemd-journald": ""}, nil, "/etc/systemd/journald.conf.d/zz-harden.conf"},
		{"an empty value resets", map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=persistent\nStorage=\n"}, nil, "/etc/systemd/journald.conf.d/60-harden.conf"},
		{"compression is off", map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=persistent\nCompress=off\n"}, nil, "/etc/systemd/journald.conf.d/60-harden.conf"},
		{"the own file has another value", map[string]string{"/etc/systemd/journald.conf": "", "/etc/systemd/journald.conf.d/60-harden.conf": "[Journal]\nStorage=auto\n"}, nil, "/etc/systemd/journald.conf.d/60-harden.conf"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			for path, content := range c.files {
				f.Write(path, content)
			}
			r := mustBlock(t, iniSettingKind(), storage)
			changes := r.Diff(observe(t, f, r))
			if len(changes) != 1 || changes[0].Target() != c.file {
				t.Errorf("changes %+v", changes)
			}
			settle(t, f, r)
		})
	}
}

func TestIniSettingLooksAtTheNextBoot(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/systemd/journald.conf", "")
	f.Write("/run/systemd/journald.conf.d/99-x.conf", "[Journal]\nStorage=persistent\n")
	r := mustBlock(t, iniSettingKind(), storage)
	if o := observe(t, f, r); len(r.Diff(o)) == 0 {
		t.Error("a file below /run decides")
	}
}

func TestIniSettingIsNotApplicableWithoutItsProgram(t *testing.T) {
	r := mustBlock(t, iniSettingKind(), "ini_setting \"systemd/coredump.conf\" {\n section = \"Coredump\"\n settings = { Storage = \"none\" }\n}")
	f := hosttest.Tree(t, "")
	if o := observe(t, f, r); o.NotApplicable == "" {
		t.Errorf("%+v", o)
	}
	f.Write("/usr/lib/systemd/systemd-coredump", "")
	settle(t, f, r)
}

func TestIniSettingPassesOnAnotherWordForTheSame(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/systemd/journald.conf", "[Journal]\nStorage = persistent\nCompress = on\n")
	r := mustBlock(t, iniSettingKind(), storage)
	if o := observe(t, f, r); len(r.Diff(o)) > 0 {
		t.Errorf("%s", o.Message)
	}
}

func TestLimitSettles(t *testing.T) {
	for _, c := range []struct{ name, main, later, want string }{
		{"nothing is set", "", "", "is not set"},
		{"only the soft limit", "* soft core 0\n", "", "is not set"},
		{"the main file", "* hard core unlimited\n", "", "unlimited"},
		{"a later file", "* hard core 0\n", "* hard core 5\n", "90-x.conf:1 sets 5"},
		{"a user has more", "* hard core 0\n", "ana - core 100\n", "gives ana more"},
		{"minus one is no limit", "* hard core 0\n", "* hard core -1\n", "sets -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/security/limits.conf", c.main)
			f.Write("/etc/security/limits.d/90-x.conf", c.later)
			r := mustBlock(t, limitKind(), "limit \"* hard core\" {\n max = 0\n}")
			if o := observe(t, f, r); !strings.Contains(o.Message+o.Persisted, c.want) {
				t.Errorf("%q %q", o.Message, o.Persisted)
			}
			settle(t, f, r)
		})
	}
}

func TestLimitCannotBeFixedWhereItDoesNotReach(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/security/limits.conf", "* hard core 0\nana -\n")
	f.Write("/etc/pam.d/sshd", "session required pam_unix.so\n")
	r := mustBlock(t, limitKind(), "limit \"* hard core\" {\n max = 0\n}")
	changes := r.Diff(observe(t, f, r))
	if len(changes) != 2 {
		t.Fatalf("changes %+v", changes)
	}
	for _, c := range changes {
		if _, ok := c.(rule.Unfixable); !ok {
			t.Errorf("change %+v", c)
		}
	}
}

// Whatever stands in the files, one pass settles, or the deviation is reported as one that cannot be
// changed.
func TestOnePassSettlesSettings(t *testing.T) {
	min14 := mustBlock(t, keyValueKind(), "key_value \"minlen\" {\n file = \"/etc/security/pwquality.conf\"\n min = 14\n}")
	core := mustBlock(t, limitKind(), "limit \"* hard core\" {\n max = 0\n}")
	journal := mustBlock(t, iniSettingKind(), storage)
	mask := mustBlock(t, umaskKind(), wantMask)
	line := func(options ...string) *rapid.Generator[string] {
		return rapid.Custom(func(rt *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(options), 0, 4).Draw(rt, "lines"), "\n") + "\n"
		})
	}
	pw := line("minlen = 8", "minlen=20", "# minlen", "enforce_for_root", " MINLEN 9 # x")
	lim := line("* hard core 1", "* - core unlimited", "* soft core 3", "@x hard core 9", "* hard nproc 5", "bad", "ana hard core 0")
	ini := line("[Journal]", "Storage=none", "Storage=persistent", "Storage=", "[X]", "Compress=0", "# x", "Compress=yes")
	prof := line("umask 022", "umask 077", "if [ $UID = 0 ]; then", "fi; :", "umask g+w", ". /etc/more", "[ -r /etc/more ] && umask 2", "f() { umask 0; }", "f", loopProfile)
	rapid.Check(t, func(rt *rapid.T) {
		f := hosttest.Tree(t, "")
		f.Write("/etc/security/pwquality.conf", pw.Draw(rt, "pwquality"))
		f.Write("/etc/security/pwquality.conf.d/70.conf", pw.Draw(rt, "pwquality drop-in"))
		f.Write("/etc/security/limits.conf", lim.Draw(rt, "limits"))
		f.Write("/etc/security/limits.d/70.conf", lim.Draw(rt, "limits drop-in"))
		f.Write("/etc/systemd/journald.conf", ini.Draw(rt, "journald"))
		f.Write("/etc/systemd/journald.conf.d/70.conf", ini.Draw(rt, "journald drop-in"))
		f.Write("/etc/profile", prof.Draw(rt, "profile"))
		f.Write("/etc/profile.d/a.sh", prof.Draw(rt, "profile.d"))
		f.Write("/etc/more", "umask 033\n")
		r := rapid.SampledFrom([]Resource{min14, core, journal, mask}).Draw(rt, "resource")
		o := observe(t, f, r)
		unfixable := false
		for _, c := range r.Diff(o) {
			_, ok := c.(rule.Unfixable)
			unfixable = unfixable || ok
		}
		if !unfixable {
			settle(t, f, r)
		}
		if t.Failed() {
			rt.Fatalf("%s: %s", r.Ref(), o.Message)
		}
	})
}
