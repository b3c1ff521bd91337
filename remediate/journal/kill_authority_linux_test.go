//go:build authority

package journal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// A kill tier needs root, for owners. The points at which a run is killed are those of a whole profile on the
// files of a node; HARDEN_EVERY=1 takes each of them, and by default every 23rd.

const shippedProfile = "aks-ubuntu-24.04"

// site is a root on which the real program runs.
type site struct {
	binary, root string
	host         *host.Offline
	before       map[string]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	base := t.TempDir()
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		dir, err := os.MkdirTemp("/dev/shm", "harden-test-")
		must(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		base = dir
	}
	s := &site{binary: filepath.Join(t.TempDir(), "harden"), root: base + "/root"}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.binary, "../cmd/harden")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, shape := range []string{"ubuntu", "ubuntu-24.04"} { // what the releases share, and what is this one's
		must(t, os.CopyFS(s.root, os.DirFS("../../examples/lab/shapes/"+shape)))
	}
	write := func(path, content string) {
		must(t, os.MkdirAll(filepath.Dir(s.root+path), 0o755))
		must(t, os.WriteFile(s.root+path, []byte(content), 0o644))
	}
	write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\nalice:x:1000:1000::/home/alice:/bin/bash\n")
	write("/etc/group", "root:x:0:\ndaemon:x:1:\nsudo:x:27:alice\nshadow:x:42:\nalice:x:1000:\n")
	write("/etc/shadow", "root:*:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\nalice:$6$x$y:20000:0:99999:7:::\n")
	must(t, os.Chown(s.root+"/etc/shadow", 0, 42))
	must(t, os.Chmod(s.root+"/etc/shadow", 0o644))
	must(t, os.Link(s.root+"/etc/issue.net", s.root+"/etc/issue.other-name"))
	must(t, os.MkdirAll(s.root+"/var/lib", 0o755))
	must(t, os.MkdirAll(s.root+"/home/alice", 0o777))
	must(t, os.Chown(s.root+"/home/alice", 1000, 1000))
	write("/home/alice/.bashrc", "")
	must(t, os.Chmod(s.root+"/home/alice/.bashrc", 0o666))
	for _, unit := range []string{"systemd-journal-remote.service", "systemd-journal-remote.socket", "rsync.service", "autofs.service"} {
		write("/usr/lib/systemd/system/"+unit, "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")
		must(t, os.MkdirAll(s.root+"/etc/systemd/system/multi-user.target.wants", 0o755))
		must(t, os.Symlink("/usr/lib/systemd/system/"+unit, s.root+"/etc/systemd/system/multi-user.target.wants/"+unit))
	}
	h, err := host.OpenRoot(s.root)
	must(t, err)
	t.Cleanup(func() { h.Close() })
	s.host = h
	s.before = s.state(t)
	return s
}

// state describes the tree with owners, modes, attributes, contents, times and hard links, without the journal.
func (s *site) state(t *testing.T) map[string]string {
	t.Helper()
	state := map[string]string{}
	err := filepath.WalkDir(s.root, func(file string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := "/" + strings.TrimPrefix(strings.TrimPrefix(file, s.root), "/")
		if path == host.StateDir {
			return filepath.SkipDir
		}
		n, err := s.host.Node(path)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%v %d:%d %q %q", n.Mode, n.UID, n.GID, n.Xattrs, n.Target)
		if n.Mode.IsRegular() {
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" inode %d at %s: %s", n.Inode, n.ModTime, content)
		}
		state[path] = what
		return nil
	})
	must(t, err)
	return state
}

// plain is a state without inodes and times.
func plain(state string) string {
	head, rest, found := strings.Cut(state, " inode ")
	if !found {
		return state
	}
	_, content, _ := strings.Cut(rest, ": ")
	return head + content
}

func (s *site) args(more ...string) []string {
	return append([]string{s.binary, "apply", "--profile", shippedProfile, "--root", s.root}, more...)
}

