package walk_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// benchRoot is the tree of the benchmarks: HARDEN_BENCH_ROOT, or /usr.
func benchRoot() string {
	if dir := os.Getenv("HARDEN_BENCH_ROOT"); dir != "" {
		return dir
	}
	return "/usr"
}

func walkRoot(tb testing.TB, dir string) walk.Summary {
	f, err := os.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	sum, err := walk.Dir(context.Background(), f, func(*walk.Entry) error { return nil })
	if err != nil {
		tb.Fatal(err)
	}
	return sum
}

// BenchmarkWalk compares one walk with find(1) printing the same facts, and with filepath.WalkDir
// asking for them, all in the same run so that a busy machine slows all alike. The metrics are ratios.
func BenchmarkWalk(b *testing.B) {
	dir := benchRoot()
	find, err := exec.LookPath("find")
	if err != nil {
		b.Skip("no find to compare with")
	}
	var ours, theirs, library, oursCPU, theirsCPU time.Duration
	var entries int
	walkRoot(b, dir) // what is on disk is in memory from here on
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.ReadMemStats(&before)
		start, cpu := time.Now(), cpuTime(syscall.RUSAGE_SELF)
		entries = walkRoot(b, dir).Entries
		ours += time.Since(start)
		oursCPU += cpuTime(syscall.RUSAGE_SELF) - cpu
		runtime.ReadMemStats(&after)

		start, cpu = time.Now(), cpuTime(syscall.RUSAGE_CHILDREN)
		cmd := exec.CommandContext(b.Context(), find, dir, "-xdev", "-printf", `%m %U %G\n`)
		cmd.Stdout = io.Discard
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			b.Fatal(err)
		}
		cmd.Stdout = null
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		null.Close()
		theirs += time.Since(start)
		theirsCPU += cpuTime(syscall.RUSAGE_CHILDREN) - cpu

		start = time.Now()
		if err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			_, err = d.Info()
			return err
		}); err != nil {
			b.Fatal(err)
		}
		library += time.Since(start)
	}
	b.ReportMetric(float64(entries), "entries")
	b.ReportMetric(float64(ours)/float64(theirs), "x-find")
	b.ReportMetric(float64(oursCPU)/float64(theirsCPU), "x-find-cpu")
	b.ReportMetric(float64(ours)/float64(library), "x-walkdir")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc), "B/walk")
}

func cpuTime(who int) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(who, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
