//go:build authority

package fnmatch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const program = `#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
int main(void) {
	char line[256];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		char *name = strchr(line, ' ');
		*name++ = 0;
		puts(fnmatch(line, name, 0) ? "0" : "1");
	}
	return 0;
}
`

// TestMatchAgreesWithTheCLibrary needs a C compiler (Debian package gcc).
func TestMatchAgreesWithTheCLibrary(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "m.c"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-o", filepath.Join(dir, "m"), filepath.Join(dir, "m.c")).CombinedOutput(); err != nil {
		t.Fatalf("cannot compile: %v\n%s", err, out)
	}
	pattern := rapid.StringMatching(`([ab_*?]|\[[!^]?[ab\]]?[ab_-]{0,3}\]|\[|\]|\\[ab*])(([ab_*?]|\[[!^]?[ab-]{1,3}\]){0,4})`)
	name := rapid.StringMatching(`[ab_\]\[-]{0,5}`)
	var input, want strings.Builder
	type pair struct{ pattern, name string }
	var pairs []pair
	rapid.Check(t, func(t *rapid.T) {
		pairs = append(pairs, pair{pattern.Draw(t, "pattern"), name.Draw(t, "name")})
	})
	for _, p := range pairs {
		for _, n := range []string{p.name, "a", "ab", "b_a", "]", "["} {
			input.WriteString(p.pattern + " " + n + "\n")
			if Match(p.pattern, n) {
				want.WriteString("1\n")
			} else {
				want.WriteString("0\n")
			}
		}
	}
	cmd := exec.Command(filepath.Join(dir, "m"))
	cmd.Stdin = strings.NewReader(input.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got, ours, lines := strings.Split(string(out), "\n"), strings.Split(want.String(), "\n"), strings.Split(input.String(), "\n")
	if len(got) != len(ours) {
		t.Fatalf("%d answers for %d questions", len(got), len(ours))
	}
	for i := range got {
		if got[i] != ours[i] {
			t.Errorf("%q: fnmatch(3) says %s, we say %s", lines[i], got[i], ours[i])
		}
	}
}