// undo takes everything back and wants the tree to be as it was.
func (s *site) undo(t *testing.T, point string) {
	t.Helper()
	for {
		result, err := journal.Undo(t.Context(), s.host, journal.UndoOptions{})
		if errors.Is(err, journal.ErrNoRun) {
			break
		}
		if err != nil || len(result.Left) > 0 {
			t.Fatalf("%s: %v, left %+v", point, err, result.Left)
		}
	}
	if _, err := os.Lstat(s.root + host.StateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s: the journal is still there (%v)", point, err)
	}
	if diff := cmp.Diff(s.before, s.state(t)); diff != "" {
		t.Fatalf("%s: apply and undo (-before +after):\n%s", point, diff)
	}
}

// watch runs the program without a fault, lists its calls, and the states that paths go through.
func (s *site) watch(t *testing.T) (points []call, old map[string]map[string]bool) {
	t.Helper()
	old = map[string]map[string]bool{}
	note := func() {
		for path, state := range s.state(t) {
			if old[path] == nil {
				old[path] = map[string]bool{}
			}
			old[path][plain(state)] = true
		}
	}
	note()
	_, status, said := supervise(t, s.root, s.args(), func(_ int, c call) verdict {
		points = append(points, c)
		// A rename, a change of mode or owner and the making of a directory are what others see.
		if len(points) > 1 {
			switch points[len(points)-2].name {
			case "rename", "chmod", "chown", "mkdir":
				note()
			}
		}
		return verdict{}
	})
	if status != 2 && status != 1 && status != 0 || len(points) < 100 {
		t.Fatalf("status %d after %d calls: %s", status, len(points), said)
	}
	note()
	s.undo(t, "without a fault")
	return points, old
}

// oldOrNew checks that every file is as it stands at some moment of a run without a fault. The random password
// of the boot loader, and files that have no name yet, are no such thing.
func (s *site) oldOrNew(t *testing.T, old map[string]map[string]bool, point string) {
	t.Helper()
	for path, state := range s.state(t) {
		if strings.HasPrefix(filepath.Base(path), ".harden-") || strings.Contains(state, "grub.pbkdf2") {
			continue
		}
		if !old[path][plain(state)] {
			t.Fatalf("%s: %s is neither old nor new: %s", point, path, state)
		}
	}
}

func every(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("HARDEN_EVERY"))
	if err != nil || n < 1 {
		return 23
	}
	return n
}

// TestARunIsKilledAtEveryCallThatChangesSomething kills the real program before each write, sync, rename, link,
// unlink and so on.
func TestARunIsKilledAtEveryCallThatChangesSomething(t *testing.T) {
	s := newSite(t)
	points, old := s.watch(t)
	kinds := map[string]int{}
	for _, p := range points {
		kinds[p.name]++
	}
	killed, resumed := 0, 0
	for at := 0; at < len(points); at += every(t) {
		point := fmt.Sprintf("killed at call %d (%s of %s)", at, points[at].name, points[at].path)
		_, status, said := supervise(t, s.root, s.args(), func(n int, _ call) verdict { return verdict{kill: n == at} })
		if status != -1 {
			t.Fatalf("%s: it was not: status %d: %s", point, status, said)
		}
		killed++
		s.oldOrNew(t, old, point)
		if killed%5 == 0 {
			// The next run takes the interrupted one back, and comes to its own end.
			resumed++
			if _, status, said := supervise(t, s.root, s.args("--keep-journal=false"), func(int, call) verdict { return verdict{} }); status == -1 {
				t.Fatalf("%s, next run: %s", point, said)
			}
			if _, err := os.Lstat(s.root + host.StateDir); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("%s, next run: the journal is still there (%v)", point, err)
			}
			s.sameContent(t, old, point)
			s.reset(t)
			continue
		}
		s.undo(t, point)
	}
	t.Logf("figure: calls of a whole apply that change something: %d, which are %s", len(points), counts(kinds))
	t.Logf("figure: runs of the real program killed before such a call, every file old or new, and taken back whole: %d", killed)
	t.Logf("figure: of these, taken back by the next apply, which then came to its own end: %d", resumed)
}

