//go:build node

// Package offlineroot proves the example: whole root file systems of each shape are checked, planned for,
// hardened and checked again from outside.
package offlineroot

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// harden runs the built binary and wants the given status.
func harden(t *testing.T, status int, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../../build/harden", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		t.Fatalf("harden %v ends with %v, want status %d: %s", args, err, status, stderr.String())
	}
	return out
}

func TestOfflineRoots(t *testing.T) {
	for _, shape := range lab.Shapes() {
		t.Run(shape, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "root")
			if err := lab.Tree(t.Context(), shape, root, os.Stderr); err != nil {
				t.Fatal(err)
			}
			// The tree has links that lead to absolute paths. What they name outside must stay as it is.
			outside := hosttest.Snapshot(t, "/etc")
			before := hosttest.Snapshot(t, root)
			harden(t, 1, "check", "--root", root)
			harden(t, 1, "plan", "--root", root)
			if diff := cmp.Diff(before, hosttest.Snapshot(t, root)); diff != "" {
				t.Errorf("check or plan changed the root:\n%s", diff)
			}

			// What only runs cannot be seen here, and what cannot be seen is no pass: a shape whose profile
			// asks about sockets and radios ends with 1, and the report says which.
			status := map[string]int{"ubuntu-22.04": 1, "ubuntu-24.04": 1}[shape]
			harden(t, status, "apply", "--root", root)
			r, err := report.Parse(harden(t, status, "check", "--root", root, "--format", "json"))
			if err != nil {
				t.Fatal(err)
			}
			if r.Host.Mode != "root" || r.Summary.Pass < 30 {
				t.Errorf("mode %s, %d rules pass", r.Host.Mode, r.Summary.Pass)
			}
			for _, res := range r.Results {
				switch res.Outcome {
				case rule.Fail, rule.Error:
					t.Errorf("%s is %s: %s", res.Rule, res.Outcome, res.Message)
				case rule.NotObservable:
					if !strings.Contains(res.Message, "the running machine's") {
						t.Errorf("%s cannot be observed, though the next boot decides: %s", res.Rule, res.Message)
					}
				}
			}

			once := hosttest.Snapshot(t, root)
			harden(t, status, "apply", "--root", root)
			if diff := cmp.Diff(once, hosttest.Snapshot(t, root)); diff != "" {
				t.Errorf("a second apply changed the root:\n%s", diff)
			}
			if diff := cmp.Diff(outside, hosttest.Snapshot(t, "/etc")); diff != "" {
				t.Errorf("files outside the root changed:\n%s", diff)
			}
		})
	}
}
