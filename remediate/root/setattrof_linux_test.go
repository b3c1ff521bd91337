package root

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestSetAttrOfLeavesAloneWhatIsNotAsItWasSeen(t *testing.T) {
	dir := t.TempDir()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	write := func(name string, mode fs.FileMode) {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
	write("real/secret", 0o600)
	write("d/file", 0o666)
	write("d/other", 0o644)
	if err := os.Symlink("../real/secret", filepath.Join(dir, "d/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", filepath.Join(dir, "dirlink")); err != nil {
		t.Fatal(err)
	}
	want := fs.FileMode(0o664)
	for path, seen := range map[string]fs.FileMode{"/d/link": 0o777, "/dirlink/secret": 0o600, "/d/other": 0o666} {
		err := r.SetAttrOf(path, Attr{Mode: seen, UID: os.Getuid(), GID: os.Getgid()}, &want, nil, nil)
		if !errors.Is(err, ErrChanged) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if err := r.SetAttrOf("/d/file", Attr{Mode: 0o666, UID: os.Getuid() + 1, GID: os.Getgid()}, &want, nil, nil); !errors.Is(err, ErrChanged) {
		t.Errorf("another owner: got %v", err)
	}
	if err := r.SetAttrOf("/d/gone", Attr{Mode: 0o666}, &want, nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("gone: got %v", err)
	}
	if err := r.SetAttrOf("/d/file", Attr{Mode: 0o666, UID: os.Getuid(), GID: os.Getgid()}, &want, nil, nil); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]fs.FileMode{"d/file": 0o664, "d/other": 0o644, "real/secret": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil || info.Mode() != want {
			t.Errorf("%s is %v (%v), want %v", path, info.Mode(), err, want)
		}
	}
}
