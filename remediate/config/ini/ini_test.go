package ini

import (
	"slices"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"pgregory.net/rapid"
)

const name = "systemd/journald.conf"

type layout struct {
	name  string
	files map[string]string
	links map[string]string
	read  []string
	value string // of Storage
}

func layouts() []layout {
	return []layout{
		{name: "the main file alone", files: map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=volatile\n"},
			read: []string{"/etc/systemd/journald.conf"}, value: "volatile"},
		{name: "a drop-in wins over the main file", files: map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=volatile\n",
			"/usr/lib/systemd/journald.conf.d/10-vendor.conf": "[Journal]\nStorage = persistent\n"},
			read: []string{"/etc/systemd/journald.conf", "/usr/lib/systemd/journald.conf.d/10-vendor.conf"}, value: "persistent"},
		{name: "names sort whatever their directory", files: map[string]string{"/etc/systemd/journald.conf": "",
			"/etc/systemd/journald.conf.d/20-a.conf": "[Journal]\nStorage=none\n", "/usr/lib/systemd/journald.conf.d/30-b.conf": "[Journal]\nStorage=auto\n",
			"/usr/local/lib/systemd/journald.conf.d/25-c.conf": "[Journal]\nStorage=volatile\n"},
			read:  []string{"/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d/20-a.conf", "/usr/local/lib/systemd/journald.conf.d/25-c.conf", "/usr/lib/systemd/journald.conf.d/30-b.conf"},
			value: "auto"},
		{name: "a file of the same name masks the vendor's", files: map[string]string{"/etc/systemd/journald.conf": "",
			"/etc/systemd/journald.conf.d/30-b.conf": "# nothing\n", "/usr/lib/systemd/journald.conf.d/30-b.conf": "[Journal]\nStorage=none\n"},
			read: []string{"/etc/systemd/journald.conf", "/etc/systemd/journald.conf.d/30-b.conf"}, value: ""},
		{name: "a link to the null device masks the vendor's", files: map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=auto\n",
			"/usr/lib/systemd/journald.conf.d/30-b.conf": "[Journal]\nStorage=none\n"}, links: map[string]string{"/etc/systemd/journald.conf.d/30-b.conf": "/dev/null"},
			read: []string{"/etc/systemd/journald.conf"}, value: "auto"},
		{name: "the main file of the vendor", files: map[string]string{"/usr/lib/systemd/journald.conf": "[Journal]\nStorage=auto\n"},
			read: []string{"/usr/lib/systemd/journald.conf"}, value: "auto"},
		{name: "a file that lasts until the next boot", files: map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=auto\n",
			"/run/systemd/journald.conf.d/50-run.conf": "[Journal]\nStorage=none\n"},
			read: []string{"/etc/systemd/journald.conf", "/run/systemd/journald.conf.d/50-run.conf"}, value: "none"},
		{name: "other suffixes are passed over", files: map[string]string{"/etc/systemd/journald.conf": "[Journal]\nStorage=auto\n",
			"/etc/systemd/journald.conf.d/a.conf.bak": "[Journal]\nStorage=none\n"},
			read: []string{"/etc/systemd/journald.conf"}, value: "auto"},
	}
}

func tree(t *testing.T, l layout) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	for path, content := range l.files {
		f.Write(path, content)
	}
	for path, target := range l.links {
		f.Link(path, target)
	}
	return f
}

func TestFilesInOrderAndTheirLastValue(t *testing.T) {
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			c, err := Read(tree(t, l), Dirs(), name)
			if err != nil {
				t.Fatal(err)
			}
			var real []string
			for _, f := range c.Files {
				if l.links[f] == "" {
					real = append(real, f)
				}
			}
			if !slices.Equal(real, l.read) {
				t.Errorf("read %q, want %q", real, l.read)
			}
			a, _ := c.Last("Journal", "Storage")
			if a.Value != l.value {
				t.Errorf("Storage %q, want %q", a.Value, l.value)
			}
		})
	}
}

func TestLinesAsSystemdReadsThem(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"blanks around the sign", "[Journal]\n Storage = auto \n", []string{"auto"}},
		{"comments", "[Journal]\n#Storage=a\n ;Storage=b\n", nil},
		{"no section", "Storage=auto\n", nil},
		{"another section", "[Other]\nStorage=auto\n", nil},
		{"keys are case sensitive", "[Journal]\nstorage=auto\n", nil},
		{"a continued line", "[Journal]\nStorage=a\\\n  b\n", []string{"a b"}},
		{"a comment within a continued line", "[Journal]\nStorage=a\\\n# Storage=x\n  b\n", []string{"a b"}},
		{"an escaped backslash continues nothing", "[Journal]\nStorage=a\\\\\nStorage=b\n", []string{`a\\`, "b"}},
		{"an empty value", "[Journal]\nStorage=auto\nStorage=\n", []string{"auto", ""}},
		{"a byte order mark", "\ufeff[Journal]\nStorage=auto\n", []string{"auto"}},
		{"a line that is no text", "[Journal]\nStorage=\xff\nStorage=auto\n", []string{"auto"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := Parse("f", c.text)
			var values []string
			for _, a := range got {
				if a.Section == "Journal" && a.Key == "Storage" {
					values = append(values, a.Value)
				}
			}
			if !slices.Equal(values, c.want) {
				t.Errorf("got %q, want %q", values, c.want)
			}
		})
	}
}

func TestAnOpenSectionHeaderBreaksTheFile(t *testing.T) {
	if _, broken := Parse("f", "[Journal\nStorage=auto\n"); broken == "" {
		t.Error("not broken")
	}
}

func TestValuesThatMeanTheSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{{"yes", "on", true}, {"yes", "1", true}, {"no", "1", false}, {"1G", "1024M", true}, {"0", "0K", true}, {"none", "no", false}, {"900", "901", false}, {"1", "1B", true}, {"", "", true}} {
		if Same(c.a, c.b) != c.same || Same(c.b, c.a) != c.same {
			t.Errorf("%q and %q: %v", c.a, c.b, !c.same)
		}
	}
}

// What is appended below a header is what is read.
func TestLastAssignmentDecides(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before := rapid.StringMatching(`((\[[A-Z]\]|#x|;y|[A-Z]=[a-z]*|  ) ?\n){0,8}`).Draw(rt, "before")
		got, broken := Parse("f", before+"[S]\nK=v\n")
		if broken != "" || len(got) == 0 || got[len(got)-1].Value != "v" || got[len(got)-1].Section != "S" {
			rt.Fatalf("%q gives %+v %s", before, got, broken)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("[Journal]\nStorage=a\\\n# x\n b\n")
	f.Add("\ufeff[x\n")
	f.Fuzz(func(t *testing.T, text string) {
		out, _ := Parse("f", text)
		for _, a := range out {
			if a.Line < 1 || a.Last < a.Line {
				t.Errorf("lines %d to %d", a.Line, a.Last)
			}
		}
	})
}
