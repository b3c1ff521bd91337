package walk_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

func visit(tb testing.TB, dir string) (map[string]string, walk.Summary, error) {
	tb.Helper()
	f, err := os.Open(dir)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	seen := map[string]string{}
	sum, err := walk.Dir(tb.Context(), f, func(e *walk.Entry) error {
		if _, twice := seen[e.Path()]; twice {
			tb.Errorf("%s is visited twice", e.Path())
		}
		if want := filepath.Base(e.Path()); e.Path() != "/" && e.Name() != want {
			tb.Errorf("name of %q is %q", e.Path(), e.Name())
		}
		seen[e.Path()] = fmt.Sprintf("%v %d:%d", e.Mode, e.UID, e.GID)
		return nil
	})
	return seen, sum, err
}

// library is the same by filepath.WalkDir, which knows nothing of what is left out.
func library(tb testing.TB, dir string) map[string]string {
	tb.Helper()
	seen := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		rel := strings.TrimPrefix(p, dir)
		if rel == "" {
			rel = "/"
		}
		seen[rel] = fmt.Sprintf("%v %d:%d", info.Mode(), st.Uid, st.Gid)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return seen
}

func same(tb testing.TB, got, want map[string]string) {
	tb.Helper()
	for p, w := range want {
		if got[p] != w {
			tb.Errorf("%q: got %q, want %q", p, got[p], w)
		}
	}
	for p := range got {
		if _, ok := want[p]; !ok {
			tb.Errorf("%q is visited and does not exist", p)
		}
	}
}

func TestAWalkSeesWhatTheLibrarySees(t *testing.T) {
	names := []string{"a", "b", "with space", "new\nline", "\xff\xfe", strings.Repeat("n", 255), ".hidden"}
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		dirs := []string{dir}
		for range rapid.IntRange(0, 40).Draw(rt, "entries") {
			p := filepath.Join(rapid.SampledFrom(dirs).Draw(rt, "dir"), rapid.SampledFrom(names).Draw(rt, "name"))
			switch rapid.SampledFrom([]string{"dir", "dir", "file", "link", "fifo"}).Draw(rt, "what") {
			case "dir":
				if os.Mkdir(p, 0o755) == nil {
					dirs = append(dirs, p)
				}
			case "file":
				// Nothing that stands there is opened or followed.
				f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
				if err != nil {
					continue
				}
				_ = f.Chmod(rapid.SampledFrom([]fs.FileMode{0o644, 0o666, 0o755 | fs.ModeSetuid}).Draw(rt, "mode"))
				f.Close()
			case "link":
				_ = os.Symlink(rapid.SampledFrom([]string{"..", ".", "a", "/nowhere"}).Draw(rt, "target"), p)
			case "fifo":
				_ = unix.Mkfifo(p, 0o600)
			}
		}
		got, sum, err := visit(t, dir)
		if err != nil {
			rt.Fatal(err)
		}
		if sum.Entries != len(got) {
			rt.Errorf("counted %d of %d", sum.Entries, len(got))
		}
		same(t, got, library(t, dir))
	})
}

