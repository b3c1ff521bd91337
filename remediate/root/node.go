package root

import (
	"fmt"
	"io/fs"
	"time"
)

// Xattr is one extended attribute: a security label, a capability set, an access list, a user's own.
type Xattr struct {
	Name  string
	Value []byte
}

// Node is what stands at a path itself, with everything about it that Restore brings back but for a
// file's content.
type Node struct {
	Absent   bool
	Mode     fs.FileMode // with type bits
	UID, GID int
	Size     int64
	ModTime  time.Time
	Target   string  // of a symbolic link
	Xattrs   []Xattr // of a file or directory
	Inode    uint64
	Links    uint64 // names that the file has
}

// ErrInUse says that somebody else has the lock.
type ErrInUse struct {
	PID int // 0 when it cannot be told
}

func (e *ErrInUse) Error() string {
	if e.PID == 0 {
		return "another harden is changing this machine"
	}
	return fmt.Sprintf("another harden is changing this machine (process %d)", e.PID)
}
