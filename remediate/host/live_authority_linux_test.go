//go:build authority

package host

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// A systemd is booted in a container, and this test binary runs in it once more. Needs root.
func TestLiveOnABootedSystem(t *testing.T) {
	switch os.Getenv("HARDEN_TEST_INSIDE") {
	case "booted":
		inBootedSystem(t)
	case "chroot":
		inChroot(t)
	default:
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "unshare", "-m", "--propagation", "private", "sh", "testdata/boot.sh", t.TempDir(),
			program, "-test.run=^TestLiveOnABootedSystem$", "-test.v")
		cmd.Env = append(os.Environ(), "HARDEN_TEST_INSIDE=booted")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestLiveOnABootedSystem") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

func inBootedSystem(t *testing.T) {
	l, err := OpenLive()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	if l.Running() == nil {
		t.Fatal("a booted system does not run")
	}
	t.Run("units are changed", func(t *testing.T) { unitsAreChanged(t, l) })
	t.Run("sysctls are set", func(t *testing.T) { sysctlsAreSet(t, l) })
	t.Run("mounts are remounted", func(t *testing.T) { mountsAreRemounted(t, l) })
	t.Run("an unknown module cannot be unloaded", func(t *testing.T) {
		if err := l.UnloadModule("no-such-module"); err == nil || !strings.HasPrefix(err.Error(), "cannot unload module no-such-module: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nothing runs in a chroot", func(t *testing.T) {
		// /proc and /run are the outer system's, as in the chroots of image builders.
		must(t, os.MkdirAll("/chroot/etc", 0o755))
		for _, path := range []string{"/proc", "/run", "/usr", "/program"} {
			show(t, path, "/chroot"+path)
		}
		must(t, os.Symlink("usr/lib64", "/chroot/lib64"))
		must(t, os.Symlink("usr/lib", "/chroot/lib"))
		cmd := exec.Command("/program", "-test.run=^TestLiveOnABootedSystem$", "-test.v")
		cmd.Env = []string{"HARDEN_TEST_INSIDE=chroot", "TMPDIR=/run"}
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: "/chroot"}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
}

// show makes a file or directory visible in another place.
func show(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	must(t, err)
	if info.IsDir() {
		must(t, os.MkdirAll(to, 0o755))
	} else {
		must(t, os.WriteFile(to, nil, 0o755))
	}
	must(t, unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""))
}

func inChroot(t *testing.T) {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		t.Fatalf("the test needs the outer /run: %v", err)
	}
	l, err := OpenLive()
	must(t, err)
	defer l.Close()
	if l.Running() != nil {
		t.Error("the outer system runs in a chroot")
	}
	must(t, l.ChangeUnit(context.Background(), "a.service", rule.MaskUnit))
	if target, err := l.Readlink("/etc/systemd/system/a.service"); err != nil || target != "/dev/null" {
		t.Errorf("got %q, %v", target, err)
	}
	if err := l.SetSysctl("kernel/ostype", "x"); !errors.Is(err, ErrNotRunning) {
		t.Errorf("got %v", err)
	}
}

func unitsAreChanged(t *testing.T, l *Live) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for path, content := range map[string]string{
		"/usr/lib/systemd/system/harden-test.service":   "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
		"/usr/lib/systemd/system/harden-static.service": "[Service]\nExecStart=/bin/true\n",
		"/usr/lib/systemd/system/harden-fails.service":  "[Service]\nType=oneshot\nExecStart=/bin/false\n",
		"/usr/lib/systemd/system/harden-many@.service":  "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\nDefaultInstance=x\n",
	} {
		must(t, l.Replace(path, []byte(content), rule.Attr{Mode: 0o644}))
	}
	r := l.Running()
	state := func(name string) UnitState {
		t.Helper()
		s, err := r.Unit(ctx, name)
		must(t, err)
		return s
	}
	if s := state("no-such.service"); s.Load != "not-found" || s.Active != "inactive" {
		t.Errorf("got %+v", s)
	}
	const name = "harden-test.service"
	for _, step := range []struct {
		action rule.UnitAction
		want   UnitState
	}{
		{rule.EnableUnit, UnitState{Load: "loaded", Active: "inactive", Sub: "dead", File: "enabled"}},
		{rule.StartUnit, UnitState{Load: "loaded", Active: "active", Sub: "running", File: "enabled"}},
		{rule.DisableUnit, UnitState{Load: "loaded", Active: "active", Sub: "running", File: "disabled"}},
		{rule.MaskUnit, UnitState{Load: "masked", Active: "active", Sub: "running", File: "masked"}},
		{rule.StopUnit, UnitState{Load: "masked", Active: "inactive", Sub: "dead", File: "masked"}},
		{rule.UnmaskUnit, UnitState{Load: "loaded", Active: "inactive", Sub: "dead", File: "disabled"}},
	} {
		must(t, l.ChangeUnit(ctx, name, step.action))
		got := state(name)
		got.Fragment = ""
		if got != step.want {
			t.Errorf("%s: got %+v, want %+v", step.action, got, step.want)
		}
	}
	if s := state(name); s.Fragment != "/lib/systemd/system/"+name && s.Fragment != "/usr/lib/systemd/system/"+name {
		t.Errorf("got %+v", s)
	}
	if err := l.ChangeUnit(ctx, "harden-static.service", rule.EnableUnit); err == nil {
		t.Error("a static unit was enabled")
	}
	if err := l.ChangeUnit(ctx, "harden-fails.service", rule.StartUnit); err == nil {
		t.Error("a unit that fails was started")
	}
	if err := l.ChangeUnit(ctx, "no-such.service", rule.EnableUnit); err == nil {
		t.Error("an absent unit was enabled")
	}
	must(t, l.ChangeUnit(ctx, "harden-many@.service", rule.EnableUnit))
	if s := state("harden-many@.service"); s.Load != "loaded" || !strings.HasPrefix(s.File, "enabled") && s.File != "indirect" {
		t.Errorf("got %+v", s)
	}
	if s := state("no-such@.service"); s.Load != "not-found" {
		t.Errorf("got %+v", s)
	}
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := r.Unit(ended, name); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// The connection outlives a caller's context.
	if s := state(name); s.Load != "loaded" {
		t.Errorf("got %+v", s)
	}
}

func sysctlsAreSet(t *testing.T, l *Live) {
	for _, value := range []string{"1", "0"} {
		must(t, l.SetSysctl("net/ipv4/ip_forward", value))
		if got, err := l.Running().Sysctl("net/ipv4/ip_forward"); err != nil || got != value {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if err := l.SetSysctl("net/ipv4/../ipv4/ip_forward", "1"); err == nil {
		t.Error("a path was taken for a key")
	}
}

func mountsAreRemounted(t *testing.T, l *Live) {
	const dir = "/mnt"
	must(t, unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NOATIME, "size=1m"))
	defer unix.Unmount(dir, 0)
	must(t, l.Remount(dir, []string{"noexec", "nodev"}))
	mounts, err := l.Running().Mounts()
	must(t, err)
	last := mounts[len(mounts)-1]
	for _, option := range []string{"rw", "nosuid", "noexec", "nodev", "noatime"} {
		if last.Path != dir || !slices.Contains(last.Options, option) {
			t.Errorf("%s: no %s in %v", last.Path, option, last.Options)
		}
	}
	if err := l.Remount(dir, []string{"size=2m"}); err == nil {
		t.Error("a size was changed")
	}
	if err := l.Remount("/no/such", []string{"nodev"}); err == nil || err.Error() != "cannot remount /no/such: not mounted" {
		t.Errorf("got %v", err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
