package pam

import (
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestAccess(t *testing.T) {
	v := Visitor{User: "ann", Groups: []string{"staff"}, From: "10.0.0.4", Remote: true, Host: "node"}
	for _, c := range []struct {
		name, file string
		args       []string
		line       int // that refuses; 0: nobody does
	}{
		{name: "an empty file lets everybody in"},
		{name: "the first match decides", file: "+:ann:ALL\n-:ALL:ALL\n"},
		{name: "everybody else is kept out", file: "# who\n+:root:ALL\n-:ALL:ALL\n", line: 3},
		{name: "a group in parentheses", file: "+:(staff):ALL\n-:ALL:ALL\n"},
		{name: "a group without them", file: "+:staff:ALL\n-:ALL:ALL\n"},
		{name: "a group without them where they are wanted", file: "+:staff:ALL\n-:ALL:ALL\n", args: []string{"nodefgroup"}, line: 2},
		{name: "all but some", file: "-:ALL EXCEPT root ann:ALL\n"},
		{name: "all but others", file: "-:ALL EXCEPT root:ALL\n", line: 1},
		{name: "a network", file: "-:ann:10.0.0.0/8\n", line: 1},
		{name: "another network", file: "-:ann:192.0.2.0/24\n"},
		{name: "the start of an address", file: "-:ann:10.\n", line: 1},
		{name: "from elsewhere is not local", file: "-:ann:LOCAL\n"},
		{name: "a name at this machine", file: "-:ann@node:ALL\n", line: 1},
		{name: "a name at another machine", file: "-:ann@other:ALL\n"},
		{name: "a line that cannot be read decides nothing", file: "nonsense\n*:ann:ALL\n"},
		{name: "another separator", file: "-|ann|ALL\n", args: []string{"fieldsep=|"}, line: 1},
		{name: "blanks around the fields", file: "- : ann : ALL\n", line: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write(AccessFile, c.file)
			r, ok, err := Access(f, Handler{Args: c.args}, v)
			if err != nil || ok != (c.line == 0) || !ok && r.Line != c.line {
				t.Errorf("%+v %t %v", r, ok, err)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	monday := time.Date(2026, time.November, 23, 10, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		name, file string
		when       time.Time
		line       int
	}{
		{name: "no line is about it", file: "login;*;*;Wk0800-1800\n"},
		{name: "within the hours", file: "sshd;*;ann;Wk0800-1800\n", when: monday},
		{name: "outside of the hours", file: "sshd;*;ann;Wk0800-1000\n", when: monday, line: 1},
		{name: "not at all times", file: "\nsshd;*;ann;Wk0800-1800\n", line: 2},
		{name: "at all times", file: "sshd;*;ann;Al0000-2400\n"},
		{name: "in two halves", file: "sshd;*;ann;Al0000-1200|Al1200-2400\n"},
		{name: "everybody but her", file: "*;*;!ann;!Al0000-2400\n"},
		{name: "a day is taken out again", file: "sshd;*;ann;AlMo0000-2400\n", when: monday, line: 1},
		{name: "past midnight", file: "sshd;*;ann;Su2200-1100\n", when: monday},
		{name: "a continued line", file: "sshd;*;\\\nann;!Al0000-2400\n", when: monday, line: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write(TimeFile, c.file)
			r, ok, err := Times(f, Handler{}, "sshd", "ssh", Visitor{User: "ann"}, c.when)
			if err != nil || ok != (c.line == 0) || !ok && r.Line != c.line {
				t.Errorf("%+v %t %v", r, ok, err)
			}
		})
	}
}

func FuzzAccess(f *testing.F) {
	f.Add("+:(staff):10.0.0.0/8 EXCEPT LOCAL\n-:ALL EXCEPT root:ALL\n", "sshd;tty*&!tty1;a|b;Wk0800-1800 | !Wd0000-2400\n")
	f.Fuzz(func(t *testing.T, access, times string) {
		h := hosttest.Tree(t, "")
		h.Write(AccessFile, access)
		h.Write(TimeFile, times)
		if _, _, err := Access(h, Handler{}, Visitor{User: "ann", From: "10.0.0.4", Remote: true}); err != nil {
			t.Error(err)
		}
		if _, _, err := Times(h, Handler{}, "sshd", "ssh", Visitor{User: "ann"}, time.Unix(0, 0)); err != nil {
			t.Error(err)
		}
	})
}
