package modprobe

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestLogicalLines(t *testing.T) {
	tests := []struct {
		name, content string
		want          []logical
	}{
		{"plain lines", "a\nb\n", []logical{{"a", 1, 1}, {"b", 2, 2}}},
		{"no line feed at the end", "a\nb", []logical{{"a", 1, 1}, {"b", 2, 2}}},
		{"a backslash joins", "a\\\nb\nc\n", []logical{{"ab", 1, 2}, {"c", 3, 3}}},
		{"another backslash goes", `a\b` + "\n", []logical{{"ab", 1, 1}}},
		{"a backslash at the end", `a\`, []logical{{"a", 1, 1}}},
		{"an empty line", "\n\na\n", []logical{{"", 1, 1}, {"", 2, 2}, {"a", 3, 3}}},
		{"a NUL ends what is seen", "a\x00b\nc\n", []logical{{"a", 1, 1}, {"c", 2, 2}}},
	}
	for _, tt := range tests {
		if got := logicalLines([]byte(tt.content)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestParseLine(t *testing.T) {
	tests := []struct {
		line, command, name, value string
	}{
		{"install usb-storage /bin/false", "install", "usb_storage", "/bin/false"},
		{" \tinstall a  /bin/false ", "install", "a", " /bin/false "},
		{"blacklist a-b trailing words", "blacklist", "a_b", ""},
		{"alias net-pf-1-[0-9] a-b", "alias", "net_pf_1_[0-9]", "a_b"},
		{"install a", "", "", ""},
		{"blacklist [usb-storage", "", "", ""},
		{"install usb-storage] /bin/false", "", "", ""},
		{"alias a [b", "", "", ""},
		{"#install a /bin/false", "", "", ""},
		{" #install a /bin/false", "", "", ""},
		{"include /etc/other", "", "", ""},
		{"", "", "", ""},
	}
	for _, tt := range tests {
		e, _ := parseLine(tt.line)
		if e.Command != tt.command || e.Name != tt.name || e.Value != tt.value {
			t.Errorf("%q is read as %+v", tt.line, e)
		}
	}
}

func TestFilesAreReadByNameAndMaskEachOther(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/modprobe.d/20-b.conf", "install x fromlib\n")
	f.Write("/usr/lib/modprobe.d/10-a.conf", "install x masked\n")
	f.Write("/etc/modprobe.d/10-a.conf", "blacklist x\n")
	f.Write("/usr/local/lib/modprobe.d/20-b.conf", "install x fromlocal\n")
	f.Write("/etc/modprobe.d/30-c.conf", "install x frometc\n")
	f.Write("/etc/modprobe.d/.conf", "install x hidden\n")
	f.Mkdir("/etc/modprobe.d/05-dir.conf")
	f.Link("/etc/modprobe.d/06-gone.conf", "nowhere.conf")
	f.Link("/lib", "usr/lib")
	c, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range c.Entries {
		got = append(got, e.Path+" "+strings.TrimSpace(e.Value))
	}
	want := []string{"/etc/modprobe.d/10-a.conf ", "/usr/local/lib/modprobe.d/20-b.conf fromlocal", "/etc/modprobe.d/30-c.conf frometc"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if e, ok := c.Install("x"); !ok || e.Value != "fromlocal" {
		t.Errorf("the install line is %+v", e)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("install usb-storage /bin/false\nblacklist a\n"))
	f.Add([]byte("softdep a pre: b-c post: d\n"))
	f.Add([]byte("blacklist [usb-storage\ninstall x] /bin/false\n"))
	f.Add([]byte("a\\\nb\\"))
	f.Add([]byte("alias [ \x00\xff\n\\\n\\\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		lines := strings.Split(string(content), "\n")
		last := 0
		for _, e := range parse(content, "/x", "/x", "x") {
			if e.Line <= last || e.Line+len(e.Lines)-1 > len(lines) {
				t.Fatalf("entry at line %d after line %d of %d", e.Line, last, len(lines))
			}
			for i, text := range e.Lines {
				if lines[e.Line-1+i] != text {
					t.Fatalf("line %d is not %q", e.Line+i, text)
				}
			}
			last = e.Line + len(e.Lines) - 1
			e.Pre()
			e.Post()
		}
	})
}
