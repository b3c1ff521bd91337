package fstab_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fstab"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestParse(t *testing.T) {
	list := fstab.Parse([]byte("# c\n\nUUID=x /\text4 defaults 0 1\ntmpfs /a\\040b/ tmpfs nodev\n/swap none swap sw 0 0\nbad line\ntmpfs /c tmpfs\n"))
	if len(list) != 4 || list[0].Line != 3 || list[1].Path != "/a b" || list[2].Path != "" || list[3].Options != nil {
		t.Errorf("got %+v", list)
	}
}

func TestWithOptionsKeepsTheRestOfTheLine(t *testing.T) {
	for in, want := range map[string]string{
		"tmpfs\t/x  tmpfs\tdefaults\t0 0 # c": "tmpfs\t/x  tmpfs\tA,B\t0 0 # c",
		" tmpfs /x tmpfs":                     " tmpfs /x tmpfs A,B",
		"tmpfs /x tmpfs \r":                   "tmpfs /x tmpfs A,B",
	} {
		if got := fstab.Parse([]byte(in))[0].WithOptions([]string{"A", "B"}); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestHas(t *testing.T) {
	for name, c := range map[string]struct {
		options, want string
		has           bool
	}{
		"an option that is there":                    {"rw,nodev", "nodev", true},
		"one that a later option takes back":         {"nodev,dev", "nodev", false},
		"one that comes after what takes it back":    {"dev,nodev", "nodev", true},
		"user brings noexec":                         {"user", "noexec", true},
		"user with exec after it does not":           {"user,exec", "noexec", false},
		"owner brings nosuid and not noexec":         {"owner", "noexec", false},
		"defaults takes nothing back":                {"nodev,defaults", "nodev", true},
		"an option with a value is compared exactly": {"size=1G", "size=2G", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fstab.Has(strings.Split(c.options, ","), c.want); got != c.has {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestRead(t *testing.T) {
	const unit = "/usr/lib/systemd/system/tmp.mount"
	const wants = "/usr/lib/systemd/system/local-fs.target.wants/tmp.mount"
	for name, c := range map[string]struct {
		make    func(f *hosttest.Fake)
		path    string
		origin  fstab.Origin
		options string
	}{
		"shared memory without an entry is systemd's own":    {func(*hosttest.Fake) {}, "/dev/shm", fstab.BuiltIn, "nosuid,nodev"},
		"an entry for shared memory decides alone":           {func(f *hosttest.Fake) { f.Write("/etc/fstab", "t /dev/shm tmpfs noexec 0 0\n") }, "/dev/shm", fstab.Table, "noexec"},
		"the first of two entries counts":                    {func(f *hosttest.Fake) { f.Write("/etc/fstab", "t /x tmpfs a 0 0\nt /x tmpfs b 0 0\n") }, "/x", fstab.Table, "a"},
		"a path that nothing mounts is no mount":             {func(*hosttest.Fake) {}, "/home", fstab.None, ""},
		"a unit of a package that nothing wants is no mount": {func(f *hosttest.Fake) { f.Write(unit, "[Mount]\nOptions=a\n") }, "/tmp", fstab.None, ""},
		"a wanted unit of a package mounts":                  {func(f *hosttest.Fake) { f.Write(unit, "[Mount]\nOptions=a,b\n"); f.Link(wants, "../tmp.mount") }, "/tmp", fstab.Unit, "a,b"},
		"an entry is stronger than a unit of a package": {func(f *hosttest.Fake) {
			f.Write(unit, "[Mount]\nOptions=a\n")
			f.Link(wants, "../tmp.mount")
			f.Write("/etc/fstab", "t /tmp tmpfs c 0 0\n")
		}, "/tmp", fstab.Table, "c"},
		"a unit of etc is stronger than an entry": {func(f *hosttest.Fake) {
			f.Write("/etc/systemd/system/tmp.mount", "[Mount]\nOptions=e\n")
			f.Link("/etc/systemd/system/local-fs.target.wants/tmp.mount", "../tmp.mount")
			f.Write("/etc/fstab", "t /tmp tmpfs c 0 0\n")
		}, "/tmp", fstab.Unit, "e"},
		"a drop-in is stronger than an entry": {func(f *hosttest.Fake) {
			f.Write("/etc/systemd/system/tmp.mount.d/a.conf", "[Mount]\nOptions=d\n")
			f.Write("/etc/fstab", "t /tmp tmpfs c 0 0\n")
		}, "/tmp", fstab.Unit, "d"},
		"a masked unit does not mount, entry or not": {func(f *hosttest.Fake) {
			f.Link("/etc/systemd/system/tmp.mount", "/dev/null")
			f.Write("/etc/fstab", "t /tmp tmpfs c 0 0\n")
		}, "/tmp", fstab.None, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			c.make(f)
			m, err := fstab.Read(f, c.path)
			if got := strings.Join(m.Options, ","); err != nil || m.Origin != c.origin || got != c.options {
				t.Errorf("got %s from %q, %v", got, m.Origin, err)
			}
		})
	}
}

func TestAddGivesEveryWantedOptionAndAddsNothingTwice(t *testing.T) {
	option := rapid.SampledFrom([]string{"defaults", "nodev", "dev", "nosuid", "suid", "noexec", "exec", "user", "ro", "rw", "size=1G"})
	wanted := rapid.SampledFrom([]string{"nodev", "nosuid", "noexec"})
	rapid.Check(t, func(t *rapid.T) {
		options := rapid.SliceOfN(option, 0, 6).Draw(t, "options")
		want := rapid.SliceOfNDistinct(wanted, 1, 3, rapid.ID[string]).Draw(t, "want")
		out := fstab.Add(options, want)
		for _, w := range want {
			if !fstab.Has(out, w) {
				t.Fatalf("%v with %v gives %v", options, want, out)
			}
		}
		if again := fstab.Add(out, want); !slices.Equal(again, out) {
			t.Fatalf("once more: %v", again)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("tmpfs /x\\040y tmpfs a,b 0 0\n")
	f.Add("\\777 \\ \\0 x\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range fstab.Parse([]byte(text)) {
			if strings.Contains(e.Raw, "\n") {
				t.Fatal("an entry of two lines")
			}
			again := fstab.Parse([]byte(e.WithOptions([]string{"nodev"})))
			if len(again) != 1 || !fstab.Has(again[0].Options, "nodev") || again[0].Path != e.Path || again[0].Type != e.Type {
				t.Fatalf("%q becomes %q", e.Raw, e.WithOptions([]string{"nodev"}))
			}
		}
	})
}
