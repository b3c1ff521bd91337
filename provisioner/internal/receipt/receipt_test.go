package receipt

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const run, build = "0f3c-run", "null.node"

// attest leaves a report and its receipt, as a provisioner does.
func attest(t *testing.T, dir string) *report.Report {
	t.Helper()
	r, err := Start(dir, build, run)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	rep := &report.Report{
		Schema: report.Schema, Action: report.Attest, Nonce: "n1", RunID: run, Compliant: true, Require: "persisted",
		Tool:    report.Tool{Name: "harden", Version: "1", Digest: strings.Repeat("a", 64)},
		Profile: report.Profile{Name: "p", Digest: strings.Repeat("b", 64)}, Started: at, Finished: at,
		Host:    report.Host{OS: "ubuntu", Version: "24.04", Arch: "amd64", Mode: "live"},
		Summary: report.Summary{Pass: 1}, Results: []report.Result{{Rule: "r", Outcome: rule.Pass, Controls: []report.Control{}}},
	}
	var b bytes.Buffer
	if err := report.JSON(&b, rep); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "attest.json")
	write(t, file, b.String())
	if err := r.Finish(dir, rep, file); err != nil {
		t.Fatal(err)
	}
	return rep
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// change replaces text in a file.
func change(t *testing.T, file, old, with string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s has no %q", file, old)
	}
	write(t, file, strings.Replace(string(data), old, with, 1))
}

func TestClaim(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"a report that was accepted": {func(*testing.T, string) {}, ""},
		"no provisioner ran":         {func(_ *testing.T, dir string) { os.Remove(filepath.Join(dir, FileName)) }, "no provisioner"},
		"a second run that was killed": {func(t *testing.T, dir string) {
			if _, err := Start(dir, build, run); err != nil {
				t.Fatal(err)
			}
		}, "did not come to its end"},
		"a second run that failed": {func(t *testing.T, dir string) {
			r, err := Start(dir, build, run)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Finish(dir, nil, ""); err != nil {
				t.Fatal(err)
			}
		}, "failed without a report"},
		"a receipt of another Packer run": {func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, FileName), run, "another")
		}, "another run"},
		"a receipt of another build": {func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, FileName), build, "null.other")
		}, "another build"},
		"a report that was changed": {func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, "attest.json"), `"version": "1"`, `"version": "2"`)
		}, "was changed"},
		"a report that is gone": {func(_ *testing.T, dir string) { os.Remove(filepath.Join(dir, "attest.json")) }, "cannot be read"},
		"a report that is a link": {func(t *testing.T, dir string) {
			file := filepath.Join(dir, "attest.json")
			if err := os.Rename(file, file+".1"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(file+".1", file); err != nil {
				t.Fatal(err)
			}
		}, "cannot be read"},
		"another nonce in the receipt": {func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, FileName), `"nonce": "n1"`, `"nonce": "n2"`)
		}, "nonce"},
		"another binary in the receipt": {func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, FileName), strings.Repeat("a", 64), strings.Repeat("c", 64))
		}, "binary's digest"},
		"another profile in the receipt": {func(t *testing.T, dir string) {
			change(t, filepath.Join(dir, FileName), strings.Repeat("b", 64), strings.Repeat("c", 64))
		}, "profile digest"},
		"a damaged receipt": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, FileName), "{") }, "damaged"},
		"a huge receipt": {func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, FileName), strings.Repeat(" ", maxSize+1))
		}, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			attest(t, dir)
			tc.spoil(t, dir)
			_, got, err := Claim(dir, build, run)
			if tc.want == "" {
				if err != nil || got == nil || !got.Compliant {
					t.Errorf("report %v, error %v", got, err)
				}
				return
			}
			if got != nil || err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("report %v, error %v, want %q", got, err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), dir) {
				t.Errorf("the reason names a path of the build host: %v", err)
			}
		})
	}
}

func TestWithoutARunIDNothingIsClaimed(t *testing.T) {
	dir := t.TempDir()
	if _, err := Start(dir, build, ""); err != nil {
		t.Fatal(err)
	}
	if _, got, err := Claim(dir, build, ""); got != nil || err == nil {
		t.Errorf("report %v, error %v", got, err)
	}
}

func TestFolder(t *testing.T) {
	for _, tt := range []struct{ kind, name, want string }{
		{"null", "node", "null.node"},
		{"null", "null", "null"},
		{"azure-arm", "azure-arm.node", "azure-arm.node"},
		{"", "", "build"},
		{"null", "../../etc", "null..._.._etc"},
		{"", "..", "build"},
	} {
		if got := Folder(tt.kind, tt.name); got != tt.want {
			t.Errorf("Folder(%q, %q) is %q, want %q", tt.kind, tt.name, got, tt.want)
		}
	}
}
