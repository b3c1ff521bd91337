//go:build build

package embedded

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

// TestTheBillOfMaterialsNamesWhatTheBinariesAreMadeOf compares make sbom's files with what the linker wrote into the
// binaries.
func TestTheBillOfMaterialsNamesWhatTheBinariesAreMadeOf(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(root, ".tools", "sbom"), dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for name, binary := range map[string]string{
		"packer-plugin-harden": "packer-plugin-harden", "harden_linux_amd64": "embedded/harden_linux_amd64", "harden_linux_arm64": "embedded/harden_linux_arm64",
	} {
		data, err := os.ReadFile(filepath.Join(first, name+".cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(filepath.Join(second, name+".cdx.json")); err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: a second run gives another file, error %v", name, err)
		}
		var bom struct {
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(data, &bom); err != nil {
			t.Fatal(err)
		}
		info, err := buildinfo.ReadFile(filepath.Join(root, "build", binary))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"std@" + info.GoVersion}
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			want = append(want, m.Path+"@"+m.Version)
		}
		var got []string
		for _, c := range bom.Components {
			got = append(got, c.Name+"@"+c.Version)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the bill names %q, and the binary %q", name, got, want)
		}
	}
}
