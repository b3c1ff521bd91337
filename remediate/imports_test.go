package remediate_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/nodeimage/packer-plugin-harden"

// layers lists the packages from the bottom up: each may import those before it, and itself.
var layers = []string{
	"remediate",
	"remediate/rule",
	"remediate/version",
	"profiles",
	"remediate/root",
	"remediate/walk",
	"remediate/host",
	"remediate/host/hosttest",
	"remediate/journal",
	"remediate/config",
	"remediate/login",
	"remediate/resource",
	"remediate/profile",
	"profiles/internal/parameters",
	"remediate/plan",
	"remediate/engine",
	"remediate/report",
	"remediate/compare",
	"remediate/annotate",
	"remediate/gate",
	"remediate/page",
	"remediate/format",
	"remediate/explain",
	"remediate/attest",
	"remediate/cli",
	"remediate/cmd/harden",
	"remediate/cmd/rulesdoc",
	"provisioner",
	"",
}

// layerOf gives a package's place: a folder below config or provisioner counts as that folder.
func layerOf(path string) int {
	rel := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	for _, below := range []string{"remediate/config/", "provisioner/"} {
		if strings.HasPrefix(rel, below) {
			rel = strings.TrimSuffix(below, "/")
		}
	}
	return slices.Index(layers, rel)
}

func TestImportsPointOneWay(t *testing.T) {
	for pkg, imports := range list(t, "{{.ImportPath}} {{join .Imports \" \"}}", "./...") {
		if strings.HasPrefix(pkg, module+"/examples/") {
			continue // programs of their own, which nothing imports
		}
		from := layerOf(pkg)
		if from < 0 {
			t.Errorf("%s has no place in the layers", pkg)
			continue
		}
		for _, imported := range imports {
			if !strings.HasPrefix(imported, module) {
				continue
			}
			if to := layerOf(imported); to < 0 || to > from {
				t.Errorf("%s imports %s, which is above it", pkg, imported)
			}
		}
	}
}

func TestWhatRunsOnTheTargetDoesNotLinkPacker(t *testing.T) {
	for pkg, deps := range list(t, "{{.ImportPath}} {{join .Deps \" \"}}", "./remediate/...") {
		for _, dep := range deps {
			if strings.HasPrefix(dep, "github.com/hashicorp/packer-plugin-sdk") {
				t.Errorf("%s depends on %s", pkg, dep)
			}
		}
	}
}

func TestProvisionerNeverLooksAtAHostItself(t *testing.T) {
	for pkg, imports := range list(t, "{{.ImportPath}} {{join .Imports \" \"}}", "./provisioner/...") {
		for _, imported := range imports {
			if imported == module+"/remediate/host" || imported == module+"/remediate/resource" {
				t.Errorf("%s imports %s", pkg, imported)
			}
		}
	}
}

// list runs go list and gives, for each package, the words after its name.
func list(t *testing.T, format string, patterns ...string) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-f", format}, patterns...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cannot list packages: %v", err)
	}
	packages := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		packages[words[0]] = words[1:]
	}
	return packages
}
