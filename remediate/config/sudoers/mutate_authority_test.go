//go:build authority

package sudoers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/internal/mutate"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// TestMutatedFilesAreReadAsVisudoReadsThem changes real files at random: what visudo refuses we refuse, and what
// both take reads the same. Nonsense that visudo happens to take we may refuse.
func TestMutatedFilesAreReadAsVisudoReadsThem(t *testing.T) {
	// Where sudo 1.9.13 takes a circumflex for a regular expression depends on words that it refuses later; the line
	// as it should be is compared elsewhere.
	texts := []string{strings.Replace(everything, "+ng ALL= ^/bin/.*$ , /bin/f ^a,b$\n", "", 1)}
	for _, pattern := range []string{"../../../examples/lab/shapes/*/etc/sudoers", "../../../examples/lab/shapes/*/etc/sudoers.d/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no files %s (%v)", pattern, err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(content))
		}
	}
	file := filepath.Join(t.TempDir(), "sudoers")
	f := hosttest.Tree(t, "")
	drawn := 0
	rapid.Check(t, func(r *rapid.T) {
		content := mutate.Text(r, texts)
		if nothing.MatchString(content) || strings.Contains(content, "^") || strings.Contains(content, "include") {
			return // regular expressions, an even number of exclamation marks, and files of the machine that runs the test
		}
		compare(rapidly{r}, f, file, content, true)
		drawn++
	})
	t.Logf("figure: files compared with visudo -c and cvtsudoers, changed at random: %d", drawn)
}

// rapidly lets rapid stop at the first difference.
type rapidly struct{ *rapid.T }

func (r rapidly) Errorf(format string, args ...any) { r.Fatalf(format, args...) }
