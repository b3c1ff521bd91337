package hosttest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Snapshot describes every path below dir: mode, owner, modification time, link target and a digest
// of the content. Two equal snapshots mean that nothing changed in between.
func Snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	paths := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		paths["/"+rel], err = describe(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func describe(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	st := info.Sys().(*syscall.Stat_t)
	what := fmt.Sprintf("%v %d:%d inode %d links %d modified %d.%09d",
		info.Mode(), st.Uid, st.Gid, st.Ino, st.Nlink, st.Mtim.Sec, st.Mtim.Nsec)
	switch {
	case info.Size() > 64<<20: // a sparse file; the time of modification has to do
		what += fmt.Sprintf(" size %d", info.Size())
	case info.Mode().IsRegular():
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		what += fmt.Sprintf(" sha256 %x", sha256.Sum256(content))
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		what += " to " + target
	}
	return what, nil
}

// Compare fails the test when the files and links of two trees differ, and shows the difference.
// Directories without files are not compared, since git keeps none.
func Compare(t testing.TB, gotDir, wantDir string) {
	t.Helper()
	if diff := cmp.Diff(contents(t, wantDir), contents(t, gotDir)); diff != "" {
		t.Errorf("trees differ (-want +got):\n%s", diff)
	}
}

func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			files["/"+rel] = "-> " + target
			return err
		case d.Type().IsRegular():
			content, err := os.ReadFile(path)
			files["/"+rel] = string(content)
			return err
		}
		files["/"+rel] = d.Type().String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Compare fails the test when the machine's files and links differ from those of wantDir, or the
// owner or mode of a path that wantDir+".attrs" lists.
func (f *Fake) Compare(wantDir string) {
	f.t.Helper()
	Compare(f.t, f.dir, wantDir)
	attrs, err := readAttrs(wantDir + ".attrs")
	f.must(err)
	for _, a := range attrs {
		path := a.path
		info, err := f.Stat(path)
		if err != nil {
			f.t.Error(err)
			continue
		}
		got := fmt.Sprintf("%v %d:%d", info.Mode&^fs.ModeType, info.UID, info.GID)
		if want := fmt.Sprintf("%v %d:%d", a.attr.Mode, a.attr.UID, a.attr.GID); got != want {
			f.t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// Snapshot describes every path of the machine, and the owners and modes that are kept beside it.
func (f *Fake) Snapshot() map[string]string {
	f.t.Helper()
	paths := Snapshot(f.t, f.dir)
	for path, attr := range f.attrs {
		paths[path] += fmt.Sprintf(" as %v %d:%d", attr.Mode, attr.UID, attr.GID)
	}
	return paths
}
