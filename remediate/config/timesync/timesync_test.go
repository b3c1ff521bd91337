package timesync

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestChronySources(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/chrony/chrony.conf", "confdir /etc/chrony/conf.d\nsourcedir /run/chrony-dhcp /etc/chrony/sources.d\n! server no\nRefClock PHC /dev/ptp_hyperv poll 3\ninclude /etc/chrony/x*.inc\n")
	f.Write("/etc/chrony/conf.d/a.conf", "pool ntp.example iburst\n")
	f.Write("/etc/chrony/conf.d/b.txt", "pool no\n")
	f.Write("/etc/chrony/sources.d/a.sources", "server 10.0.0.1\n")
	f.Write("/run/chrony-dhcp/e.sources", "server 10.0.0.2\n")
	f.Write("/etc/chrony/x1.inc", "user root\npeer p\n")
	c, err := Chrony(f)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Sources(); len(got) != 4 || got[0].Words[1] != "ntp.example" || got[2].Words[2] != "/dev/ptp_hyperv" {
		t.Errorf("%v", got)
	}
	if l, ok := c.Last("user"); !ok || l.Words[1] != "root" {
		t.Errorf("%v", l)
	}
	f.Write("/etc/chrony/x2.inc", "include /etc/chrony/x2.inc\n")
	if _, err := Chrony(f); err == nil {
		t.Error("a loop: no error")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("server x\n#\n! y\nconfdir\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := Config{Lines: Parse("/x", b)}
		for _, l := range c.Sources() {
			if len(l.Words) < 2 {
				t.Error(l)
			}
		}
	})
}
