//go:build authority

package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// TestOscapAcceptsXCCDF has the real oscap judge and render what is written.
func TestOscapAcceptsXCCDF(t *testing.T) {
	dir := t.TempDir()
	file, page := filepath.Join(dir, "report.xccdf.xml"), filepath.Join(dir, "report.html")
	var b bytes.Buffer
	if err := report.XCCDF(&b, sample()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"xccdf", "validate", file},
		{"info", file},
		{"xccdf", "generate", "report", "--output", page, file},
	} {
		if out, err := exec.CommandContext(t.Context(), "oscap", args...).CombinedOutput(); err != nil {
			t.Fatalf("oscap %q: %v\n%s", args, err, out)
		}
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"X11 is not forwarded", "cramfs cannot be loaded", "forwarding", "aks-x"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the rendered report lacks %q", want)
		}
	}
	if strings.Contains(string(html), "<script>|alert(1)") {
		t.Error("text from the target is markup in the rendered report")
	}
}
