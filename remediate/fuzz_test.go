package remediate_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var target = regexp.MustCompile(`(?m)^func Fuzz\w*\(`)

// TestEveryReaderOfConfigurationHasAFuzzTarget: a package of config reads files that may come from anybody.
func TestEveryReaderOfConfigurationHasAFuzzTarget(t *testing.T) {
	targets := map[string]int{}
	all := 0
	for _, tree := range []string{".", "../provisioner"} {
		err := filepath.WalkDir(tree, func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, "_test.go") {
				return err
			}
			text, err := os.ReadFile(file)
			n := len(target.FindAll(text, -1))
			targets[filepath.ToSlash(filepath.Dir(file))] += n
			all += n
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	packages, err := filepath.Glob("config/*")
	if err != nil || len(packages) < 20 {
		t.Fatalf("%d packages read configuration (%v)", len(packages), err)
	}
	for _, dir := range packages {
		if targets[dir] == 0 && dir != "config/internal" {
			t.Errorf("%s has no fuzz target", dir)
		}
	}
	for _, dir := range []string{"profile", "gate", "report", "attest", "journal", "compare"} {
		if targets[dir] == 0 {
			t.Errorf("%s has no fuzz target", dir)
		}
	}
	t.Logf("figure: fuzz targets: %d", all)
}
