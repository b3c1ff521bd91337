package resource

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func homeBlock(t testing.TB, body string) Resource {
	return mustBlock(t, homeDirectoryKind(), "home_directory \"test\" {\n"+body+"\n}")
}

func dotBlock(t testing.TB, name, body string) Resource {
	return mustBlock(t, dotFileKind(), "dot_file \""+name+"\" {\n"+body+"\n}")
}

func stuckOnly(changes []rule.Change) bool {
	for _, c := range changes {
		if _, stuck := c.(rule.Unfixable); !stuck {
			return false
		}
	}
	return len(changes) > 0
}

func TestHomeDirectory(t *testing.T) {
	const all = "exist = true\nowned = true\nmode = \"0750\""
	for _, c := range []struct {
		name    string
		spoil   func(*hosttest.Fake)
		message string
		stuck   bool
	}{
		{"all is well", func(*hosttest.Fake) {}, "", false},
		{"a home that is not there", func(f *hosttest.Fake) { replaced(t, f, "/etc/passwd", "/home/ann", "/home/anne") }, `"/home/anne" of "ann" is no directory`, true},
		{"a home that is a relative path", func(f *hosttest.Fake) { replaced(t, f, "/etc/passwd", "/home/ann", "home/ann") }, "is no directory", true},
		{"a home of another owner", func(f *hosttest.Fake) { f.Chattr("/home/ann", 0o750, 0, 0) }, "is owned by 0", false},
		{"an open home", func(f *hosttest.Fake) { f.Chattr("/home/ann", 0o755, 1000, 1000) }, "has mode 0755", false},
		{"a home of root that is open", func(f *hosttest.Fake) { f.Chattr("/root", 0o755, 0, 0) }, "has mode 0755", false},
		{"a home that sets its group on new files", func(f *hosttest.Fake) { f.Chattr("/home/ann", 0o750|fs.ModeSetgid, 1000, 1000) }, "", false},
		{"a directory of the system is left alone", func(f *hosttest.Fake) { replaced(t, f, "/etc/passwd", "/home/ann", "/etc") }, `"/etc"`, true},
		{"a link to a directory of the system", func(f *hosttest.Fake) {
			f.Link("/home/link", "/usr/sbin")
			replaced(t, f, "/etc/passwd", "/home/ann", "/home/link")
		}, "is owned by 0", true},
		{"a home that two accounts share", func(f *hosttest.Fake) {
			f.Write("/etc/passwd", f.Read("/etc/passwd")+"bob:x:1001:1001::/home/ann:/bin/bash\n")
		}, `of "bob" is owned by 1000`, true},
		{"homes of accounts that cannot log in do not count", func(f *hosttest.Fake) { f.Chattr("/usr/sbin", 0o777, 5, 5) }, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := accountsTree(t)
			c.spoil(f)
			r := homeBlock(t, all)
			o := observe(t, f, r)
			changes := r.Diff(o)
			if (c.message == "") != (len(changes) == 0) || !strings.Contains(o.Message, c.message) {
				t.Fatalf("%d changes, message %q", len(changes), o.Message)
			}
			if c.stuck != stuckOnly(changes) {
				t.Fatalf("changes %+v", changes)
			}
			if !c.stuck {
				settle(t, f, r)
			}
		})
	}
}

func TestDotFile(t *testing.T) {
	for _, c := range []struct {
		name       string
		file, body string
		spoil      func(*hosttest.Fake)
		message    string
		stuck      bool
	}{
		{"no dot files", ".*", "mode = \"0755\"", func(*hosttest.Fake) {}, "", false},
		{"one that others may write", ".*", "mode = \"0755\"", func(f *hosttest.Fake) {
			f.Write("/home/ann/.profile", "")
			f.Chattr("/home/ann/.profile", 0o666, 1000, 1000)
		}, "has mode 0666", false},
		{"one of another owner and group", ".*", "owned = true\ngrouped = true", func(f *hosttest.Fake) { f.Write("/home/ann/.profile", "") }, "belongs to 0 and has group 0", false},
		{"links are not followed", ".*", "owned = true\nmode = \"0600\"", func(f *hosttest.Fake) { f.Link("/home/ann/.profile", "/etc/shadow") }, "", false},
		{"directories are not meant", ".*", "mode = \"0600\"", func(f *hosttest.Fake) { f.Mkdir("/home/ann/.ssh") }, "", false},
		{"other files are not meant", ".*", "mode = \"0600\"", func(f *hosttest.Fake) { f.Write("/home/ann/profile", "") }, "", false},
		{"a file that has to go", ".rhosts", "state = \"absent\"", func(f *hosttest.Fake) { f.Write("/root/.rhosts", "+ +\n") }, `"/root/.rhosts" exists`, false},
		{"a link that has to go", ".forward", "state = \"absent\"", func(f *hosttest.Fake) { f.Link("/root/.forward", "/nowhere") }, `"/root/.forward" exists`, false},
		{"a directory of that name stays", ".rhosts", "state = \"absent\"", func(f *hosttest.Fake) { f.Mkdir("/root/.rhosts") }, "exists", true},
		{"a shared home is left alone", ".*", "owned = true", func(f *hosttest.Fake) {
			f.Write("/.profile", "")
			replaced(t, f, "/etc/passwd", "/home/ann", "/")
		}, "belongs to 0", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := accountsTree(t)
			c.spoil(f)
			r := dotBlock(t, c.file, c.body)
			o := observe(t, f, r)
			changes := r.Diff(o)
			if (c.message == "") != (len(changes) == 0) || !strings.Contains(o.Message, c.message) {
				t.Fatalf("%d changes, message %q", len(changes), o.Message)
			}
			if c.stuck != stuckOnly(changes) {
				t.Fatalf("changes %+v", changes)
			}
			if !c.stuck {
				settle(t, f, r)
			}
		})
	}
}

func TestHomeKindsRefuseBlocks(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		src  string
	}{
		{homeDirectoryKind(), `home_directory "x" {}`},
		{homeDirectoryKind(), `home_directory "x" { mode = "rwx" }`},
		{dotFileKind(), `dot_file "profile" { mode = "0600" }`},
		{dotFileKind(), `dot_file ".x" {}`},
		{dotFileKind(), `dot_file "../x" { mode = "0600" }`},
		{dotFileKind(), "dot_file \".x\" {\n state = \"absent\"\n owned = true\n}"},
		{passwordAgeKind(), `password_age "x" {}`},
		{passwordAgeKind(), "password_age \"x\" {\n max = 5\n min = 6\n}"},
		{passwordAgeKind(), `password_age "x" { max = 0 }`},
	} {
		if _, err := parseBlock(t, c.kind, c.src); err == nil {
			t.Errorf("takes %s", c.src)
		}
	}
}