func counts(kinds map[string]int) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		list = append(list, fmt.Sprintf("%s %d", k, kinds[k]))
	}
	return strings.Join(list, ", ")
}

// sameContent checks that no temporary file is left and every file is one that a whole run makes.
func (s *site) sameContent(t *testing.T, old map[string]map[string]bool, point string) {
	t.Helper()
	s.oldOrNew(t, old, point)
	for path := range s.state(t) {
		if strings.HasPrefix(filepath.Base(path), ".harden-") {
			t.Fatalf("%s: %s is left", point, path)
		}
	}
}

// reset makes the tree new, in place.
func (s *site) reset(t *testing.T) {
	t.Helper()
	s.host.Close()
	must(t, os.RemoveAll(filepath.Dir(s.root)))
	fresh := newSite(t)
	*s = *fresh
}

// TestEveryCallThatFailsStopsTheRunAndCanBeTakenBack has calls fail that could: the file system is full, over
// quota, read-only, or broken.
func TestEveryCallThatFailsStopsTheRunAndCanBeTakenBack(t *testing.T) {
	s := newSite(t)
	points, old := s.watch(t)
	errnos := []syscall.Errno{syscall.ENOSPC, syscall.EIO, syscall.EDQUOT, syscall.EROFS}
	failed := 0
	for at := 0; at < len(points); at += every(t) {
		errno := errnos[failed%len(errnos)]
		point := fmt.Sprintf("%v at call %d (%s of %s)", errno, at, points[at].name, points[at].path)
		_, status, said := supervise(t, s.root, s.args(), func(n int, c call) verdict {
			// A full or read-only file system stays so, and things can still be removed from a full one.
			lasts := errno != syscall.EIO && n > at && (errno == syscall.EROFS || c.name != "unlink" && c.name != "fsync")
			if n == at || lasts {
				return verdict{errno: errno}
			}
			return verdict{}
		})
		failed++
		if status != 2 {
			t.Fatalf("%s: status %d: %s", point, status, said)
		}
		s.oldOrNew(t, old, point)
		s.undo(t, point)
	}
	t.Logf("figure: calls that were made to fail (no space, I/O error, quota, read-only), every file old or new, and taken back whole: %d", failed)
}

// TestASignalStopsTheRunBetweenSteps: the step at hand comes to its end, nothing temporary is left, and the
// report says what was done and what not.
func TestASignalStopsTheRunBetweenSteps(t *testing.T) {
	s := newSite(t)
	points, _ := s.watch(t)
	out := filepath.Join(t.TempDir(), "report.json")
	for i, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		at := len(points) / 4 * (i + 1)
		point := fmt.Sprintf("%v at call %d (%s of %s)", signal, at, points[at].name, points[at].path)
		_, status, said := supervise(t, s.root, s.args("--format=json", "--output="+out), func(n int, _ call) verdict {
			if n == at {
				return verdict{signal: signal}
			}
			if n == at+1 { // the run is held here while it hears of the signal, which takes time on a busy machine
				time.Sleep(500 * time.Millisecond)
			}
			return verdict{}
		})
		if status != 2 || !strings.Contains(said, "changes were made") {
			t.Fatalf("%s: status %d: %s", point, status, said)
		}
		data, err := os.ReadFile(out)
		must(t, err)
		r, err := report.Parse(data)
		must(t, err)
		if r.Interrupted == "" || r.Compliant || len(r.Changes) == 0 || len(r.Pending) == 0 || len(r.Results) == 0 ||
			len(r.Journals) != 1 || r.Journals[0].State != "interrupted" {
			t.Errorf("%s: interrupted by %q, %d changes, %d pending, %d results, journals %v", point,
				r.Interrupted, len(r.Changes), len(r.Pending), len(r.Results), r.Journals)
		}
		for path := range s.state(t) {
			if strings.HasPrefix(filepath.Base(path), ".harden-") {
				t.Errorf("%s: %s is left", point, path)
			}
		}
		s.undo(t, point)
	}
}
