// Package root is a root file system: every path is resolved inside one directory, whatever its
// symbolic links say, and files are replaced atomically and durably. It works on file descriptors,
// so a link that is swapped while it works cannot lead it outside. It knows nothing of what the
// files mean.
//
// The root of a live machine is "/", and the same code runs there.
package root

import (
	"errors"
	"io/fs"
	"time"
)

// ErrNotRegular says that a path is a directory, FIFO, device or socket where a file's content is
// wanted; ErrTooLarge that a file or directory is above the bounds below.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLarge   = errors.New("file is too large to be configuration")
	// ErrChanged says that a path is not what it was when it was looked at.
	ErrChanged = errors.New("it is not what was observed any more")
)

const (
	// MaxFileSize bounds what ReadFile takes into memory, in bytes.
	MaxFileSize = 16 << 20
	// MaxDirEntries bounds what ReadDir takes into memory.
	MaxDirEntries = 1 << 18
	// TempPrefix starts the name of a file that is being written and is not in place yet. The
	// leading dot keeps every drop-in directory from reading it. A run that is killed in the middle
	// can leave one behind.
	TempPrefix = ".harden-"
)

// maxLinks is how many symbolic links one resolution may follow: the kernel's own bound, see
// path_resolution(7).
const maxLinks = 40

// Info is what stat says of a path. Mode is fs.FileMode with type bits.
type Info struct {
	Mode     fs.FileMode
	UID, GID int
	Size     int64
}

// Attr is the owner and mode of a file that is created.
type Attr struct {
	Mode     fs.FileMode
	UID, GID int
}

// entry is a directory entry that has its information with it, so that it never goes back to the
// file system by path.
type entry struct {
	name string
	info Info
	time time.Time
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.info.Mode.IsDir() }
func (e entry) Type() fs.FileMode          { return e.info.Mode.Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) Size() int64                { return e.info.Size }
func (e entry) Mode() fs.FileMode          { return e.info.Mode }
func (e entry) ModTime() time.Time         { return e.time }
func (e entry) Sys() any                   { return e.info }
