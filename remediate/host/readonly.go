package host

import (
	"context"
	"io/fs"

	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// ReadOnly hides everything of a machine but its Reader's methods, so that not even a type assertion
// finds a way to write.
func ReadOnly(r Reader) Reader { return readOnly{r} }

type readOnly struct{ reader Reader }

func (r readOnly) ReadFile(path string) ([]byte, error)       { return r.reader.ReadFile(path) }
func (r readOnly) ReadDir(path string) ([]fs.DirEntry, error) { return r.reader.ReadDir(path) }
func (r readOnly) Stat(path string) (FileInfo, error)         { return r.reader.Stat(path) }
func (r readOnly) Lstat(path string) (FileInfo, error)        { return r.reader.Lstat(path) }
func (r readOnly) Readlink(path string) (string, error)       { return r.reader.Readlink(path) }
func (r readOnly) Resolve(path string) (string, error)        { return r.reader.Resolve(path) }
func (r readOnly) Info() Info                                 { return r.reader.Info() }
func (r readOnly) Running() Running                           { return r.reader.Running() }

func (r readOnly) Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error) {
	return r.reader.Walk(ctx, visit)
}
