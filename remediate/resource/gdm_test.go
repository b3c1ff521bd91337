package resource

import (
	"os"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestSettingsOfADesktop(t *testing.T) {
	compiled, err := os.ReadFile("../config/dconf/testdata/compiled") // idle-delay uint32 300, locked; a banner
	if err != nil {
		t.Fatal(err)
	}
	const (
		user   = "/usr/share/dconf/profile/user"
		gdm    = "/usr/share/dconf/profile/gdm"
		local  = "/etc/dconf/db/local"
		keys   = "/etc/dconf/db/local.d/00-a"
		lock   = "/etc/dconf/db/local.d/locks/a"
		names  = "user-db:user\nsystem-db:local\n"
		idle   = "gdm \"org/gnome/desktop/session/idle-delay\" {\n source = \"dconf\"\n max = 900\n locked = true\n}"
		short  = "gdm \"org/gnome/desktop/session/idle-delay\" {\n source = \"dconf\"\n max = 200\n}"
		banner = "gdm \"org/gnome/login-screen/banner-message-text\" {\n source = \"dconf\"\n filled = true\n}"
		xdmcp  = "gdm \"xdmcp/Enable\" {\n source = \"daemon\"\n one_of = [\"false\"]\n or_absent = true\n}"
		line   = "[org/gnome/desktop/session]\nidle-delay=uint32 600\n"
		locked = "/org/gnome/desktop/session/idle-delay\n"
	)
	all := func(change map[string]string) map[string]string {
		files := map[string]string{user: names, local: string(compiled), keys: line, lock: locked}
		for file, content := range change {
			files[file] = content
			if content == "" {
				delete(files, file)
			}
		}
		return files
	}
	for _, c := range []struct {
		name, block string
		files       map[string]string
		says        string // of a deviation
	}{
		{"nothing is set", idle, nil, "no dconf profile user"},
		{"set, locked and compiled", idle, all(nil), ""},
		{"without a profile nobody reads it", idle, all(map[string]string{user: ""}), "no dconf profile user"},
		{"a profile that names another database", idle, all(map[string]string{user: "user-db:user\nsystem-db:site\n"}), "is not set"},
		{"not compiled", idle, all(map[string]string{local: ""}), "is not set"},
		{"the compiled value is too large", short, all(nil), "is uint32 300"},
		{"the next update makes it too large", idle, all(map[string]string{keys: strings.Replace(line, "600", "0", 1)}), "after the next dconf update"},
		{"a later file does", idle, all(map[string]string{"/etc/dconf/db/local.d/10-b": strings.Replace(line, "600", "901", 1)}), "uint32 901"},
		{"a number of another type is none", idle, all(map[string]string{keys: strings.Replace(line, "uint32 ", "", 1)}), "is 600"},
		{"the next update takes the lock away", idle, all(map[string]string{lock: "/org/gnome/desktop/\n"}), "can be overridden by users"},
		{"the greeter has a profile of its own", banner, all(nil), "no dconf profile gdm"},
		{"the greeter's text", banner, map[string]string{gdm: names, local: string(compiled), keys: "[org/gnome/login-screen]\nbanner-message-text='hi'\n"}, ""},
		{"an empty text", banner, map[string]string{gdm: names, local: string(compiled), keys: "[org/gnome/login-screen]\nbanner-message-text=''\n"}, "is ''"},
		{"no remote displays by default", xdmcp, nil, ""},
		{"remote displays", xdmcp, map[string]string{"/etc/gdm3/custom.conf": "[xdmcp]\nEnable=true\n"}, "is true"},
		{"the last file of the daemon wins", xdmcp, map[string]string{"/etc/gdm3/custom.conf": "[xdmcp]\nEnable=true\n", "/etc/gdm3/daemon.conf": "[xdmcp]\nEnable=false\n"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/usr/sbin/gdm3", "")
			for p, content := range c.files {
				f.Write(p, content)
			}
			r := mustBlock(t, gdmKind(), c.block)
			o := observe(t, f, r)
			if (len(r.Diff(o)) == 0) != (c.says == "") || !strings.Contains(o.Message, c.says) {
				t.Errorf("%+v", o)
			}
			if o := observe(t, hosttest.Tree(t, ""), r); o.NotApplicable == "" {
				t.Errorf("%+v", o)
			}
		})
	}
	f := hosttest.Tree(t, "")
	f.Write("/usr/sbin/gdm3", "")
	f.Write(user, names)
	f.Write(local, "no database")
	if _, err := mustBlock(t, gdmKind(), idle).Observe(t.Context(), f); err == nil || !strings.Contains(err.Error(), local) {
		t.Errorf("a damaged database is no error: %v", err)
	}
}
