package rsyslog_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/rsyslog"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestLogsHaveTheModeThatIsInForceWhereTheyStand(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/rsyslog.conf", `*.* /a0
$IncludeConfig /etc/rsyslog.d/*.conf
*.* -/a2;tmpl
*.* action(type="omfile" file="/a3")
*.* action(type="omfile" file="/a4" fileCreateMode="0600")
$FileCreateMode 0666
& /a5
if $msg contains "/no" then /a6
:msg, contains, "/no/either" /a7
*.* /dev/console
*.* @host
$ResetConfigVariables
mail.* /a8
`)
	f.Write("/etc/rsyslog.d/x.conf", "$FileCreateMode 0640\nmail.* /a1\n")
	c, err := rsyslog.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range c.Logs() {
		line := 0
		if l.Setter != nil {
			line = l.Setter.Line
		}
		got = append(got, fmt.Sprintf("%s %04o by %d", l.File, l.Mode, line))
	}
	want := []string{"/a0 0644 by 0", "/a1 0640 by 1", "/a2 0640 by 1", "/a3 0644 by 0", "/a4 0600 by 5", "/a5 0644 by 6", "/a6 0644 by 6",
		"/a7 0644 by 6", "/dev/console 0000 by 6", "/a8 0644 by 12"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReceiversAndSenders(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/rsyslog.conf", `module(load="imtcp")
input(type="imtcp"
  port="514")
$ModLoad imudp
$UDPServerRun 514
input(type="imfile" file="/x")
*.* @@loghost:514
*.* action(type="omfwd" target="x" protocol="tcp")
*.* /var/log/a@b
:msg, contains, " @host" /x
`)
	c, err := rsyslog.Load(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := func(list []rsyslog.Statement) (out []int) {
		for _, st := range list {
			out = append(out, st.Line, st.Last)
		}
		return out
	}
	if diff := cmp.Diff([]int{2, 3, 5, 5}, lines(c.Receivers())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{7, 7, 8, 8}, lines(c.Senders())); diff != "" {
		t.Error(diff)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add("$FileCreateMode 0640\n*.* /a\n*.* action(type=\"omfile\" file=\"/x\" fileCreateMode=\"77777\")\ninput(type=\"imtcp\"")
	f.Fuzz(func(t *testing.T, content string) {
		h := hosttest.Tree(t, "")
		h.Write("/etc/rsyslog.conf", content)
		c, err := rsyslog.Load(h)
		if err != nil {
			return
		}
		for _, l := range c.Logs() {
			if l.Mode&^0o777 != 0 || l.Statement.Last < l.Statement.Line {
				t.Errorf("%+v", l)
			}
		}
		c.Receivers()
		c.Senders()
	})
}
