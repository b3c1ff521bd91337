//go:build authority

package root

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// These need root: owners, devices, security attributes and access lists.

func TestReplaceKeepsOwnerCapabilitiesAndAccessLists(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/x", "old")
	must(t, os.Chown(dir+"/x", 12, 34))
	must(t, os.Chmod(dir+"/x", 0o4755|fs.ModeSetuid))
	run(t, "setfacl", "-m", "u:1000:rw", dir+"/x")
	run(t, "setcap", "cap_net_raw+ep", dir+"/x")
	before := xattrs(t, dir+"/x")
	if len(before) < 2 {
		t.Fatalf("this file system keeps too few attributes for the test: %v", before)
	}
	r := open(t, dir)
	must(t, r.Replace("/x", []byte("new"), Attr{Mode: 0o600}))
	info, err := r.Stat("/x")
	if err != nil || info.UID != 12 || info.GID != 34 || info.Mode != fs.ModeSetuid|0o775 {
		t.Errorf("got %+v, %v", info, err)
	}
	for name, value := range before {
		if after := xattrs(t, dir+"/x"); !bytes.Equal(after[name], value) {
			t.Errorf("%s: got %q, want %q", name, after[name], value)
		}
	}
}

func TestReplaceDoesNotInheritAnAccessListThatTheFileDidNotHave(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/x", "old")
	run(t, "setfacl", "-d", "-m", "u:1000:rwx", dir)
	r := open(t, dir)
	must(t, r.Replace("/x", []byte("new"), Attr{Mode: 0o600}))
	if got := xattrs(t, dir+"/x"); got[accessList] != nil {
		t.Errorf("got %q", got)
	}
}

func TestReplaceGivesANewFileItsOwner(t *testing.T) {
	r := open(t, t.TempDir())
	must(t, r.Replace("/etc/x", nil, Attr{Mode: 0o640, UID: 7, GID: 42}))
	if info, err := r.Stat("/etc/x"); err != nil || info != (Info{Mode: 0o640, UID: 7, GID: 42}) {
		t.Errorf("got %+v, %v", info, err)
	}
}

func TestSetAttrKeepsSetIDBitsWhenTheOwnerChanges(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/x", "")
	must(t, os.Chmod(dir+"/x", fs.ModeSetuid|fs.ModeSetgid|0o755))
	uid := 5
	r := open(t, dir)
	must(t, r.SetAttr("/x", nil, &uid, nil))
	if info, err := r.Stat("/x"); err != nil || info.Mode != fs.ModeSetuid|fs.ModeSetgid|0o755 || info.UID != 5 || info.GID != 0 {
		t.Errorf("got %+v, %v", info, err)
	}
}

func TestReadFileNeverOpensADevice(t *testing.T) {
	dir := t.TempDir()
	// A watchdog that nobody closes properly would reboot the machine; none has this number.
	must(t, unix.Mknod(dir+"/device", unix.S_IFCHR|0o600, int(unix.Mkdev(10, 250))))
	if _, err := open(t, dir).ReadFile("/device"); !errors.Is(err, ErrNotRegular) {
		t.Errorf("got %v", err)
	}
}

func TestReplaceSaysThatAFileIsImmutable(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/x", "old")
	run(t, "chattr", "+i", dir+"/x")
	defer run(t, "chattr", "-i", dir+"/x")
	err := open(t, dir).Replace("/x", []byte("new"), Attr{Mode: 0o600})
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	onlyFiles(t, dir, "x")
}

func xattrs(t *testing.T, path string) map[string][]byte {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	list, err := readXattrs(int(f.Fd()))
	must(t, err)
	attrs := map[string][]byte{}
	for _, a := range list {
		attrs[a.Name] = a.Value
	}
	return attrs
}

func run(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", argv, err, out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
