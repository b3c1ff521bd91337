//go:build authority

package ini

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestRealCatConfig compares the files and their order with systemd-analyze.
func TestRealCatConfig(t *testing.T) {
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			f := tree(t, l)
			out, err := exec.Command("systemd-analyze", "--root="+f.Dir(), "--no-pager", "cat-config", name).Output()
			if err != nil {
				t.Fatalf("systemd-analyze: %v", err)
			}
			var theirs []string
			for _, line := range strings.Split(string(out), "\n") {
				if path, ok := strings.CutPrefix(line, "# "+f.Dir()); ok {
					theirs = append(theirs, path)
				}
			}
			c, err := Read(f, Dirs(), name)
			if err != nil {
				t.Fatal(err)
			}
			var ours []string
			for _, p := range c.Files {
				if l.links[p] == "" {
					ours = append(ours, p)
				}
			}
			theirs = slices.DeleteFunc(theirs, func(p string) bool { return l.links[p] != "" })
			if !slices.Equal(ours, theirs) {
				t.Errorf("read %q, systemd %q", ours, theirs)
			}
		})
	}
}
