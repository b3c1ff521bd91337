package accounts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestPasswd(t *testing.T) {
	for _, c := range []struct {
		name    string
		line    string
		want    string // name uid gid home shell
		problem string
	}{
		{"an entry", "root:x:0:0:root:/root:/bin/bash", "root 0 0 /root /bin/bash", ""},
		{"an entry without its last fields is an account all the same", "toor::0:0", "toor 0 0  ", "not as many fields"},
		{"blanks before an entry go", "  toor:x:0:0:::", "toor 0 0  ", "blanks before"},
		{"a number with a sign and blanks", "toor:x: +0:-0:::", "toor 0 0  ", ""},
		{"a number that is too high spoils the line", "big:x:99999999999999999999:0:::", "", "not an entry"},
		{"letters in a number spoil the line", "bad:x:0x0:0:::", "", "not an entry"},
		{"no number spoils the line", "bad:x::0:::", "", "not an entry"},
		{"a comment is passed over", "#root:x:0:0:::", "", "a comment"},
		{"the text ends at a zero byte", "toor:x:0:0\x00:::", "toor 0 0  ", "zero byte"},
		{"a name of nothing is a name", ":x:0:0:::", " 0 0  ", ""},
		{"more fields belong to the shell", "a:x:1:1::/:/bin/sh:x", "a 1 1 / /bin/sh:x", "not as many fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			users, problems := ParsePasswd([]byte(c.line + "\n"))
			got := ""
			for _, u := range users {
				got += fmt.Sprintf("%s %d %d %s %s", u.Name, u.UID, u.GID, u.Home, u.Shell)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if said := fmt.Sprint(problems); (c.problem == "") != (len(problems) == 0) || !strings.Contains(said, c.problem) {
				t.Errorf("problems %s, want %q", said, c.problem)
			}
		})
	}
}

func TestLegacyEntriesAreToldApart(t *testing.T) {
	users, problems := ParsePasswd([]byte("+\n+@team\n-bob::::::\nann:x:1000:1000::/home/ann:/bin/sh\n"))
	var legacy []bool
	for _, u := range users {
		legacy = append(legacy, u.Legacy)
	}
	if !slices.Equal(legacy, []bool{true, true, true, false}) {
		t.Errorf("legacy %v of %d, problems %v", legacy, len(users), problems)
	}
}

