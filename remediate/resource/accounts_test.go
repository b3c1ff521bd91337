package resource

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const accountsHash = "$6$saltsalt$averysecrethash"

// accountsTree is a small machine without deviations. Days stand for the year 2024.
func accountsTree(t testing.TB) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.OS.OS, f.OS.Version = "ubuntu", "24.04"
	f.Write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nsync:x:4:65534:sync:/bin:/bin/sync\nann:x:1000:1000:Ann:/home/ann:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n")
	f.Write("/etc/shadow", "root:*:19700:0:99999:7:::\ndaemon:*:19700:0:99999:7:::\nsync:*:19700:0:99999:7:::\nann:"+accountsHash+":19700:7:90:7:30::\nnobody:*:19700:0:99999:7:::\n")
	f.Write("/etc/group", "root:x:0:\ndaemon:x:1:\nshadow:x:42:\nann:x:1000:\nnogroup:x:65534:\n")
	f.Write("/etc/gshadow", "root:*::\ndaemon:*::\nshadow:*::\nann:!::\nnogroup:*::\n")
	f.Write("/etc/shells", "/bin/sh\n/bin/bash\n")
	f.Write("/etc/login.defs", "UID_MIN 1000\n")
	f.Write("/usr/sbin/nologin", "")
	f.Mkdir("/root")
	f.Mkdir("/home/ann")
	f.Chattr("/root", 0o700, 0, 0)
	f.Chattr("/home/ann", 0o750, 1000, 1000)
	return f
}

var accountsDay = time.Date(2024, 1, 20, 12, 0, 0, 0, time.UTC) // day 19742

func accountsBlock(t testing.TB, body string) Resource {
	r := mustBlock(t, accountsKind(), "accounts \"test\" {\n"+body+"\n}").(accountsResource)
	r.now = func() time.Time { return accountsDay }
	return r
}

// replaced edits a file of the tree.
func replaced(t testing.TB, f *hosttest.Fake, path, old, text string) {
	t.Helper()
	content := f.Read(path)
	if !strings.Contains(content, old) {
		t.Fatalf("%s has no %q", path, old)
	}
	f.Write(path, strings.Replace(content, old, text, 1))
}

