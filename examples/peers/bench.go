//go:build linux

package peers

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
)

// Cost is what one run took.
type Cost struct {
	Wall, CPU time.Duration
	Peak      int // of memory, in KiB
}

// timer is GNU time, which a node is given as well.
const timer = "/usr/bin/time"

// benchShape is the shape whose files a whole check is compared with find on.
const benchShape = "ubuntu-24.04"

//go:embed bench.md.tmpl
var benchTemplate string

// Bench compares a whole check with one pass of find over the same files, and with the scanner on the same node, in
// one run on this machine, and gives the page.
func Bench(ctx context.Context, harden string, log io.Writer) ([]byte, error) {
	f, err := besideFind(ctx, harden, log)
	if err != nil {
		return nil, err
	}
	s, err := besideScanner(ctx, harden, log)
	if err != nil {
		return nil, err
	}
	t, err := template.New("bench").Funcs(template.FuncMap{"ms": milliseconds, "mib": mebibytes, "x": ratio}).Parse(benchTemplate)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Processors    int
		Files         int
		Find, Check   Cost
		Scanner, Live Cost
		Shape, OnNode string
	}{runtime.NumCPU(), f.files, f.peer, f.ours, s.peer, s.ours, benchShape, shape})
	return b.Bytes(), err
}

func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 0, 64)
}
func mebibytes(kib int) string { return strconv.FormatFloat(float64(kib)/1024, 'f', 1, 64) }

// ratio is how many times b is in a.
func ratio(a, b any) (string, error) {
	value := func(v any) float64 {
		switch v := v.(type) {
		case time.Duration:
			return float64(v)
		case int:
			return float64(v)
		}
		return 0
	}
	of, by := value(a), value(b)
	if by == 0 {
		return "", errors.New("cannot divide by nothing")
	}
	digits := 1
	if of/by >= 10 {
		digits = 0
	}
	return strconv.FormatFloat(of/by, 'f', digits, 64), nil
}

type beside struct {
	peer, ours Cost
	files      int
}

// besideFind has both go over the same files in turn, so that what else the machine does meets both.
func besideFind(ctx context.Context, harden string, log io.Writer) (_ beside, err error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return beside{}, fmt.Errorf("cannot make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root := filepath.Join(dir, "root")
	if err := lab.Tree(ctx, benchShape, root, log); err != nil {
		return beside{}, err
	}
	find := []string{"find", root, "-xdev", "-printf", `%m %U %G\n`}
	listed, err := exec.CommandContext(ctx, find[0], find[1:]...).Output()
	if err != nil {
		return beside{}, fmt.Errorf("cannot run find: %w", err)
	}
	out := beside{files: bytes.Count(listed, []byte("\n"))}
	check := []string{harden, "check", "--root", root, "--profile", "cis-" + benchShape, "--format", "json"}
	fmt.Fprintln(log, "bench: a check and find, in turn")
	var peer, ours []Cost
	for round := range 22 {
		a, err := timed(ctx, dir, find...)
		if err != nil {
			return beside{}, err
		}
		b, err := timed(ctx, dir, check...)
		if err != nil {
			return beside{}, err
		}
		if round > 0 { // the first brings the files into memory
			peer, ours = append(peer, a), append(ours, b)
		}
	}
	out.peer, out.ours = median(peer), median(ours)
	return out, nil
}

// timed runs a program below GNU time: what the kernel says of a child's memory includes the parent's that forked it, and
// GNU time is small.
func timed(ctx context.Context, dir string, argv ...string) (Cost, error) {
	note := filepath.Join(dir, "peak")
	cmd := exec.CommandContext(ctx, timer, append([]string{"-q", "-f", "%M", "-o", note, "--"}, argv...)...)
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil // a check that is not compliant
	}
	if err != nil {
		return Cost{}, fmt.Errorf("cannot run %s: %w", argv[0], err)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	peak, err := readPeak(note)
	return Cost{wall, time.Duration(used.Utime.Nano() + used.Stime.Nano()), peak}, err
}

func readPeak(note string) (int, error) {
	data, err := os.ReadFile(note)
	if err != nil {
		return 0, fmt.Errorf("cannot read what a run took: %w", err)
	}
	lines := strings.Fields(string(data))
	if len(lines) == 0 {
		return 0, fmt.Errorf("cannot read what a run took: %s is empty", note)
	}
	peak, err := strconv.Atoi(lines[len(lines)-1])
	if err != nil {
		return 0, fmt.Errorf("cannot read what a run took: %w", err)
	}
	return peak, nil
}

// median is that of each number by itself.
func median(runs []Cost) Cost {
	of := func(key func(Cost) int64) int64 {
		sorted := slices.SortedFunc(slices.Values(runs), func(a, b Cost) int { return cmp.Compare(key(a), key(b)) })
		return key(sorted[len(sorted)/2])
	}
	return Cost{
		Wall: time.Duration(of(func(c Cost) int64 { return int64(c.Wall) })),
		CPU:  time.Duration(of(func(c Cost) int64 { return int64(c.CPU) })),
		Peak: int(of(func(c Cost) int64 { return int64(c.Peak) })),
	}
}

// besideScanner has both look at the same booted node.
func besideScanner(ctx context.Context, harden string, log io.Writer) (_ beside, err error) {
	n, err := lab.Start(ctx, lab.Options{Shape: shape, Log: log})
	if err != nil {
		return beside{}, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if _, err := n.Unpack(ctx, log, append(slices.Clone(scannerPackages), "time")...); err != nil {
		return beside{}, err
	}
	fmt.Fprintln(log, "bench: a check and the scanner, in turn; this takes minutes")
	var peer, ours []Cost
	const program = "/root/bench-harden"
	binary, err := os.ReadFile(harden)
	if err == nil {
		err = os.WriteFile(filepath.Join(n.Root, program), binary, 0o700)
	}
	if err != nil {
		return beside{}, fmt.Errorf("cannot copy the program: %w", err)
	}
	scan := []string{"oscap", "xccdf", "eval", "--profile", "xccdf_org.ssgproject.content_profile_cis_level2_server", content}
	check := []string{program, "check", "--profile", "cis-" + shape, "--require", "persisted", "--format", "json"}
	for range 3 {
		a, err := timedOn(ctx, n, scan...)
		if err != nil {
			return beside{}, err
		}
		b, err := timedOn(ctx, n, check...)
		if err != nil {
			return beside{}, err
		}
		peer, ours = append(peer, a), append(ours, b)
	}
	return beside{peer: median(peer), ours: median(ours)}, nil
}

// timedOn runs a program on a node below GNU time. The node's own clock is precise to ten milliseconds.
func timedOn(ctx context.Context, n *lab.Node, argv ...string) (Cost, error) {
	res, err := n.Exec(ctx, append([]string{timer, "-q", "-f", "%e %U %S %M", "--"}, argv...)...)
	if err != nil {
		return Cost{}, err
	}
	lines := strings.Split(strings.TrimSpace(res.Stderr), "\n")
	var wall, user, system float64
	var c Cost
	if _, err := fmt.Sscanf(lines[len(lines)-1], "%f %f %f %d", &wall, &user, &system, &c.Peak); err != nil || res.Code > 2 {
		return Cost{}, fmt.Errorf("cannot run %s: it ends with %d: %s", argv[0], res.Code, res.Stderr)
	}
	c.Wall = time.Duration(wall * float64(time.Second))
	c.CPU = time.Duration((user + system) * float64(time.Second))
	return c, nil
}
