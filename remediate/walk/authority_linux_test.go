//go:build authority

package walk_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// On trees in which nothing is mounted and nothing is left out, the walk sees what find(1) sees.
func TestTheWalkAgreesWithFind(t *testing.T) {
	for _, dir := range []string{"/etc", "/usr/share", "/usr/lib"} {
		out, err := exec.CommandContext(t.Context(), "find", dir, "-xdev", "-printf", `/%P %m %U %G\0`).Output()
		if err != nil {
			t.Fatalf("cannot run find: %v", err)
		}
		want := map[string]bool{}
		for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
			want[line] = true
		}
		f, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		_, err = walk.Dir(context.Background(), f, func(e *walk.Entry) error {
			n++
			if line := fmt.Sprintf("%s %o %d %d", e.Path(), rule.Octal(e.Mode), e.UID, e.GID); !want[line] {
				t.Errorf("find does not see %q", line)
			}
			return nil
		})
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if n != len(want) {
			t.Errorf("%s: %d visited, find sees %d", dir, n, len(want))
		}
	}
}
