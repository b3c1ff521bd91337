package resource

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// pathTree is a machine whose root gets a safe search path from /etc/environment.
func pathTree(t testing.TB) *hosttest.Fake {
	f := accountsTree(t)
	for _, d := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		f.Mkdir(d)
	}
	f.Write("/etc/environment", "PATH=\"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n")
	f.Write("/etc/login.defs", "ENV_SUPATH\tPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n")
	return f
}

const lfsHelpers = `pathremove () {
  local IFS=':'
  local NEWPATH
  local DIR
  local PATHVARIABLE=${2:-PATH}
  for DIR in ${!PATHVARIABLE} ; do
    if [ "$DIR" != "$1" ] ; then NEWPATH=${NEWPATH:+$NEWPATH:}$DIR ; fi
  done
  export $PATHVARIABLE="$NEWPATH"
}
pathappend () {
  pathremove $1 $2
  local PATHVARIABLE=${2:-PATH}
  export $PATHVARIABLE="${!PATHVARIABLE:+${!PATHVARIABLE}:}$1"
}
export PATH=/bin:/usr/bin
if [ $EUID -eq 0 ] ; then
  pathappend /sbin:/usr/sbin
  pathappend %
fi
`

func TestRootPath(t *testing.T) {
	for _, c := range []struct {
		name    string
		spoil   func(*hosttest.Fake)
		message string // of a deviation
		state   string // "pass", "fixed", "stuck", "unknown"
	}{
		{"all is well", func(*hosttest.Fake) {}, "", "pass"},
		{"an empty entry", func(f *hosttest.Fake) { replaced(t, f, "/etc/environment", "/bin\"", "/bin:\"") }, "an empty entry", "fixed"},
		{"a dot", func(f *hosttest.Fake) { replaced(t, f, "/etc/login.defs", "PATH=/usr", "PATH=.:/usr") }, "depends on the current directory", "fixed"},
		{"a directory that is not there", func(f *hosttest.Fake) { replaced(t, f, "/etc/environment", "/bin\"", "/bin:/snap/bin\"") }, "/snap/bin does not exist", "fixed"},
		{"a file", func(f *hosttest.Fake) { f.Write("/etc/profile", "PATH=$PATH:/etc/passwd\n") }, "is no directory", "fixed"},
		{"a directory that others may write", func(f *hosttest.Fake) { f.Chattr("/usr/local/bin", 0o775, 0, 50) }, "/usr/local/bin has mode 0775", "fixed"},
		{"a directory of somebody else", func(f *hosttest.Fake) { f.Chattr("/usr/local/bin", 0o755, 1000, 0) }, "/usr/local/bin belongs to user 1000", "stuck"},
		{"root's own file adds a dot", func(f *hosttest.Fake) { f.Write("/root/.bashrc", "export PATH=\"$PATH:.\"\n") }, "depends on the current directory", "fixed"},
		{"a script adds a directory that is not there", func(f *hosttest.Fake) {
			f.Write("/etc/profile", "for i in /etc/profile.d/*.sh; do . $i; done\n")
			f.Write("/etc/profile.d/apps-bin-path.sh", "snap_bin_path=\"/snap/bin\"\nif [ -n \"${PATH##*${snap_bin_path}}\" ]; then\n  export PATH=\"$PATH:${snap_bin_path}\"\nfi\n")
		}, "/snap/bin does not exist", "stuck"},
		{"a branch that is not root's", func(f *hosttest.Fake) {
			f.Write("/etc/profile", "if [ \"$(id -u)\" -eq 0 ]; then PATH=/usr/sbin:/usr/bin\nelse PATH=/usr/games:.\nfi\nexport PATH\n")
		}, "", "pass"},
		{"the helpers of Azure Linux's profile", func(f *hosttest.Fake) { f.Write("/etc/profile", strings.Replace(lfsHelpers, "%", "/usr/local/bin", 1)) }, "", "pass"},
		{"the helpers add a dot", func(f *hosttest.Fake) { f.Write("/etc/profile", strings.Replace(lfsHelpers, "%", ".", 1)) }, "depends on the current directory", "stuck"},
		{"a path that a program prints", func(f *hosttest.Fake) { f.Write("/etc/profile", "PATH=$(/opt/makepath)\n") }, "", "unknown"},
		{"several paths that are possible", func(f *hosttest.Fake) {
			f.Write("/etc/profile", "if [ \"$SSH_TTY\" ]; then PATH=$PATH:/usr/sbin; fi\nPATH=$PATH:/usr/bin\nPATH=$PATH:.\n")
		}, "depends on the current directory", "fixed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := pathTree(t)
			r := mustBlock(t, rootPathKind(), "root_path \"root\" {\n exist = true\n}")
			c.spoil(f)
			o := observe(t, f, r)
			changes := r.Diff(o)
			switch c.state {
			case "pass":
				if len(changes) > 0 || o.NotObservable != "" {
					t.Errorf("%s %s", o.Message, o.NotObservable)
				}
			case "unknown":
				if o.NotObservable == "" {
					t.Errorf("passes or fails: %s, %s", o.Message, o.Persisted)
				}
			case "fixed":
				if !strings.Contains(o.Message, c.message) {
					t.Fatalf("message %q %s", o.Message, o.NotObservable)
				}
				settle(t, f, r)
			case "stuck":
				if !strings.Contains(o.Message, c.message) || !stuckOnly(changes) {
					t.Errorf("message %q, changes %+v", o.Message, changes)
				}
			}
		})
	}
}

func TestWithoutEntriesLeavesTheRestOfTheLine(t *testing.T) {
	for line, want := range map[string]string{
		`export PATH="$PATH:.:/x" # .:`:    `export PATH="$PATH:/x" # .:`,
		`PATH=/a::/b; MANPATH=.:/m`:        `PATH=/a:/b; MANPATH=.:/m`,
		`PATH='.:/a'`:                      `PATH='/a'`,
		`PATH=.`:                           `PATH=.`,
		`PATH="${PATH:+$PATH:}."`:          `PATH="${PATH:+$PATH:}."`,
		`# PATH=.:/a`:                      `# PATH=.:/a`,
		"ENV_SUPATH\tPATH=/sbin:.:/bin":    "ENV_SUPATH\tPATH=/sbin:/bin",
		`PATH=$(x):.`:                      `PATH=$(x):.`,
		`[ "$PATH" ] && PATH=${PATH}:.:/z`: `[ "$PATH" ] && PATH=${PATH}:/z`,
	} {
		got := withoutEntries(line, []string{"", "."})
		if got != want {
			t.Errorf("%s\nbecomes %s\nand not %s", line, got, want)
		}
	}
}
