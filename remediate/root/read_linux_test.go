package root

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestReadFileRefusesWhatIsNoFileAndNeverBlocks(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(dir+"/fifo", 0o644); err != nil {
		t.Fatal(err)
	}
	symlink(t, "fifo", dir+"/to-fifo")
	socket, err := net.Listen("unix", dir+"/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := os.Mkdir(dir+"/dir", 0o755); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	for _, path := range []string{"/fifo", "/to-fifo", "/socket", "/dir", "/"} {
		done := make(chan error, 1)
		go func() {
			_, err := r.ReadFile(path)
			done <- err
		}()
		select {
		case err := <-done:
			if !errors.Is(err, ErrNotRegular) {
				t.Errorf("%s: got %v", path, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: blocks", path)
		}
	}
}

func TestReadFileBoundsWhatItReads(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/large", "")
	write(t, dir+"/limit", "")
	for name, size := range map[string]int64{"large": MaxFileSize + 1, "limit": MaxFileSize} {
		if err := os.Truncate(dir+"/"+name, size); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, dir)
	if _, err := r.ReadFile("/large"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if content, err := r.ReadFile("/limit"); err != nil || len(content) != MaxFileSize {
		t.Errorf("got %d bytes, %v", len(content), err)
	}
}

func TestErrorsNameThePathOnceAndTheCause(t *testing.T) {
	r := open(t, t.TempDir())
	_, readErr := r.ReadFile("/etc/x")
	_, dirErr := r.ReadDir("/etc")
	_, statErr := r.Stat("/etc/x")
	_, linkErr := r.Readlink("/etc/x")
	for want, err := range map[string]error{
		"cannot read /etc/x: no such file or directory":         readErr,
		"cannot read directory /etc: no such file or directory": dirErr,
		"cannot stat /etc/x: no such file or directory":         statErr,
		"cannot read link /etc/x: no such file or directory":    linkErr,
	} {
		if err == nil || err.Error() != want || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestReadDirIsSortedBytewiseAndDescribesEntriesThemselves(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "a", "B", "10", "9", ".hidden"} {
		write(t, dir+"/"+name, name)
	}
	symlink(t, "/nowhere", dir+"/link")
	entries, err := open(t, dir).ReadDir("/")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
		info, err := e.Info()
		if err != nil || info.Name() != e.Name() || info.Mode().Type() != e.Type() {
			t.Errorf("%s: %v, %v", e.Name(), info, err)
		}
		if isLink := e.Type() == fs.ModeSymlink; isLink != (e.Name() == "link") {
			t.Errorf("%s: type %v", e.Name(), e.Type())
		}
	}
	if want := []string{".hidden", "10", "9", "B", "a", "b", "link"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStatFollowsAndLstatDoesNot(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/file", "12345")
	symlink(t, "file", dir+"/link")
	if err := os.Chmod(dir+"/file", 0o4751|fs.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	if info, err := r.Stat("/link"); err != nil || info.Mode != fs.ModeSetuid|0o751 || info.Size != 5 {
		t.Errorf("got %+v, %v", info, err)
	}
	if info, err := r.Lstat("/link"); err != nil || info.Mode.Type() != fs.ModeSymlink {
		t.Errorf("got %+v, %v", info, err)
	}
	if target, err := r.Readlink("/link"); err != nil || target != "file" {
		t.Errorf("got %s, %v", target, err)
	}
	if _, err := r.Readlink("/file"); !errors.Is(err, unix.EINVAL) {
		t.Errorf("got %v", err)
	}
}

func TestReadFileReadsProcWhoseFilesHaveNoSize(t *testing.T) {
	content, err := open(t, "/proc").ReadFile("/self/status")
	if err != nil || len(content) == 0 {
		t.Errorf("got %q, %v", content, err)
	}
}
