//go:build authority

package apparmor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/apparmor"
)

// apparmor_parser finds the same profiles in the files that its package ships and in the sample.
func TestTheParserFindsTheSameNames(t *testing.T) {
	files, err := filepath.Glob("/etc/apparmor.d/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal("no profiles to compare", err)
	}
	own := filepath.Join(t.TempDir(), "sample")
	text := strings.NewReplacer("flags=(kill) { }", "flags=(complain) {\n}", "flags=(unconfined)", "flags=(complain)", "  userns,\n", "", "flags=(attach_disconnected, complain)", "flags=(attach_disconnected,complain)", "^hat flags=(complain)", "^hat").Replace(sample)
	if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, own) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("apparmor_parser", "-N", file).Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		want := strings.Split(strings.TrimSpace(string(out)), "\n")
		var got []string
		for _, p := range apparmor.Parse(file, string(content)) {
			got = append(got, p.Name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			t.Errorf("%s: apparmor_parser %q, ours %q", file, want, got)
		}
	}
}
