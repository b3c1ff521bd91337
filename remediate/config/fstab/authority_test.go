//go:build authority

package fstab_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fstab"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// table makes a table with entries for a few paths, some of them twice and some malformed.
func table(rnd *rand.Rand) string {
	var b strings.Builder
	for range 1 + rnd.IntN(6) {
		path := []string{"/a", "/b/", "/c\\040d", "/e//f", "/dev/shm", "none"}[rnd.IntN(6)]
		options := []string{"defaults", "nodev,nosuid", "defaults,noexec,size=1M", "rw,dev"}[rnd.IntN(4)]
		switch rnd.IntN(8) {
		case 0:
			fmt.Fprintf(&b, "# tmpfs %s tmpfs %s 0 0\n", path, options)
		case 1:
			fmt.Fprintf(&b, "\n  \ttmpfs   %s\ttmpfs  %s\n", path, options)
		default:
			fmt.Fprintf(&b, "tmpfs %s tmpfs %s 0 0\n", path, options)
		}
	}
	return b.String()
}

// The units that systemd's own generator makes have the options that Read gives.
func TestReadAgreesWithSystemdFstabGenerator(t *testing.T) {
	const generator = "/usr/lib/systemd/system-generators/systemd-fstab-generator"
	if _, err := os.Stat(generator); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for seed := range 60 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 11))
		f := hosttest.Tree(t, "")
		text := table(rnd)
		f.Write("/etc/fstab", text)
		out := t.TempDir()
		cmd := exec.Command(generator, out, out, out)
		cmd.Env = []string{"SYSTEMD_FSTAB=" + filepath.Join(f.Dir(), "etc/fstab"), "SYSTEMD_PROC_CMDLINE=quiet", "SYSTEMD_LOG_TARGET=null"}
		_ = cmd.Run() // duplicates make it fail, after it has written the first of each
		for _, p := range []string{"/a", "/b", "/c d", "/e/f", "/dev/shm"} {
			m, err := fstab.Read(f, p)
			if err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(filepath.Join(out, unitfile.MountUnit(p)))
			if p == "/dev/shm" {
				if err == nil {
					t.Errorf("the generator makes a unit for %s, which systemd mounts itself", p)
				}
				continue
			}
			if (err == nil) != (m.Origin == fstab.Table) {
				t.Fatalf("seed %d: %s: the generator's unit: %v; got origin %q\n%s", seed, p, err, m.Origin, text)
			}
			if err != nil {
				continue
			}
			as, err := unitfile.Parse("u", content)
			if err != nil {
				t.Fatal(err)
			}
			want := "defaults"
			for _, a := range as {
				if a.Key == "Options" {
					want = a.Value
				}
			}
			if got := strings.Join(m.Options, ","); got != want {
				t.Errorf("seed %d: %s: got %s, want %s\n%s", seed, p, got, want, text)
			}
			compared++
		}
	}
	if compared < 50 {
		t.Errorf("only %d units compared", compared)
	}
}

// findmnt reads the table as mount(8) does, and gives the first entry for a target.
func TestReadAgreesWithFindmnt(t *testing.T) {
	for seed := range 60 {
		rnd := rand.New(rand.NewPCG(uint64(seed), 12))
		f := hosttest.Tree(t, "")
		text := table(rnd)
		f.Write("/etc/fstab", text)
		for _, p := range []string{"/a", "/b", "/c d", "/dev/shm"} {
			m, err := fstab.Read(f, p)
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("findmnt", "--fstab", "--tab-file", filepath.Join(f.Dir(), "etc/fstab"), "--noheadings", "--first-only", "--output", "OPTIONS", "--target", p).Output()
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			want := strings.TrimSpace(string(out))
			got := ""
			if m.Origin == fstab.Table {
				got = strings.Join(m.Options, ",")
			}
			if got != want {
				t.Errorf("seed %d: %s: got %q, want %q\n%s", seed, p, got, want, text)
			}
		}
	}
}
