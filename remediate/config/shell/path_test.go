package shell

import (
	"slices"
	"testing"
)

// pathLayout is startup files that work on root's search path, which starts as /start:/bin. The unit
// test and the comparison with real shells both use them.
type pathLayout struct {
	name  string
	files map[string]string
	want  []string // what root's bash -l -i may end with; "?" where it cannot be told
}

func pathLayouts() []pathLayout {
	profile := func(text string) map[string]string { return map[string]string{"/etc/profile": text} }
	return []pathLayout{
		{"nothing sets it", profile(""), []string{"/start:/bin"}},
		{"root's branch", profile("if [ \"$(id -u)\" -eq 0 ]; then PATH=/root-only\nelse PATH=/others\nfi\n"), []string{"/root-only"}},
		{"root's branch by name", profile("if [ \"$USER\" = root ]; then PATH=$PATH:/r; fi\n"), []string{"/start:/bin:/r"}},
		{"added twice", profile("PATH=$PATH:/a\nexport PATH=\"/b:${PATH}\"\n"), []string{"/b:/start:/bin:/a"}},
		{"each possibility grows", profile("if [ \"$SSH_TTY\" ]; then PATH=$PATH:/t; fi\nPATH=$PATH:/z\n"), []string{"/start:/bin:/t:/z", "/start:/bin:/z"}},
		{"a function appends", profile("pathappend () {\n local PATHVARIABLE=${2:-PATH}\n export $PATHVARIABLE=\"${!PATHVARIABLE:+${!PATHVARIABLE}:}$1\"\n}\npathappend /x\n"), []string{"/start:/bin:/x"}},
		{"a case on the path", profile("case \":${PATH}:\" in *:/opt/x:*) ;; *) PATH=\"/opt/x:$PATH\" ;; esac\n"), []string{"/opt/x:/start:/bin"}},
		{"a program prints it", profile("PATH=$(cat /etc/path)\n"), []string{"?"}},
		{"root's own file", map[string]string{"/etc/profile": "PATH=/a\n", "/root/.profile": ". ~/.bashrc\n", "/root/.bashrc": "PATH=$PATH:.\n"}, []string{"/a:."}},
		{"a file that does not parse", profile("PATH=/a\nif then fi PATH=/b\n"), []string{"/start:/bin", "?"}},
	}
}

func TestRootsSearchPath(t *testing.T) {
	for _, c := range pathLayouts() {
		t.Run(c.name, func(t *testing.T) {
			r := start(t, c.files, interactive, Options{Mask: 0o022, Home: "/root", Root: true, Inherited: map[string]string{"PATH": "/start:/bin"}})
			var got []string
			for _, v := range r.Variable("PATH") {
				if !v.Known {
					v.Text = "?"
				}
				if !slices.Contains(got, v.Text) {
					got = append(got, v.Text)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
