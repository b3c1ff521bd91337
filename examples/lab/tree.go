//go:build linux

package lab

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tree is a root file system that a shape is written into. Paths are relative and have no leading slash; os.Root keeps
// every one of them inside, also through the links of a system that is not to be trusted.
type tree struct {
	root *os.Root
}

func openTree(dir string) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open tree: %w", err)
	}
	return &tree{root: root}, nil
}

func (t *tree) Close() error { return t.root.Close() }

// copyFS writes all files of source below the tree's root, each 0644 in folders of 0755.
func (t *tree) copyFS(source fs.FS) error {
	return fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		data, err := fs.ReadFile(source, path)
		if err != nil {
			return err
		}
		return t.write(path, data, 0o644)
	})
}

// write replaces a file, or a link of that name, with its folders.
func (t *tree) write(path string, data []byte, mode fs.FileMode) error {
	if err := t.root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot make folder of %s: %w", path, err)
	}
	if info, err := t.root.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := t.root.Remove(path); err != nil {
			return fmt.Errorf("cannot replace %s: %w", path, err)
		}
	}
	if err := t.root.WriteFile(path, data, mode); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return t.chmod(path, mode) // the umask and an older mode must not show
}

// appendTo adds text to the end of a file that exists.
func (t *tree) appendTo(path, text string) error {
	return t.edit(path, func(old []byte) ([]byte, error) { return append(old, text...), nil })
}

// insert puts text before the first line that starts with anchor.
func (t *tree) insert(path, anchor, text string) error {
	return t.edit(path, func(old []byte) ([]byte, error) {
		at := bytes.Index(old, []byte("\n"+anchor))
		if at < 0 {
			return nil, fmt.Errorf("no line starts with %q", anchor)
		}
		return append(old[:at+1:at+1], append([]byte(text), old[at+1:]...)...), nil
	})
}

func (t *tree) edit(path string, change func([]byte) ([]byte, error)) error {
	info, err := t.root.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot edit %s: %w", path, err)
	}
	old, err := t.root.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot edit %s: %w", path, err)
	}
	data, err := change(old)
	if err != nil {
		return fmt.Errorf("cannot edit %s: %w", path, err)
	}
	if err := t.root.WriteFile(path, data, info.Mode().Perm()); err != nil {
		return fmt.Errorf("cannot edit %s: %w", path, err)
	}
	return nil
}

// link makes a symbolic link with its folders, in place of what stood there.
func (t *tree) link(path, target string) error {
	if err := t.root.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot make folder of %s: %w", path, err)
	}
	if err := t.root.RemoveAll(path); err != nil {
		return fmt.Errorf("cannot replace %s: %w", path, err)
	}
	if err := t.root.Symlink(target, path); err != nil {
		return fmt.Errorf("cannot link %s: %w", path, err)
	}
	return nil
}

// rename moves a file, or a folder that the base doesn't have: overlayfs moves none of its lower layer's.
func (t *tree) rename(from, to string) error {
	if err := t.root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("cannot make folder of %s: %w", to, err)
	}
	if err := t.root.Rename(from, to); err != nil {
		return fmt.Errorf("cannot rename %s: %w", from, err)
	}
	return nil
}

// mkdir makes a folder with this mode, or gives an existing one the mode.
func (t *tree) mkdir(path string, mode fs.FileMode) error {
	if err := t.root.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("cannot make folder %s: %w", path, err)
	}
	return t.chmod(path, mode)
}

func (t *tree) chmod(path string, mode fs.FileMode) error {
	if err := t.root.Chmod(path, mode); err != nil {
		return fmt.Errorf("cannot set mode of %s: %w", path, err)
	}
	return nil
}

// own gives a path and all below it to a user.
func (t *tree) own(path string, uid, gid int) error {
	return fs.WalkDir(t.root.FS(), path, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := t.root.Lchown(path, uid, gid); err != nil {
			return fmt.Errorf("cannot set owner of %s: %w", path, err)
		}
		return nil
	})
}

// remove removes all that matches a pattern, folders with their contents. Nothing matching is not an error: a shape
// lists what must not be there.
func (t *tree) remove(pattern string) error {
	matches := []string{pattern}
	if strings.ContainsAny(pattern, "*?[") {
		var err error
		if matches, err = fs.Glob(t.root.FS(), pattern); err != nil {
			return fmt.Errorf("cannot match %s: %w", pattern, err)
		}
	}
	for _, path := range matches {
		if err := t.root.RemoveAll(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove %s: %w", path, err)
		}
	}
	return nil
}
