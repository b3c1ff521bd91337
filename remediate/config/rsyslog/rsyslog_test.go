package rsyslog_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rsyslog"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

const (
	kern = 0
	mail = 2
	auth = 4
	cron = 9
)

func TestParseSelector(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want map[int]uint8
	}{
		"a priority means itself and worse":    {"mail.err", map[int]uint8{mail: 0x0f, kern: 0}},
		"an equals sign means only itself":     {"mail.=err", map[int]uint8{mail: 0x08}},
		"a bang takes away":                    {"mail.*;mail.!err", map[int]uint8{mail: 0xf0}},
		"none takes all away":                  {"*.*;auth,authpriv.none", map[int]uint8{auth: 0, 10: 0, cron: 0xff}},
		"security is an old name of auth":      {"security.*", map[int]uint8{auth: 0xff}},
		"a comma after a priority starts anew": {"*.*,auth,mail.none", map[int]uint8{auth: 0, mail: 0, cron: 0xff}},
		"emerg is the worst":                   {"*.emerg", map[int]uint8{kern: 1, cron: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := rsyslog.ParseSelector(c.in)
			if err != nil {
				t.Fatal(err)
			}
			for fac, want := range c.want {
				if m[fac] != want {
					t.Errorf("facility %d: got %08b, want %08b", fac, m[fac], want)
				}
			}
		})
	}
	for _, bad := range []string{"mail", ".err", "nothing.err", "mail.worst", "mail."} {
		if _, err := rsyslog.ParseSelector(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestLoadReadsIncludesWhereTheyStand(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/rsyslog.conf", `module(load="imuxsock") # mail.* /no
$FileOwner root
mail.* -/var/log/first
$IncludeConfig /etc/rsyslog.d/*.conf
include(file="/etc/other.conf" mode="optional")
:msg, contains, "x.y" /var/log/no
if $msg contains "a" then {
  mail.* /var/log/inside
}
cron.* action(type="omfile"
  file="/var/log/cron")
kern.* { action(type="omfile" file="/var/log/kern") stop }
*.emerg :omusrmsg:*
& @logs.example.com
`)
	f.Write("/etc/rsyslog.d/20-b.conf", "auth.* /var/log/b;Template\n")
	f.Write("/etc/rsyslog.d/10-a.conf", "auth.* ~\n")
	f.Write("/etc/rsyslog.d/README", "mail.* /var/log/no\n")
	f.Write("/etc/other.conf", "user.* /var/log/user\n")
	c, err := rsyslog.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	type place struct {
		Path   string
		Line   int
		Action string
		Stop   bool
	}
	var got []place
	for _, r := range c.Rules {
		got = append(got, place{r.Path, r.Line, r.Action, r.Stop})
	}
	want := []place{
		{"/etc/rsyslog.conf", 3, "/var/log/first", false},
		{"/etc/rsyslog.d/10-a.conf", 1, "stop", true},
		{"/etc/rsyslog.d/20-b.conf", 1, "/var/log/b", false},
		{"/etc/other.conf", 1, "/var/log/user", false},
		{"/etc/rsyslog.conf", 10, "/var/log/cron", false},
		{"/etc/rsyslog.conf", 12, "/var/log/kern", false},
		{"/etc/rsyslog.conf", 12, "stop", true},
		{"/etc/rsyslog.conf", 13, ":omusrmsg:*", false},
		{"/etc/rsyslog.conf", 14, "@logs.example.com", false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !c.Includes("/etc/rsyslog.d/60-harden.conf") || c.Includes("/etc/x.conf") {
		t.Error("wrong idea of what is included")
	}
}

func TestLoadEndsOnAnIncludeLoop(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/rsyslog.conf", "$IncludeConfig /etc/rsyslog.conf\n")
	if _, err := rsyslog.Load(f); err == nil {
		t.Error("no error")
	}
	f.Delete("/etc/rsyslog.conf")
	if _, err := rsyslog.Load(f); !errors.Is(err, rsyslog.ErrNone) {
		t.Errorf("without a file: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("*.*;auth,authpriv.none -/var/log/syslog\n& stop\n")
	f.Add("mail.* { action(type=\"omfile\" file=\"/x\") }\n")
	f.Add("((({\n\\")
	f.Fuzz(func(t *testing.T, text string) {
		h := hosttest.Tree(t, "")
		h.Write("/etc/rsyslog.conf", text)
		c, err := rsyslog.Load(h)
		if err != nil {
			return
		}
		for _, r := range c.Rules {
			if r.Line < 1 {
				t.Fatalf("a rule at line %d", r.Line)
			}
		}
	})
}

func FuzzParseSelector(f *testing.F) {
	f.Add("*.*;auth,authpriv.none")
	f.Add("mail.!=err,;cron.=info")
	f.Fuzz(func(t *testing.T, text string) { _, _ = rsyslog.ParseSelector(text) })
}
