package host

import (
	"context"
	"io/fs"

	"github.com/nodeimage/packer-plugin-harden/remediate/root"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// tree is the files of a machine, as its root has them.
type tree struct{ root *root.Root }

func (t tree) ReadFile(path string) ([]byte, error)       { return t.root.ReadFile(path) }
func (t tree) ReadDir(path string) ([]fs.DirEntry, error) { return t.root.ReadDir(path) }
func (t tree) Readlink(path string) (string, error)       { return t.root.Readlink(path) }
func (t tree) Resolve(path string) (string, error)        { return t.root.Resolve(path) }

func (t tree) Stat(path string) (FileInfo, error) {
	info, err := t.root.Stat(path)
	return FileInfo(info), err
}

func (t tree) Lstat(path string) (FileInfo, error) {
	info, err := t.root.Lstat(path)
	return FileInfo(info), err
}

// Replace is described at Writer.
func (t tree) Replace(path string, content []byte, create rule.Attr) error {
	return t.root.Replace(path, content, root.Attr(create))
}

// ReplaceLink is described at Writer.
func (t tree) ReplaceLink(path string, content []byte, create rule.Attr) error {
	return t.root.ReplaceLink(path, content, root.Attr(create))
}

// SetAttr is described at Writer.
func (t tree) SetAttr(path string, mode *fs.FileMode, uid, gid *int) error {
	return t.root.SetAttr(path, mode, uid, gid)
}

// Remove is described at Writer.
func (t tree) Remove(path string) error { return t.root.Remove(path) }

func (t tree) symlink(path, target string) error { return t.root.Symlink(path, target) }

// SetAttrOf is described at Writer.
func (t tree) SetAttrOf(path string, seen rule.Attr, mode *fs.FileMode, uid, gid *int) error {
	return t.root.SetAttrOf(path, root.Attr(seen), mode, uid, gid)
}

// Walk is described at Reader.
func (t tree) Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error) {
	dir, err := t.root.OpenDir("/")
	if err != nil {
		return walk.Summary{}, err
	}
	defer dir.Close()
	return walk.Dir(ctx, dir, visit)
}
