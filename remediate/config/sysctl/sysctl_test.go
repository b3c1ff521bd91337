package sysctl

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

var globs = Dialect{Globs: true}

func TestNormalize(t *testing.T) {
	tests := []struct{ key, want string }{
		{"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
		{"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
		{"net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding"},
		{"net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding"},
		{"/net/ipv4/ip_forward", "net/ipv4/ip_forward"},
		{"net//ipv4/./ip_forward", "net/ipv4/ip_forward"},
		{"plain", "plain"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := Normalize(tt.key); got != tt.want {
			t.Errorf("Normalize(%q) = %q, want %q", tt.key, got, tt.want)
		}
	}
}

func TestDottedComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a-z]{1,4}(/[a-z0-9.]{1,3}[a-z]){1,4}`).Draw(t, "key")
		if got := Normalize(Dotted(key)); got != key {
			t.Errorf("%q becomes %q", key, got)
		}
	})
}

func TestEffective(t *testing.T) {
	const rp, all = "net/ipv4/conf/eth0/rp_filter", "net/ipv4/conf/all/rp_filter"
	tests := []struct {
		name  string
		files map[string]string // content by path
		key   string
		value string // "" when none sets it
		at    string
	}{
		{"nobody sets it", nil, rp, "", ""},
		{"the later name wins over the more important directory", map[string]string{
			"/etc/sysctl.d/60-a.conf":     "kernel.sysrq = 0\n",
			"/usr/lib/sysctl.d/99-b.conf": "kernel.sysrq = 1\n",
		}, "kernel/sysrq", "1", "/usr/lib/sysctl.d/99-b.conf:1"},
		{"of one name the more important directory counts", map[string]string{
			"/etc/sysctl.d/99-b.conf":     "kernel.sysrq = 0\n",
			"/usr/lib/sysctl.d/99-b.conf": "kernel.sysrq = 1\n",
		}, "kernel/sysrq", "0", "/etc/sysctl.d/99-b.conf:1"},
		{"the last line of a file wins", map[string]string{
			"/etc/sysctl.d/a.conf": "kernel.sysrq = 0\nkernel/sysrq=1\n",
		}, "kernel/sysrq", "1", "/etc/sysctl.d/a.conf:2"},
		{"an explicit line beats a later pattern", map[string]string{
			"/etc/sysctl.d/a.conf": "net.ipv4.conf.eth0.rp_filter = 1\n",
			"/etc/sysctl.d/b.conf": "net.ipv4.conf.*.rp_filter = 2\n",
		}, rp, "1", "/etc/sysctl.d/a.conf:1"},
		{"of two patterns the later one wins", map[string]string{
			"/etc/sysctl.d/a.conf": "net.ipv4.conf.*.rp_filter = 1\n",
			"/etc/sysctl.d/b.conf": "net.ipv4.conf.eth*.rp_filter = 2\n",
		}, rp, "2", "/etc/sysctl.d/b.conf:1"},
		{"a pattern that is assigned the same again stays where it was", map[string]string{
			"/etc/sysctl.d/a.conf": "net.ipv4.conf.*.rp_filter = 1\n",
			"/etc/sysctl.d/b.conf": "net.ipv4.conf.eth*.rp_filter = 2\n",
			"/etc/sysctl.d/c.conf": "net.ipv4.conf.*.rp_filter = 1\n",
		}, rp, "2", "/etc/sysctl.d/b.conf:1"},
		{"an exclusion keeps patterns off", map[string]string{
			"/etc/sysctl.d/a.conf": "net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n",
		}, all, "", ""},
		{"an exclusion takes back an earlier line", map[string]string{
			"/etc/sysctl.d/a.conf": "net.ipv4.conf.all.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n",
		}, all, "", ""},
		{"a line takes back an earlier exclusion", map[string]string{
			"/etc/sysctl.d/a.conf": "-net.ipv4.conf.all.rp_filter\nnet.ipv4.conf.all.rp_filter = 2\n",
		}, all, "2", "/etc/sysctl.d/a.conf:2"},
		{"a dash before an assignment only forgives errors", map[string]string{
			"/etc/sysctl.d/a.conf": "-kernel.sysrq = 4\n",
		}, "kernel/sysrq", "4", "/etc/sysctl.d/a.conf:1"},
		{"comments, blanks and junk", map[string]string{
			"/etc/sysctl.d/a.conf": "# kernel.sysrq = 1\n ; kernel.sysrq = 2\n\nkernel.sysrq\n  kernel.sysrq\t=\t3  \n",
		}, "kernel/sysrq", "3", "/etc/sysctl.d/a.conf:5"},
		{"sysctl.conf alone counts for nothing", map[string]string{
			"/etc/sysctl.conf": "kernel.sysrq = 3\n",
		}, "kernel/sysrq", "", ""},
		{"the link that Ubuntu and Azure Linux have makes it count", map[string]string{
			"/etc/sysctl.conf":             "kernel.sysrq = 3\n",
			"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf",
		}, "kernel/sysrq", "3", "/etc/sysctl.d/99-sysctl.conf:1"},
		{"a link to /dev/null masks", map[string]string{
			"/usr/lib/sysctl.d/50-a.conf": "kernel.sysrq = 3\n",
			"/etc/sysctl.d/50-a.conf":     "-> /dev/null",
		}, "kernel/sysrq", "", ""},
		{"/run is gone at the next boot", map[string]string{
			"/run/sysctl.d/50-a.conf":     "kernel.sysrq = 3\n",
			"/usr/lib/sysctl.d/50-a.conf": "kernel.sysrq = 4\n",
		}, "kernel/sysrq", "4", "/usr/lib/sysctl.d/50-a.conf:1"},
		{"ufw comes after all", map[string]string{
			"/usr/sbin/ufw":           "",
			"/etc/ufw/ufw.conf":       "# on\nENABLED=yes\n",
			"/etc/default/ufw":        "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
			"/etc/ufw/sysctl.conf":    "net/ipv4/conf/all/rp_filter=0\n",
			"/etc/sysctl.d/99-z.conf": "net.ipv4.conf.all.rp_filter=1\n",
		}, all, "0", "/etc/ufw/sysctl.conf:1"},
		{"unless it is off", map[string]string{
			"/usr/sbin/ufw":           "",
			"/etc/ufw/ufw.conf":       "ENABLED=no\n",
			"/etc/default/ufw":        "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
			"/etc/ufw/sysctl.conf":    "net/ipv4/conf/all/rp_filter=0\n",
			"/etc/sysctl.d/99-z.conf": "net.ipv4.conf.all.rp_filter=1\n",
		}, all, "1", "/etc/sysctl.d/99-z.conf:1"},
		{"the kernel's other name for it counts too", map[string]string{
			"/etc/sysctl.d/a.conf": "net.ipv4.ip_forward = 0\n",
			"/etc/sysctl.d/b.conf": "net.ipv4.conf.all.forwarding = 1\n",
		}, "net/ipv4/ip_forward", "1", "/etc/sysctl.d/b.conf:1"},
		{"carriage returns end lines", map[string]string{
			"/etc/sysctl.d/a.conf": "kernel.sysrq = 1\r\nkernel.panic = 1\rkernel.sysrq = 2\n",
		}, "kernel/sysrq", "2", "/etc/sysctl.d/a.conf:2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			for path, content := range tt.files {
				if target, ok := strings.CutPrefix(content, "-> "); ok {
					f.Link(path, target)
				} else {
					f.Write(path, content)
				}
			}
			c, err := Load(f, globs)
			if err != nil {
				t.Fatal(err)
			}
			w, ok := c.Effective(tt.key)
			if ok != (tt.value != "") || w.Entry.Value != tt.value {
				t.Errorf("the value is %q (%v), want %q", w.Entry.Value, ok, tt.value)
			}
			if at := w.Entry.File.Path + ":" + string(rune('0'+w.Entry.Line)); ok && at != tt.at {
				t.Errorf("it is set at %s, want %s", at, tt.at)
			}
		})
	}
}

func TestOldSystemdKnowsNoPatternsAndNoDash(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/sysctl.d/a.conf", "net.ipv4.conf.*.rp_filter = 1\n-kernel.sysrq = 1\n-net.ipv4.conf.all.rp_filter\n")
	c, err := Load(f, Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"net/ipv4/conf/eth0/rp_filter", "kernel/sysrq"} {
		if w, ok := c.Effective(key); ok {
			t.Errorf("%s is set: %+v", key, w)
		}
	}
}

func TestSetValueKeepsTheStyle(t *testing.T) {
	tests := []struct{ line, want string }{
		{"kernel.sysrq=176", "kernel.sysrq=0"},
		{"kernel.sysrq = 176", "kernel.sysrq = 0"},
		{"  -kernel/sysrq\t=\t176  ", "  -kernel/sysrq\t=\t0"},
		{"kernel.sysrq = 176 # why", "kernel.sysrq = 0"},
		{"kernel.sysrq = 176\r", "kernel.sysrq = 0\r"},
		{"kernel.sysrq =", "kernel.sysrq =0"},
		{"-kernel.sysrq", "kernel.sysrq = 0"},
	}
	for _, tt := range tests {
		entries := parse([]byte(tt.line), true)
		if len(entries) != 1 {
			t.Fatalf("%q has %d entries", tt.line, len(entries))
		}
		if got := entries[0].SetValue("0"); got != tt.want {
			t.Errorf("%q becomes %q", tt.line, got)
		}
	}
}

func TestAnAppendedLineWinsWhenNothingComesAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"kernel/sysrq", "kernel/panic"})
		var c Config
		for i := range rapid.IntRange(0, 6).Draw(t, "n") {
			name := string(rune('a'+i)) + ".conf"
			c.Entries = append(c.Entries, Entry{File: File{Path: "/etc/sysctl.d/" + name, Name: name}, Line: 1, Key: key.Draw(t, "key"), Value: rapid.SampledFrom([]string{"0", "1"}).Draw(t, "value")})
		}
		k := key.Draw(t, "k")
		if w, ok := c.Append("z.conf", k, "7").Effective(k); !ok || w.Entry.Value != "7" {
			t.Errorf("the value is %+v", w)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("net.ipv4.ip_forward = 0\n-net.ipv4.conf.*.x\n"))
	f.Add([]byte("a=\x00b=c\r\rd/e=f\xff"))
	f.Add([]byte("=\n-=\n.=1\n/=1"))
	f.Fuzz(func(t *testing.T, content []byte) {
		lines := strings.Split(string(content), "\n")
		c := &Config{Dialect: globs}
		for _, e := range parse(content, true) {
			if lines[e.Line-1] != e.Text {
				t.Fatalf("line %d is not %q", e.Line, e.Text)
			}
			if !e.Shared && (!e.Excludes || !strings.ContainsAny(e.Key[:1], "#;-")) { // no parameter is called so
				again := parse([]byte(e.SetValue("7")), true)
				if len(again) != 1 || again[0].Value != "7" || again[0].Key != e.Key && !e.Excludes {
					t.Fatalf("%q becomes %q", e.Text, e.SetValue("7"))
				}
			}
			c.Entries = append(c.Entries, e)
		}
		for _, e := range c.Entries[:min(8, len(c.Entries))] {
			c.Effective(e.Key)
		}
	})
}

func TestListSortsOverDirectories(t *testing.T) {
	f := hosttest.Tree(t, "")
	for _, path := range []string{"/usr/lib/sysctl.d/10-b.conf", "/etc/sysctl.d/20-a.conf", "/etc/sysctl.d/10-b.conf", "/lib/sysctl.d/05-x.conf", "/etc/sysctl.d/.hidden.conf", "/etc/sysctl.d/README"} {
		f.Write(path, "")
	}
	list, err := List(f, Dirs()...)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, l := range list {
		paths = append(paths, l.Path)
	}
	if want := []string{"/lib/sysctl.d/05-x.conf", "/etc/sysctl.d/10-b.conf", "/etc/sysctl.d/20-a.conf"}; !slices.Equal(paths, want) {
		t.Errorf("got %q", paths)
	}
}
