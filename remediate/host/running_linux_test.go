package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel that runs the test is looked at; nothing of it is changed.
func TestRunningReadsTheKernel(t *testing.T) {
	r, err := openRunning()
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	if r.Kernel() != strings.TrimSpace(string(release)) {
		t.Errorf("kernel: got %q", r.Kernel())
	}
	if v, err := r.Sysctl("kernel/ostype"); err != nil || v != "Linux" {
		t.Errorf("got %q, %v", v, err)
	}
	if _, err := r.Sysctl("no/such/key"); !errors.Is(err, fs.ErrNotExist) || err.Error() != "cannot read sysctl no/such/key: no such file or directory" {
		t.Errorf("got %v", err)
	}
	for _, key := range []string{"", "/kernel/ostype", "../version", "kernel/../../version", "kernel//ostype", "kernel/."} {
		if v, err := r.Sysctl(key); err == nil {
			t.Errorf("%q: got %q", key, v)
		}
	}
	keys, err := r.SysctlGlob("net/ipv4/conf/*/rp_filter")
	if err != nil || !slices.Contains(keys, "net/ipv4/conf/lo/rp_filter") || !slices.IsSorted(keys) {
		t.Errorf("got %q, %v", keys, err)
	}
	if keys, err := r.SysctlGlob("net/ipv[46]"); err != nil || len(keys) != 0 {
		t.Errorf("directories are no keys: got %q, %v", keys, err)
	}
	if links, err := r.Links(); err != nil || !slices.Contains(links, "lo") {
		t.Errorf("got %q, %v", links, err)
	}
	if modules, err := r.Modules(); err != nil || !slices.IsSorted(modules) {
		t.Errorf("got %q, %v", modules, err)
	}
	mounts, err := r.Mounts()
	if err != nil || !slices.ContainsFunc(mounts, func(m Mount) bool { return m.Path == "/proc" && m.Type == "proc" }) {
		t.Errorf("got %v, %v", mounts, err)
	}
}

func TestOpenLiveIsThisMachine(t *testing.T) {
	l, err := OpenLive()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if info := l.Info(); info.Mode != ModeLive || info.Arch != runtime.GOARCH {
		t.Errorf("got %+v", info)
	}
	if _, err := l.Stat("/"); err != nil {
		t.Error(err)
	}
	if l.running == nil && l.Running() != nil {
		t.Error("a nil state is not nil to a caller")
	}
}

func TestRemountKnowsWhichOptionsAreOfAMount(t *testing.T) {
	flags, known := withOption(unix.MS_NOEXEC|unix.MS_RELATIME, "noatime")
	if !known || flags != unix.MS_NOEXEC|unix.MS_NOATIME {
		t.Errorf("got %#x", flags)
	}
	if flags, known = withOption(flags, "exec"); !known || flags != unix.MS_NOATIME {
		t.Errorf("got %#x", flags)
	}
	if _, known = withOption(flags, "size=1G"); known {
		t.Error("a size is no option of a mount")
	}
}

func TestProgramsRunWithoutAShell(t *testing.T) {
	t.Setenv("SECRET", "seen")
	t.Setenv("PATH", "/nowhere")
	ctx := context.Background()
	p := programs{}
	out, status, err := p.Run(ctx, "env")
	if err != nil || status != 0 || string(out) != "LC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n" {
		t.Errorf("got %q, %d, %v", out, status, err)
	}
	out, status, err = p.Run(ctx, "ls", "/nowhere; echo $(id)")
	if err != nil || status == 0 || !strings.Contains(string(out), "$(id)") {
		t.Errorf("got %q, %d, %v", out, status, err)
	}
	if _, _, err := p.Run(ctx, "no-such-program"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, _, err := p.Run(ctx, "./env"); err == nil {
		t.Error("a relative program ran")
	}
	if _, _, err := p.Run(ctx); err == nil {
		t.Error("no program ran")
	}
}

func TestProgramsAreBounded(t *testing.T) {
	p := programs{}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	begin := time.Now()
	out, _, err := p.Run(ctx, "yes")
	if !errors.Is(err, context.DeadlineExceeded) || len(out) != maxOutput || time.Since(begin) > 20*time.Second {
		t.Errorf("got %d bytes, %v", len(out), err)
	}
}

func TestStageWritesAPrivateDirectoryAndRemovesIt(t *testing.T) {
	var seen string
	dir, remove, err := programs{}.Stage(func(dir string) map[string][]byte {
		seen = dir
		return map[string][]byte{"sshd_config": []byte("Include " + dir + "/sshd_config.d/*\n"), "sshd_config.d/a.conf": nil}
	})
	if err != nil {
		t.Fatal(err)
	}
	if dir != seen {
		t.Errorf("the files were told %s, and stand in %s", seen, dir)
	}
	for path, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, dir + "/sshd_config": 0o600, dir + "/sshd_config.d/a.conf": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v", path, info, err)
		}
	}
	remove()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, _, err := (programs{}).Stage(func(string) map[string][]byte { return map[string][]byte{"../x": nil} }); err == nil {
		t.Error("a file was staged outside")
	}
}
