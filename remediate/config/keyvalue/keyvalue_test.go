package keyvalue

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func read(t *testing.T, file string, contents map[string]string) File {
	t.Helper()
	tree := hosttest.Tree(t, "")
	for path, content := range contents {
		tree.Write(path, content)
	}
	f, err := Read(tree, file)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

type valueCase struct {
	name, file, content, key string
	want                     string
	absent                   bool
}

func valueCases() []valueCase {
	const defs, useradd, pw, fl, generic = "/etc/login.defs", "/etc/default/useradd", "/etc/security/pwquality.conf", "/etc/security/faillock.conf", "/etc/default/x"
	return []valueCase{
		{"a plain line", defs, "PASS_MAX_DAYS 90\n", "PASS_MAX_DAYS", "90", false},
		{"the last line decides", defs, "PASS_MAX_DAYS 90\nPASS_MAX_DAYS 99999\n", "PASS_MAX_DAYS", "99999", false},
		{"blanks before and tabs between", defs, "  PASS_MAX_DAYS\t90 \n", "PASS_MAX_DAYS", "90", false},
		{"quotes go", defs, "PASS_MAX_DAYS \"90\"\n", "PASS_MAX_DAYS", "90", false},
		{"a comment after the value belongs to it", defs, "PASS_MAX_DAYS 90 # x\n", "PASS_MAX_DAYS", "90 # x", false},
		{"an equals sign separates nothing", defs, "PASS_MAX_DAYS=90\n", "PASS_MAX_DAYS", "", true},
		{"a name alone says nothing", defs, "PASS_MAX_DAYS\n", "PASS_MAX_DAYS", "", true},
		{"names are case sensitive", defs, "pass_max_days 90\n", "PASS_MAX_DAYS", "", true},
		{"a comment", defs, "#PASS_MAX_DAYS 90\n", "PASS_MAX_DAYS", "", true},

		{"useradd takes a plain line", useradd, "INACTIVE=30\n", "INACTIVE", "30", false},
		{"useradd takes the last line", useradd, "INACTIVE=30\nINACTIVE=-1\n", "INACTIVE", "-1", false},
		{"useradd wants the name at the start", useradd, " INACTIVE=30\n", "INACTIVE", "", true},
		{"useradd wants no blank before the sign", useradd, "INACTIVE = 30\n", "INACTIVE", "", true},

		{"pwquality with blanks around the sign", pw, " minlen  =  14  # long\n", "minlen", "14", false},
		{"pwquality without a sign", pw, "minlen 14\n", "minlen", "14", false},
		{"pwquality without blanks", pw, "minlen=14\n", "minlen", "14", false},
		{"pwquality folds case", pw, "MinLen = 14\n", "minlen", "14", false},
		{"a flag", pw, "enforce_for_root\n", "enforce_for_root", "", false},
		{"faillock keeps case", fl, "Deny = 5\n", "deny", "", true},
		{"faillock takes the last line", fl, "deny = 5\ndeny=4\n", "deny", "4", false},

		{"a plain file with quotes", generic, "A='x y'\n", "A", "x y", false},
		{"a plain file takes the last line", generic, "A=1\nA=2\n", "A", "2", false},
	}
}

func TestValueThatDecides(t *testing.T) {
	for _, c := range valueCases() {
		t.Run(c.name, func(t *testing.T) {
			e, ok := read(t, c.file, map[string]string{c.file: c.content}).Last(c.key)
			if ok == c.absent || e.Value != c.want {
				t.Errorf("got %q, %v", e.Value, ok)
			}
		})
	}
}

func TestMainPwqualityFileWinsOverItsDropIns(t *testing.T) {
	f := read(t, "/etc/security/pwquality.conf", map[string]string{
		"/etc/security/pwquality.conf":                   "minlen = 8\n",
		"/etc/security/pwquality.conf.d/60-harden.conf":  "minlen = 14\ndifok = 2\n",
		"/etc/security/pwquality.conf.d/70-other.conf":   "difok = 3\n",
		"/etc/security/pwquality.conf.d/80-other.ignore": "difok = 9\n",
	})
	if e, _ := f.Last("minlen"); e.Value != "8" || e.Path != "/etc/security/pwquality.conf" {
		t.Errorf("minlen %+v", e)
	}
	if e, _ := f.Last("difok"); e.Value != "3" {
		t.Errorf("difok %+v", e)
	}
}

func TestOneBadLineBreaksPwquality(t *testing.T) {
	f := read(t, "/etc/security/pwquality.conf", map[string]string{
		"/etc/security/pwquality.conf":            "minlen = 14\n",
		"/etc/security/pwquality.conf.d/bad.conf": "minlength = 14\n",
	})
	if f.Broken == nil || f.Broken.Path != "/etc/security/pwquality.conf.d/bad.conf" || f.Broken.Line != 1 {
		t.Errorf("broken %+v", f.Broken)
	}
}

func TestNewValueKeepsTheRestOfTheLine(t *testing.T) {
	for _, c := range []struct{ file, line, value, want string }{
		{"/etc/login.defs", "  UMASK\t\t022", "027", "  UMASK\t\t027"},
		{"/etc/default/useradd", "INACTIVE=-1", "30", "INACTIVE=30"},
		{"/etc/security/pwquality.conf", " minlen=8 # short", "14", " minlen=14 # short"},
		{"/etc/security/pwquality.conf", "minlen", "14", "minlen = 14"},
		{"/etc/default/x", "A=\"b\"", "c", "A=\"c\""},
	} {
		f := read(t, c.file, map[string]string{c.file: c.line + "\n"})
		if got := f.Entries[0].With(c.value); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.line, got, c.want)
		}
	}
}

func TestSearchKeyTakesTheFirstLineWhateverItsCase(t *testing.T) {
	for _, c := range []struct{ content, want string }{
		{"UMASK 027\nUMASK 022\n", "027"},
		{"umask=027\n", "027"},
		{"#UMASK 022\n  UMASK\t= 077 # x\n", "077 "},
		{"UMASKS 022\n", ""},
	} {
		f := hosttest.Tree(t, "")
		f.Write("/etc/login.defs", c.content)
		e, ok, err := SearchKey(f, "/etc/login.defs", "UMASK")
		if err != nil || e.Value != c.want || ok != (c.want != "") {
			t.Errorf("%q: %+v, %v", c.content, e, err)
		}
	}
}

// What With writes is read back.
func TestNewValueIsReadBack(t *testing.T) {
	files := []string{"/etc/login.defs", "/etc/default/useradd", "/etc/security/faillock.conf", "/etc/default/x"}
	rapid.Check(t, func(rt *rapid.T) {
		format := FormatOf(rapid.SampledFrom(files).Draw(rt, "file"))
		line := rapid.StringMatching(`[ \t]{0,2}[A-Z_]{1,6}[ \t=]{0,3}["a-z0-9 ]{0,5}( #x)?`).Draw(rt, "line")
		e, ok := format.parse(line)
		if !ok {
			return
		}
		e.Text = line
		again, ok := format.parse(e.With("7"))
		if !ok || again.Key != e.Key || strings.TrimSpace(again.Value) != "7" {
			rt.Fatalf("%s: %q became %q, read as %+v", format.Name, line, e.With("7"), again)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, c := range valueCases() {
		f.Add(c.content)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, file := range []string{"/etc/login.defs", "/etc/default/useradd", "/etc/security/pwquality.conf", "/etc/default/x"} {
			format := FormatOf(file)
			if e, ok := format.parse(line); ok {
				e.Text = line
				_ = e.With("x")
			}
		}
	})
}
