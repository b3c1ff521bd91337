//go:build build

package embedded

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// flags are those of make build.
func flags() []string { return []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w"} }

func goTool(t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestTheEmbeddedBinariesAreOfThisTree(t *testing.T) {
	root := filepath.Join("..", "..")
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		got, err := Harden(arch)
		if err != nil {
			t.Fatal(err)
		}
		file, err := elf.NewFile(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		if file.Machine != machine {
			t.Errorf("linux/%s: the binary is for %s", arch, file.Machine)
		}
		out := filepath.Join(t.TempDir(), "harden")
		goTool(t, root, []string{"GOOS=linux", "GOARCH=" + arch}, append(append([]string{"build", "-o", out}, flags()...), "./remediate/cmd/harden")...)
		want, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("linux/%s: the embedded binary is not what this tree builds: run make build", arch)
		}
	}
}

func TestABuildAtAnotherPathGivesTheSameBytes(t *testing.T) {
	here, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "cp", "-R", "go.mod", "go.sum", "main.go", "profiles", "provisioner", "remediate", elsewhere)
	cmd.Dir = here
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot copy the tree: %v\n%s", err, out)
	}
	for _, target := range []string{"./remediate/cmd/harden", "."} {
		var built [2][]byte
		for i, dir := range []string{here, elsewhere} {
			out := filepath.Join(t.TempDir(), "out")
			goTool(t, dir, []string{"GOOS=linux"}, append(append([]string{"build", "-o", out}, flags()...), target)...)
			if built[i], err = os.ReadFile(out); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(built[0], built[1]) {
			t.Errorf("two builds of %s differ", target)
		}
	}
}

func TestThePluginBuildsWhereverPackerRuns(t *testing.T) {
	for _, goos := range []string{"darwin", "windows", "freebsd"} {
		goTool(t, filepath.Join("..", ".."), []string{"GOOS=" + goos}, append(append([]string{"build", "-o", os.DevNull}, flags()...), ".")...)
	}
}