func TestAccounts(t *testing.T) {
	for _, c := range []struct {
		name, require string
		path          string
		old, text     string // what spoils the tree
		message       string
		after         string // what the file says once it is mended; empty where it cannot be
	}{
		{"a second root", "uid_0_is_root", "/etc/passwd", "ann:x:1000", "ann:x:0", `"ann" (/etc/passwd:4) has user id 0`, ""},
		{"a line that shadow's programs pass over is root as well", "uid_0_is_root", "/etc/passwd", "nobody:", "toor::0:0\nnobody:", `"toor" (/etc/passwd:5) has user id 0`, ""},
		{"another account of group 0", "gid_0_is_root", "/etc/passwd", "ann:x:1000:1000", "ann:x:1000:0", "has group 0", ""},
		{"root of another group", "gid_0_is_root", "/etc/passwd", "root:x:0:0", "root:x:0:5", "has group 5", "root:x:0:0"},
		{"root of another group, asked for alone", "root_default_group", "/etc/passwd", "root:x:0:0", "root:x:0:5", "has group 5", "root:x:0:0"},
		{"another group 0", "group_0_is_root", "/etc/group", "daemon:x:1:", "daemon:x:0:", "has group id 0", ""},
		{"no group root", "group_0_is_root", "/etc/group", "root:x:0:", "wheel:x:10:", "no group root", ""},
		{"two accounts of one id", "unique_uids", "/etc/passwd", "daemon:x:1:", "daemon:x:1000:", "has user id 1000 like another", ""},
		{"two ids that are written differently", "unique_uids", "/etc/passwd", "daemon:x:1:", "daemon:x:01000:", "has user id 1000 like another", ""},
		{"two groups of one id", "unique_gids", "/etc/group", "daemon:x:1:", "daemon:x:42:", "has group id 42 like another", ""},
		{"two accounts of one name", "unique_users", "/etc/passwd", "daemon:", "ann:", "named like another", ""},
		{"two groups of one name", "unique_groups", "/etc/group", "daemon:", "ann:", "named like another", ""},
		{"a group that is not there", "groups_exist", "/etc/passwd", "ann:x:1000:1000", "ann:x:1000:77", "group 77, which does not exist", ""},
		{"somebody in the group shadow", "shadow_group_empty", "/etc/group", "shadow:x:42:", "shadow:x:42:ann", "has members", "shadow:x:42:\n"},
		{"somebody in the group shadow of gshadow", "shadow_group_empty", "/etc/gshadow", "shadow:*::", "shadow:*::ann", "has members", "shadow:*::\n"},
		{"somebody whose group is shadow", "shadow_group_empty", "/etc/passwd", "ann:x:1000:1000", "ann:x:1000:42", "has the group shadow", ""},
		{"a hash in passwd", "passwords_shadowed", "/etc/passwd", "ann:x:", "ann:" + accountsHash + ":", "has its password in passwd", "ann:x:"},
		{"an empty password in passwd", "passwords_not_empty", "/etc/passwd", "ann:x:", "ann::", "has an empty password", "ann:x:"},
		{"an empty password", "passwords_not_empty", "/etc/shadow", "daemon:*:", "daemon::", "has an empty password", "daemon:!:"},
		{"an empty password of no account", "passwords_not_empty", "/etc/shadow", "nobody:", "ghost::1:0:99999:7:::\nnobody:", "has an empty password", "ghost:!:1:"},
		{"an old hash", "passwords_strongly_hashed", "/etc/shadow", accountsHash, "$1$salt$md5hash", "hashed with md5", ""},
		{"a change in the future", "changes_in_the_past", "/etc/shadow", accountsHash + ":19700", accountsHash + ":19743", "changed its password in the future", ""},
		{"an entry for NIS", "no_legacy_entries", "/etc/passwd", "nobody:", "+::::::\nnobody:", "/etc/passwd:5 is an entry for NIS", "/bin/bash\nnobody:"},
		{"a system account with a shell", "system_accounts_no_shell", "/etc/passwd", "daemon:/usr/sbin:/usr/sbin/nologin", "daemon:/usr/sbin:/bin/sh", "has the shell \"/bin/sh\"", "daemon:/usr/sbin:/usr/sbin/nologin"},
		{"a system account with a shell and a password", "system_accounts_no_shell", "/etc/shadow", "daemon:*:19700:0:99999:7:::\n", "daemon:*:19700:0:99999:7:::\nsvc:" + accountsHash + ":1::::::\n", "has the shell", "svc:!" + accountsHash},
		{"a system account with an empty shell", "system_accounts_no_shell", "/etc/passwd", "daemon:/usr/sbin:/usr/sbin/nologin", "daemon:/usr/sbin:", "as the field is empty", "daemon:/usr/sbin:/usr/sbin/nologin"},
		{"a system account with a shell that is not listed", "system_accounts_no_shell", "/etc/passwd", "daemon:/usr/sbin:/usr/sbin/nologin", "daemon:/usr/sbin:/usr/bin/zsh", "has the shell", "nologin"},
		{"an account without a shell and with a password", "no_shell_is_locked", "/etc/shadow", "daemon:*:", "daemon:" + accountsHash + ":", "is not locked", "daemon:!" + accountsHash + ":"},
		{"root without a password", "root_has_password_or_lock", "/etc/shadow", "root:*:", "root::", "has an empty password", "root:!:"},
		{"nologin among the shells", "nologin_not_a_shell", "/etc/shells", "/bin/bash\n", "/bin/bash\n/usr/sbin/nologin\n", "/etc/shells:3 lists", "/bin/bash\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := accountsTree(t)
			r := accountsBlock(t, fmt.Sprintf("require = %q", c.require))
			if strings.Contains(c.text, "svc:") {
				f.Write("/etc/passwd", f.Read("/etc/passwd")+"svc:x:200:1::/:/usr/sbin/nologin\n")
			}
			if o := observe(t, f, r); len(r.Diff(o)) > 0 {
				t.Fatalf("the tree deviates: %s", o.Message)
			}
			if strings.Contains(c.text, "svc:") {
				replaced(t, f, "/etc/passwd", "svc:x:200:1::/:/usr/sbin/nologin", "svc:x:200:1::/:/bin/bash")
			}
			replaced(t, f, c.path, c.old, c.text)
			o := observe(t, f, r)
			changes := r.Diff(o)
			if len(changes) == 0 || !strings.Contains(o.Message, c.message) {
				t.Fatalf("%d changes, message %q, want %q", len(changes), o.Message, c.message)
			}
			if len(o.Sources) == 0 {
				t.Error("no place is named")
			}
			if text := fmt.Sprintf("%+v %+v %+v", o.Message, o.Sources, o.Evidence) + o.Persisted; strings.Contains(text, "verysecret") {
				t.Errorf("shows a hash: %s", text)
			}
			if c.after == "" {
				for _, change := range changes {
					if _, stuck := change.(rule.Unfixable); !stuck {
						t.Errorf("asks for %T, and a person has to decide", change)
					}
				}
				return
			}
			settle(t, f, r)
			if got := f.Read(c.path); !strings.Contains(got, c.after) {
				t.Errorf("%s is\n%s", c.path, got)
			}
		})
	}
}

func TestAccountsThatAreLeftOutOrNamed(t *testing.T) {
	f := accountsTree(t)
	replaced(t, f, "/etc/passwd", "daemon:/usr/sbin:/usr/sbin/nologin", "daemon:/usr/sbin:/bin/sh")
	spared := accountsBlock(t, `require = "system_accounts_no_shell"`+"\n"+`except = ["daemon"]`)
	if o := observe(t, f, spared); len(spared.Diff(o)) > 0 {
		t.Errorf("daemon is left out: %s", o.Message)
	}
	absent := accountsBlock(t, `require = "absent"`+"\n"+`names = ["games", "ann"]`)
	if o := observe(t, f, absent); o.Message != `"ann" (/etc/passwd:4) exists` {
		t.Error(o.Message)
	}
}

