package grub_test

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/grub"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func load(t testing.TB, files map[string]string) *grub.Config {
	t.Helper()
	f := hosttest.Tree(t, "")
	for p, c := range files {
		f.Write(p, c)
	}
	path, err := grub.Find(f)
	if err != nil || path == "" {
		t.Fatal(path, err)
	}
	c, err := grub.Load(f, path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const digest = "grub.pbkdf2.sha512.10000.0123456789ABCDEF0123456789ABCDEF.0123456789ABCDEF0123456789ABCDEF"

func TestEntriesAndKernels(t *testing.T) {
	c := load(t, map[string]string{"/boot/grub/grub.cfg": `set superusers="a, b"
password_pbkdf2 a ` + digest + `
password b clear
function f {
  set superusers="inner"
}
menuentry 'One {' --unrestricted $id 'x' {
	if [ x = x ]; then linux /vmlinuz quiet "a b" audit=1 audit=0; fi
}
submenu "Two" {
	menuentry Three {
		linux16 /boot/memtest86+.bin
	}
	menuentry Four { linuxefi /vmlinuz ro # a comment
	}
}
menuentry 'Five' {
	fwsetup
}
`})
	if strings.Join(c.Superusers, ",") != "a,b" || c.SuperusersLine != 1 {
		t.Errorf("superusers %q at %d", c.Superusers, c.SuperusersLine)
	}
	if len(c.Passwords) != 2 || !c.Passwords[0].Hashed || c.Passwords[1].Hashed {
		t.Errorf("%+v", c.Passwords)
	}
	var got []string
	for _, e := range c.Entries {
		text := e.Title
		if e.Boots {
			text += " boots"
		}
		if e.Unrestricted {
			text += " unrestricted"
		}
		got = append(got, text)
	}
	if want := "One { boots unrestricted; Two boots; Three; Four boots; Five"; strings.Join(got, "; ") != want {
		t.Errorf("%s", strings.Join(got, "; "))
	}
	if len(c.Kernels) != 2 || strings.Join(c.Kernels[1].Args, " ") != "ro" {
		t.Fatalf("%+v", c.Kernels)
	}
	if v, ok := grub.Argument(c.Kernels[0].Args, "audit"); !ok || v != "0" {
		t.Errorf("audit is %q", v)
	}
}

func TestVariablesAreFilledIn(t *testing.T) {
	c := load(t, map[string]string{
		"/boot/grub2/grub.cfg":     "set p=/boot\nload_env -f $p/mariner.cfg\nload_env\nmenuentry x {\n linux $p/$kernel root=${dev} $more $unknown\n}\n",
		"/boot/mariner.cfg":        "# GRUB Environment Block\nkernel=vmlinuz\nmore=audit=1 apparmor=1\n",
		"/boot/grub2/grubenv":      "# GRUB Environment Block\ndev=sda\n#####\n",
		"/boot/grub2/unused/other": "",
	})
	if got := strings.Join(c.Kernels[0].Args, " "); got != "root=sda audit=1 apparmor=1 $unknown" {
		t.Errorf("%q", got)
	}
}

func TestSettingsOfBothLayouts(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a drop-in has the last word on Ubuntu":           {map[string]string{"/boot/grub/grub.cfg": "", "/etc/default/grub": "GRUB_CMDLINE_LINUX=\"a\"\n", "/etc/default/grub.d/b.cfg": "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX b\"\n", "/etc/default/grub.d/c.conf": "GRUB_CMDLINE_LINUX=\n"}, "a b"},
		"drop-ins of a generator that does not read them": {map[string]string{"/boot/grub2/grub.cfg": "", "/etc/default/grub": "GRUB_CMDLINE_LINUX=\"a\"\n", "/etc/default/grub.d/b.cfg": "GRUB_CMDLINE_LINUX=b\n"}, "a"},
		"Azure Linux's loop":                              {map[string]string{"/boot/grub2/grub.cfg": "", "/etc/default/grub": "GRUB_CMDLINE_LINUX=\"a\"\nfor x in /etc/default/grub.d/*.cfg ; do\n if [ -e \"${x}\" ]; then\n . \"${x}\" || w\n fi\ndone\n", "/etc/default/grub.d/b.cfg": "GRUB_CMDLINE_LINUX=\"${GRUB_CMDLINE_LINUX} b\"\n"}, "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			for p, content := range c.files {
				f.Write(p, content)
			}
			s, err := grub.LoadSettings(f)
			if err != nil || !s.Exists {
				t.Fatal(err)
			}
			v := s.Value("GRUB_CMDLINE_LINUX")
			if len(v) != 1 || !v[0].Known || v[0].Text != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestHashes(t *testing.T) {
	for s, want := range map[string]bool{digest: true, rule.GrubPassword: true, "grub.pbkdf2.sha512.10000..": false, "clear": false, digest + " x": false} {
		if grub.IsHash(s) != want {
			t.Errorf("%q", s)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("set a=$a$a\nset a=\"${a}\"\nmenuentry 'x' {\n linux /a $a\n}\n}\nload_env -f $a\nsuperusers")
	f.Add("submenu { { {\nlinux\nlinux x")
	f.Fuzz(func(t *testing.T, content string) {
		h := hosttest.Tree(t, "")
		h.Write("/boot/grub/grub.cfg", content)
		if _, err := grub.Load(h, "/boot/grub/grub.cfg"); err != nil {
			t.Error(err)
		}
	})
}