func TestADeepTreeIsWalkedWithFewOpenDirectories(t *testing.T) {
	dir := t.TempDir()
	deep := dir
	for i := range 300 {
		deep = filepath.Join(deep, "d")
		for _, side := range []string{"", "x", "y"} {
			p := deep
			if side != "" {
				p = filepath.Join(filepath.Dir(deep), fmt.Sprintf("%s%d", side, i))
			}
			if err := os.Mkdir(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	most := 0
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got := map[string]string{}
	_, err = walk.Dir(t.Context(), f, func(e *walk.Entry) error {
		got[e.Path()] = fmt.Sprintf("%v %d:%d", e.Mode, e.UID, e.GID)
		fds, err := os.ReadDir("/proc/self/fd")
		most = max(most, len(fds))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if most > 100 {
		t.Errorf("%d descriptors were open at a time", most)
	}
	same(t, got, library(t, dir))
}

func TestPathsThatNoSystemCallTakesAreAnError(t *testing.T) {
	dir := t.TempDir()
	name := strings.Repeat("d", 250)
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	top := fd
	for range 20 {
		if err := unix.Mkdirat(fd, name, 0o755); err != nil {
			t.Fatal(err)
		}
		below, err := unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if fd != top {
			unix.Close(fd)
		}
		fd = below
	}
	unix.Close(fd)
	unix.Close(top)
	if _, _, err := visit(t, dir); !errors.Is(err, walk.ErrTooDeep) {
		t.Errorf("got %v", err)
	}
	removeDeep(t, dir, name)
}

// removeDeep takes such a tree away again: the test's own cleaning goes by path. Each round moves the
// second directory up and removes the first one.
func removeDeep(t *testing.T, dir, name string) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for range 100 {
		moved := unix.Renameat(fd, name+"/"+name, fd, "next") == nil
		if err := unix.Unlinkat(fd, name, unix.AT_REMOVEDIR); err != nil {
			t.Fatal(err)
		}
		if !moved {
			return
		}
		if err := unix.Renameat(fd, "next", fd, name); err != nil {
			t.Fatal(err)
		}
	}
}

func TestContainerStorageAndWhatIsMountedAtBootAreLeftOut(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []string{"proc/1", "dev/shm/x", "run/lock", "var/lib/containerd/io/x", "var/lib/kubelet/pods/1", "var/lib/kubelet/pki", "opt/containerd/x", "srv/proc/y"} {
		if err := os.MkdirAll(filepath.Join(dir, p), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got, sum, err := visit(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]bool{
		"/proc": true, "/proc/1": false, "/dev/shm": false, "/run/lock": false, "/var/lib/containerd": true, "/var/lib/containerd/io": false,
		"/var/lib/kubelet/pods/1": false, "/var/lib/kubelet/pki": true, "/opt/containerd/x": true, "/srv/proc/y": true,
	} {
		if _, ok := got[p]; ok != want {
			t.Errorf("%s: visited %v, want %v", p, ok, want)
		}
		if in := !want; p != "/proc" && walk.LeftOut(p) != in {
			t.Errorf("LeftOut(%s) is %v", p, !want)
		}
	}
	if want := []string{"/dev", "/proc", "/run", "/var/lib/containerd", "/var/lib/kubelet/pods"}; !slices.Equal(sum.LeftOut, want) {
		t.Errorf("left out %q, want %q", sum.LeftOut, want)
	}
}

func TestMemoryDoesNotGrowWithTheNumberOfFiles(t *testing.T) {
	dir := t.TempDir()
	grow := func(from, to int) {
		for i := from; i < to; i++ {
			sub := filepath.Join(dir, fmt.Sprintf("d%03d", i))
			if err := os.Mkdir(sub, 0o755); err != nil {
				t.Fatal(err)
			}
			for j := range 100 {
				if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("f%03d", j)), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	allocated := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		walkRoot(t, dir)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	grow(0, 10)
	few := allocated()
	grow(10, 100)
	many := allocated()
	if many > few+64<<10 {
		t.Errorf("%d bytes for 1,000 files and %d for 10,000", few, many)
	}
}

func TestAWalkEndsWithItsContextAndWithAnErrorOfTheVisitor(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := walk.Dir(ctx, f, func(*walk.Entry) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	stop := errors.New("stop")
	if _, err := walk.Dir(t.Context(), f, func(*walk.Entry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestADirectoryThatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // who reads everything: this thread looks as somebody else
		const somebody = 65534
		if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o711), os.Chown(dir, somebody, -1), os.Chown(filepath.Join(dir, "closed"), somebody, -1)); err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := errors.Join(unix.Setfsuid(somebody), unix.Setfsgid(somebody)); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(unix.Setfsuid(0), unix.Setfsgid(0)); err != nil {
				t.Fatal(err)
			}
		}()
	}
	if _, _, err := visit(t, dir); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}