func TestAccountsRefusesBlocks(t *testing.T) {
	for _, body := range []string{
		`require = "nonsense"`, `require = "absent"`, "require = \"unique_uids\"\nnames = [\"x\"]", "require = \"unique_uids\"\nexcept = [\"a:b\"]",
	} {
		if _, err := parseBlock(t, accountsKind(), "accounts \"x\" {\n"+body+"\n}"); err == nil {
			t.Errorf("takes %s", body)
		}
	}
}

func TestPasswordAge(t *testing.T) {
	block := func(t *testing.T, body string) Resource {
		r := mustBlock(t, passwordAgeKind(), "password_age \"test\" {\n"+body+"\n}").(passwordAge)
		r.now = func() time.Time { return accountsDay }
		return r
	}
	for _, c := range []struct{ name, entry, body, after, message string }{
		{"all is well", "19700:7:90:7:30::", "max = 90\nmin = 7\nwarn = 7\ninactive = 30", "19700:7:90:7:30::", ""},
		{"nothing is set", "19700::::::", "max = 90\nmin = 7\nwarn = 7\ninactive = 30", "19700:7:90:7:30::", "has a password that never expires"},
		{"each field by itself", "19700:0:99999:3:99::", "max = 90", "19700:0:90:3:99::", "expires after 99999 days"},
		{"a password that is older than that", "19000:0:99999:7:::", "max = 90", "", "99999 days"},
		{"a password that must be changed at once stays so", "0:0:99999:7:::", "max = 90", "0:0:90:7:::", "99999"},
		{"a day that is not known", ":0:99999:7:::", "max = 90", "", "never expires"},
		{"an expired password is not locked", "19000:0:90:7:::", "inactive = 30", "", "is never locked after its password has expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := accountsTree(t)
			replaced(t, f, "/etc/shadow", "19700:7:90:7:30::", c.entry)
			r := block(t, c.body)
			o := observe(t, f, r)
			if (c.message == "") != (len(r.Diff(o)) == 0) || !strings.Contains(o.Message, c.message) {
				t.Fatalf("message %q", o.Message)
			}
			if c.after == "" {
				if _, stuck := r.Diff(o)[0].(rule.Unfixable); !stuck {
					t.Error("would shut an account out")
				}
				return
			}
			settle(t, f, r)
			if got := f.Read("/etc/shadow"); !strings.Contains(got, "ann:"+accountsHash+":"+c.after+"\n") {
				t.Errorf("the file is\n%s", got)
			}
		})
	}
	t.Run("an account may be left out", func(t *testing.T) {
		f := accountsTree(t)
		r := block(t, "max = 30\nexcept = [\"ann\"]")
		if o := observe(t, f, r); len(r.Diff(o)) > 0 {
			t.Error(o.Message)
		}
	})
}

func TestRulesThatEditOneLineOfShadowCombine(t *testing.T) {
	f := accountsTree(t)
	replaced(t, f, "/etc/passwd", "daemon:/usr/sbin:/usr/sbin/nologin", "daemon:/usr/sbin:/bin/sh")
	replaced(t, f, "/etc/shadow", "daemon:*:", "daemon::")
	replaced(t, f, "/etc/shadow", "19700:7:90:7:30::", "19700::::::")
	age := func(body string) Resource {
		r := mustBlock(t, passwordAgeKind(), "password_age \"test\" {\n"+body+"\n}").(passwordAge)
		r.now = func() time.Time { return accountsDay }
		return r
	}
	settle(t, f,
		age("max = 90"), age("min = 7"), age("warn = 7"), age("inactive = 30"),
		accountsBlock(t, `require = "system_accounts_no_shell"`), accountsBlock(t, `require = "passwords_not_empty"`))
	if got := f.Read("/etc/shadow"); !strings.Contains(got, ":19700:7:90:7:30::") || !strings.Contains(got, "daemon:!:") {
		t.Errorf("the file is\n%s", got)
	}
}

func TestAccountsStandsHostileFiles(t *testing.T) {
	f := accountsTree(t)
	rapid.Check(t, func(rt *rapid.T) {
		atoms := rapid.SliceOfN(rapid.SampledFrom([]string{"root", "ann", "x", ":", ":", ":", "::", "0", "-1", "\n", "\x00", "+", "#", "/bin/sh", "\xff", "$1$a$b", "*", "!"}), 0, 40)
		f.Write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"+strings.Join(atoms.Draw(rt, "passwd"), "")+"\n")
		f.Write("/etc/shadow", strings.Join(atoms.Draw(rt, "shadow"), ""))
		f.Write("/etc/group", strings.Join(atoms.Draw(rt, "group"), ""))
		for _, d := range accountsDemands() {
			body := fmt.Sprintf("require = %q", d.word)
			if d.names {
				body += "\nnames = [\"ann\"]"
			}
			r := accountsBlock(t, body)
			before := r.Diff(observe(t, f, r))
			if again := r.Diff(observe(t, f, r)); fmt.Sprint(again) != fmt.Sprint(before) {
				rt.Fatalf("%s answers differently", d.word)
			}
		}
	})
}
