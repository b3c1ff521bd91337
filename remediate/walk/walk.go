// Package walk visits every file of a root file system once, in memory that does not grow with their
// number. It works on directory descriptors, follows no link, and knows what is left out: file systems
// that are not on a disk of the machine, what container runtimes keep, and this project's own state.
package walk

import (
	"errors"
	"io/fs"
	"strings"
)

// ErrTooDeep says that a path is longer than the kernel takes (PATH_MAX), so that nothing could be
// done about what is there.
var ErrTooDeep = errors.New("path is too long")

// Entry is one file, directory, link or other node. It is only valid while it is visited.
type Entry struct {
	Mode     fs.FileMode // with type bits
	UID, GID int

	path []byte // absolute, as seen inside the root
	base int    // where the name starts
}

// NewEntry is an entry for a path that no walk came to.
func NewEntry(path string, mode fs.FileMode, uid, gid int) *Entry {
	return &Entry{Mode: mode, UID: uid, GID: gid, path: []byte(path), base: strings.LastIndexByte(path, '/') + 1}
}

// With is the entry with another mode and owner.
func (e *Entry) With(mode fs.FileMode, uid, gid int) *Entry {
	c := *e
	c.Mode, c.UID, c.GID = mode, uid, gid
	return &c
}

// Path is the absolute path inside the root.
func (e *Entry) Path() string { return string(e.path) }

// Bytes is the path without a copy; it changes with the next entry.
func (e *Entry) Bytes() []byte { return e.path }

// Name is the last component of the path, "" for the root.
func (e *Entry) Name() string { return string(e.path[e.base:]) }

// Below reports whether the entry stands somewhere below a directory.
func (e *Entry) Below(dir string) bool {
	return len(e.path) > len(dir) && e.path[len(dir)] == '/' && string(e.path[:len(dir)]) == dir
}

// Summary is what a walk came to.
type Summary struct {
	Entries int // visited, directories included
	// LeftOut lists the directories whose content was not looked at, sorted, and no more than MaxLeftOut.
	LeftOut []string
	// MoreLeftOut counts those beyond.
	MoreLeftOut int
}

// MaxLeftOut bounds the list of a Summary.
const MaxLeftOut = 100

// leftOut reports whether the content of a directory is no part of the image: what the kernel and
// systemd mount over it at boot (file-hierarchy(7)), read-only images of snaps, and what belongs to
// containers, whose files carry owners and modes of another system. The benchmarks leave out the same. What
// the journal of an apply keeps is not part of the system any more, and is gone when that apply is undone.
func leftOut(dir []byte) bool {
	switch string(dir) {
	case "/dev", "/proc", "/run", "/sys",
		"/snap", "/var/lib/snapd/snap",
		"/var/lib/containerd", "/var/lib/containers", "/var/lib/docker", "/var/lib/harden", "/var/lib/lxc", "/var/lib/machines",
		"/var/lib/kubelet/plugins", "/var/lib/kubelet/pods":
		return true
	}
	return false
}

// LeftOut reports whether a path stands in a directory whose content is left out.
func LeftOut(path string) bool {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' && leftOut([]byte(path[:i])) {
			return true
		}
	}
	return false
}
