package root

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReplaceKeepsModeAndExtendedAttributes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/etc/x", "old")
	if err := os.Chmod(dir+"/etc/x", 0o640); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setxattr(dir+"/etc/x", "user.note", []byte("kept"), 0); err != nil && !unsupported(err) {
		t.Fatal(err)
	} else if unsupported(err) {
		t.Log("this file system has no user attributes")
	}
	r := open(t, dir)
	if err := r.Replace("/etc/x", []byte("new"), mine(0o600)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir + "/etc/x")
	if err != nil || info.Mode() != 0o640 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	value := make([]byte, 16)
	if n, err := unix.Getxattr(dir+"/etc/x", "user.note", value); !unsupported(err) && (err != nil || string(value[:n]) != "kept") {
		t.Errorf("got %q, %v", value[:max(n, 0)], err)
	}
	onlyFiles(t, dir+"/etc", "x")
}

func TestReplaceCreatesFilesAndDirectoriesWhateverTheUmask(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	old := unix.Umask(0o077)
	err := r.Replace("/etc/a/b/x", []byte("new"), mine(0o664|fs.ModeSetgid))
	unix.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{
		"/etc":       fs.ModeDir | 0o755,
		"/etc/a/b":   fs.ModeDir | 0o755,
		"/etc/a/b/x": fs.ModeSetgid | 0o664,
	} {
		if info, err := r.Stat(path); err != nil || info.Mode != want {
			t.Errorf("%s: got %v, %v, want %v", path, info.Mode, err, want)
		}
	}
}

func TestReplaceChangesAFileWhereItsLinksLead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/usr/lib/issue", "old")
	symlink(t, "/usr/lib/issue", dir+"/etc/issue")
	symlink(t, "/var/new/file", dir+"/etc/dangling")
	r := open(t, dir)
	for path, real := range map[string]string{"/etc/issue": "/usr/lib/issue", "/etc/dangling": "/var/new/file"} {
		if err := r.Replace(path, []byte("new"), mine(0o644)); err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(dir + real); err != nil || string(content) != "new" {
			t.Errorf("%s: got %q, %v", real, content, err)
		}
		if info, err := r.Lstat(path); err != nil || info.Mode&fs.ModeSymlink == 0 {
			t.Errorf("%s is not a link any more: %v, %v", path, info.Mode, err)
		}
	}
}

func TestReplaceRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/file", "kept")
	if err := unix.Mkfifo(dir+"/fifo", 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/dir", 0o755); err != nil {
		t.Fatal(err)
	}
	symlink(t, "loop", dir+"/loop")
	r := open(t, dir)
	for path, want := range map[string]error{
		"/fifo":   ErrNotRegular,
		"/dir":    ErrNotRegular,
		"/dir/":   unix.EISDIR,
		"/":       unix.EISDIR,
		"/loop":   unix.ELOOP,
		"/file/x": unix.ENOTDIR,
	} {
		err := r.Replace(path, nil, mine(0o644))
		if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "cannot replace "+path+": ") {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
	onlyFiles(t, dir, "dir", "fifo", "file", "loop")
}

func TestAFailedReplaceLeavesTheOldFileAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/x", "old")
	r := open(t, dir)
	p, err := r.walk("/x", how{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	full := errors.New("no space")
	err = p.swap(func(name string) error {
		fd, err := openat(p.dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		unix.Close(fd)
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	onlyFiles(t, dir, "x")
	if content, _ := os.ReadFile(dir + "/x"); string(content) != "old" {
		t.Errorf("got %q", content)
	}
}

// A reader sees one of the contents, whole, whenever it looks.
func TestReplaceIsAtomicForReaders(t *testing.T) {
	dir := t.TempDir()
	contents := []string{strings.Repeat("a", 1<<16), strings.Repeat("b", 1<<15)}
	write(t, dir+"/x", contents[0])
	r := open(t, dir)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got, err := r.ReadFile("/x"); err != nil || string(got) != contents[0] && string(got) != contents[1] {
				t.Errorf("read %d bytes, %v", len(got), err)
				return
			}
		}
	})
	for i := range 50 {
		if err := r.Replace("/x", []byte(contents[i%2]), mine(0o644)); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}

func TestReplaceBreaksHardLinksAndSaysSoInItsContract(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a", "old")
	if err := os.Link(dir+"/a", dir+"/b"); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Replace("/a", []byte("new"), mine(0o644)); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(dir + "/b"); string(content) != "old" {
		t.Errorf("got %q", content)
	}
}

func TestSetAttrChangesWhatALinkLeadsToAndOnlyWhatIsNamed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/file", "")
	symlink(t, "/file", dir+"/link")
	if err := unix.Mkfifo(dir+"/fifo", 0o644); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	mode, uid, gid := fs.FileMode(0o600)|fs.ModeSetuid, os.Getuid(), os.Getgid()
	if err := r.SetAttr("/link", &mode, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := r.SetAttr("/link", nil, &uid, &gid); err != nil {
		t.Fatal(err)
	}
	if info, _ := r.Stat("/file"); info.Mode != mode {
		t.Errorf("got %v, want %v", info.Mode, mode)
	}
	if err := r.SetAttr("/fifo", &mode, nil, nil); err != nil {
		t.Error(err)
	}
	if err := r.SetAttr("/none", &mode, nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	sticky := fs.ModeSticky | 0o777
	if err := r.SetAttr("/", &sticky, nil, nil); err != nil {
		t.Error(err)
	}
	if info, _ := os.Stat(dir); info.Mode() != fs.ModeDir|sticky {
		t.Errorf("got %v", info.Mode())
	}
}

func TestRemoveUnlinksLinksThemselvesAndNeverDirectories(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/file", "")
	symlink(t, "file", dir+"/link")
	if err := os.Mkdir(dir+"/dir", 0o755); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	if err := r.Remove("/link"); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]error{"/dir": unix.EISDIR, "/dir/": unix.EISDIR, "/": unix.EISDIR, "/none": unix.ENOENT} {
		if err := r.Remove(path); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
	onlyFiles(t, dir, "dir", "file")
}

func TestSymlinkReplacesFilesAndLinksButNoDirectories(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/file", "")
	if err := os.MkdirAll(dir+"/dir", 0o755); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	for _, path := range []string{"/file", "/file", "/new/deep/link"} {
		if err := r.Symlink(path, "/dev/null"); err != nil {
			t.Error(err)
		}
		if target, err := r.Readlink(path); err != nil || target != "/dev/null" {
			t.Errorf("got %s, %v", target, err)
		}
	}
	if err := r.Symlink("/dir", "x"); err == nil {
		t.Error("a directory was replaced")
	}
	onlyFiles(t, dir, "dir", "file", "new")
}

func TestMkdirAllKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/a", 0o700); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	for range 2 {
		if err := r.MkdirAll("/a/b/c"); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]fs.FileMode{"/a": 0o700, "/a/b/c": 0o755} {
		if info, err := r.Stat(path); err != nil || info.Mode != fs.ModeDir|want {
			t.Errorf("%s: %v, %v", path, info.Mode, err)
		}
	}
}

// onlyFiles checks that a directory holds exactly the names: nothing temporary stays.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s holds %q, want %q", filepath.Base(dir), got, want)
	}
}