func TestShadow(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"nine fields", "a:!:19000:1:90:7:30:20000:", "19000 1 90 7 30 20000 true"},
		{"empty fields have no value", "a:*:::::::", "-1 -1 -1 -1 -1 -1 true"},
		{"the five fields of old", "a:*:19000:1:90", "19000 1 90 -1 -1 -1 false"},
		{"a negative number spoils the line", "a:*:19000:0:-1:7:::", ""},
		{"two fields are no entry", "a:*", ""},
		{"letters spoil the line", "a:*:x:0:99999:7:::", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			shadows, _ := ParseShadow([]byte(c.line + "\n"))
			got := ""
			for _, s := range shadows {
				got += fmt.Sprint(s.LastChange, s.Min, s.Max, s.Warn, s.Inactive, s.Expire, s.Whole)
			}
			if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(c.want, " ", "") {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestGroupMembers(t *testing.T) {
	groups, _ := ParseGroup([]byte("adm:x:4: syslog,,ann ,\nempty:x:5\n"))
	if len(groups) != 2 || !slices.Equal(groups[0].Members, []string{"syslog", "ann "}) || groups[0].Whole != true || groups[1].Members != nil {
		t.Errorf("got %+v", groups)
	}
}

func TestPasswords(t *testing.T) {
	for _, c := range []struct {
		name, field, algorithm string
		empty, locked          bool
	}{
		{"empty", "", "", true, false},
		{"locked", "!", "", false, true},
		{"locked with a hash", "!$6$salt$hash", "", false, true},
		{"star", "*", "", false, true},
		{"shadowed", "x", "", false, false},
		{"sha512", "$6$salt$hash", "sha512", false, false},
		{"yescrypt", "$y$j9T$salt$hash", "yescrypt", false, false},
		{"md5", "$1$salt$hash", "md5", false, false},
		{"des", "abJnggxhB/yWI", "des", false, false},
		{"nonsense", "password", "", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Secret(c.field)
			if s.Empty() != c.empty || s.Locked() != c.locked || s.Algorithm() != c.algorithm {
				t.Errorf("empty %v, locked %v, algorithm %q", s.Empty(), s.Locked(), s.Algorithm())
			}
		})
	}
}

func TestShellsAndWhoCanUseThem(t *testing.T) {
	shells := ParseShells([]byte("# /etc/shells\n/bin/sh\n/bin/bash # the usual\n  /opt/shell x\n/\nrelative\n"))
	var paths []string
	for _, s := range shells {
		paths = append(paths, s.Path)
	}
	if !slices.Equal(paths, []string{"/bin/sh", "/bin/bash", "/opt/shell"}) {
		t.Errorf("shells %q", paths)
	}
	for shell, want := range map[string]bool{
		"": true, "/bin/sh": true, "/opt/shell": true, "/usr/bin/zsh": true,
		"/usr/sbin/nologin": false, "/bin/false": false, "/bin/sync": false, "/opt/other": false,
	} {
		if got := Interactive(shell, shells); got != want {
			t.Errorf("Interactive(%q) is %v", shell, got)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const hash = "$6$saltsalt$averysecrethash"
	f := hosttest.Tree(t, "")
	f.Write("/etc/passwd", "root:"+hash+":0:0:root:/root:/bin/bash\nbad:"+hash+"\n")
	f.Write("/etc/shadow", "root:"+hash+":1:0:99999:7:::\nbad:"+hash+"\n")
	f.Write("/etc/group", "root:"+hash+":0:\n")
	f.Write("/etc/gshadow", "root:"+hash+"::\n")
	db, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(db)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(db), fmt.Sprintf("%+v %#v", db, db), fmt.Sprintf("%q %s %x", db.Users[0].Password, db.Users[0].Password, db.Users[0].Password), string(encoded)} {
		if strings.Contains(text, "verysecret") || strings.Contains(text, fmt.Sprintf("%x", "verysecret")) {
			t.Errorf("shows a hash: %s", text)
		}
	}
}

func TestProblemsNameTheirLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ax+-#:0 9!\n\x00")), 0, 80, -1).Draw(t, "file")
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		users, problems := ParsePasswd([]byte(text))
		seen := map[int]bool{}
		for _, u := range users {
			if lines[u.Line.Number-1] != u.Line.Raw() {
				t.Fatalf("line %d is not what the entry says", u.Line.Number)
			}
			seen[u.Line.Number] = true
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > len(lines) || p.Ignored == seen[p.Line] {
				t.Fatalf("problem %v, entry %v", p, seen[p.Line])
			}
			seen[p.Line] = true
		}
		if text != "" && len(seen) != len(lines) {
			t.Fatalf("%d of %d lines are spoken of", len(seen), len(lines))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("root:x:0:0:root:/root:/bin/bash\n+\n"))
	f.Add([]byte("root:$6$a$b:19000:0:99999:7:::\nx:!:1:2:3\n"))
	f.Add([]byte("adm:x:4:syslog,ann\n#\n\x00:::"))
	f.Fuzz(func(t *testing.T, content []byte) {
		users, problems := ParsePasswd(content)
		for _, u := range users {
			if strings.Contains(u.Name, ":") || strings.Contains(u.Home, "\n") {
				t.Errorf("an entry spills: %v", u)
			}
		}
		_ = fmt.Sprint(problems)
		ParseGroup(content)
		ParseGShadow(content)
		ParseShells(content)
		for _, algorithm := range []Secret{Secret(content)} {
			_ = algorithm.Algorithm()
		}
		ParseShadow(content)
	})
}
