package hosttest_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestTreeTakesOwnersAndModesFromTheAttrsFile(t *testing.T) {
	source := filepath.Join(t.TempDir(), "in")
	write(t, source+"/etc/shadow", "root:*:1::::::\n")
	write(t, source+"/etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n")
	write(t, source+".attrs", "# comment\n0640 0:42 /etc/shadow\n0700 1:2 /root/empty/\n4755 0:0 /usr/bin/\n")

	f := hosttest.Tree(t, source)
	for path, want := range map[string]host.FileInfo{
		"/etc/shadow": {Mode: 0o640, GID: 42, Size: 15},
		"/root":       {Mode: fs.ModeDir | 0o755},
		"/root/empty": {Mode: fs.ModeDir | 0o700, UID: 1, GID: 2},
		"/usr/bin":    {Mode: fs.ModeDir | fs.ModeSetuid | 0o755},
	} {
		got, err := f.Stat(path)
		if got.Mode.IsDir() {
			got.Size = 0
		}
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", path, got, err, want)
		}
	}
	if info := f.Info(); info.OS != "ubuntu" || info.Version != "24.04" || info.Mode != host.ModeRoot {
		t.Errorf("got %+v", info)
	}
	f.Compare(source)
}

func TestFakeWritesThroughLinksInsideItsRoot(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/issue", "old\n")
	f.Chattr("/usr/lib/issue", 0o600, 3, 4)
	f.Link("/etc/issue", "/usr/lib/issue")
	f.Write("/etc/issue", "new\n")
	if got := f.Read("/usr/lib/issue"); got != "new\n" {
		t.Errorf("got %q", got)
	}
	if info, _ := f.Stat("/etc/issue"); info.Mode != 0o600 || info.UID != 3 || info.GID != 4 {
		t.Errorf("got %+v", info)
	}
	if info, _ := f.Lstat("/etc/issue"); info.Mode&fs.ModeSymlink == 0 {
		t.Errorf("got %+v", info)
	}
	f.Delete("/etc/issue")
	if _, err := f.Lstat("/etc/issue"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestFakeWithoutStateIsAnOfflineRoot(t *testing.T) {
	f := hosttest.Tree(t, "")
	if f.Running() != nil {
		t.Error("something runs")
	}
	if err := f.SetSysctl("net/ipv4/ip_forward", "0"); !errors.Is(err, host.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
}

func TestFakeChangesItsState(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.State = &hosttest.State{
		Sysctls:   map[string]string{"net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/lo/rp_filter": "0"},
		Loaded:    []string{"usb_storage", "cramfs"},
		MountList: []host.Mount{{Path: "/tmp", Options: []string{"rw", "exec", "nodev"}}},
		Units:     map[string]host.UnitState{"ssh.service": {Load: "loaded", Active: "active", File: "enabled"}},
	}
	ctx := context.Background()
	for _, err := range []error{
		f.SetSysctl("net/ipv4/conf/all/rp_filter", "1"),
		f.UnloadModule("cramfs"),
		f.Remount("/tmp", []string{"noexec", "nosuid"}),
		f.ChangeUnit(ctx, "ssh.service", rule.StopUnit),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	r := f.Running()
	if v, _ := r.Sysctl("net/ipv4/conf/all/rp_filter"); v != "1" {
		t.Errorf("got %s", v)
	}
	if keys, _ := r.SysctlGlob("net/ipv4/conf/*/rp_filter"); len(keys) != 2 {
		t.Errorf("got %v", keys)
	}
	if m, _ := r.Modules(); len(m) != 1 {
		t.Errorf("got %v", m)
	}
	if m, _ := r.Mounts(); len(m[0].Options) != 4 {
		t.Errorf("got %v", m)
	}
	if u, _ := r.Unit(ctx, "ssh.service"); u.Active != "inactive" {
		t.Errorf("got %v", u)
	}
	if u, _ := r.Unit(ctx, "none.service"); u.Load != "not-found" {
		t.Errorf("got %v", u)
	}
}

func TestSnapshotSeesEveryChange(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/a", "1")
	before := f.Snapshot()
	f.Chattr("/etc/a", 0o600, 0, 0)
	if after := f.Snapshot(); after["/etc/a"] == before["/etc/a"] {
		t.Error("a mode is not seen")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
