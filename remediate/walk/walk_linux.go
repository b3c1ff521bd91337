package walk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// bufferSize is how much of a directory is read at a time.
	bufferSize = 32 << 10
	// pendingSize bounds the names of directories that wait to be visited. Beyond it, directories are
	// read in pieces of smallBuffer, so a tree of any shape needs little more than this.
	pendingSize = 1 << 20
	smallBuffer = 512
	// maxOpen is how many directories are open at a time. Those higher up are closed meanwhile and
	// found again through "..".
	maxOpen = 64
)

// Dir visits the directory that dir is open on, as "/", and everything below it. An entry that vanishes
// meanwhile is passed over; anything else that cannot be looked at ends the walk, as does an error of
// visit: what was not seen must not count as seen.
//
// Directories of other file systems are entered when these are on a disk of the machine; see local.
func Dir(ctx context.Context, dir *os.File, visit func(*Entry) error) (Summary, error) {
	w := walker{ctx: ctx, visit: visit, buf: make([]byte, bufferSize), pending: make([]byte, 0, 4096)}
	fd, err := open(int(dir.Fd()), []byte(".\x00"), unix.O_RDONLY)
	if err != nil {
		return w.sum, fmt.Errorf("cannot look at /: %w", err)
	}
	err = w.run(fd)
	for _, f := range w.frames {
		if f.fd >= 0 {
			unix.Close(f.fd)
		}
	}
	slices.Sort(w.sum.LeftOut)
	return w.sum, err
}

// frame is a directory that is being visited.
type frame struct {
	fd       int    // -1 while it is closed for the sake of those below
	dev, ino uint64 // set when it is closed, to know it again
	offset   int64  // likewise
	path     int    // length of its path, 0 for the root
	pending  int    // where its pending names start
	next     int    // the pending name to be visited next
	done     bool   // all of it is read
}

type walker struct {
	ctx   context.Context
	visit func(*Entry) error
	sum   Summary

	frames  []frame
	buf     []byte // directory entries as the kernel gives them
	path    []byte // of the directory on top
	pending []byte // names, each with a byte before it that says whether it is of another device, and a NUL after it
	st      unix.Statx_t
	entry   Entry
	oldStat bool // the kernel has no statx(2)
}

func (w *walker) run(fd int) error {
	if err := w.stat(fd, []byte{0}, unix.AT_EMPTY_PATH); err != nil {
		unix.Close(fd)
		return fmt.Errorf("cannot look at /: %w", err)
	}
	w.frames = append(w.frames, frame{fd: fd})
	w.frames[0].dev = w.dev()
	if err := w.show([]byte("/"), 1); err != nil {
		return err
	}
	for len(w.frames) > 0 {
		if err := w.step(); err != nil {
			return err
		}
	}
	return nil
}

// step reads a piece of the directory on top, or goes into one of its directories, or leaves it.
func (w *walker) step() error {
	top := &w.frames[len(w.frames)-1]
	switch {
	case top.next < len(w.pending):
		return w.enter(top)
	case top.done:
		return w.leave()
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	w.pending, top.next = w.pending[:top.pending], top.pending
	buf := w.buf
	if len(w.pending) > pendingSize {
		buf = buf[:smallBuffer]
	}
	n, err := readDir(top.fd, buf)
	if err != nil {
		return fmt.Errorf("cannot read directory %q: %w", w.dirPath(), err)
	}
	if n == 0 {
		top.done = true
		return nil
	}
	return w.entries(top, buf[:n])
}

func (w *walker) dirPath() string {
	if len(w.path) == 0 {
		return "/"
	}
	return string(w.path)
}

// entries visits a piece of a directory: struct linux_dirent64 of getdents64(2), one after the other.
func (w *walker) entries(top *frame, buf []byte) error {
	const header = 19 // inode 8, offset 8, length 2, type 1
	for len(buf) > header {
		size := int(*(*uint16)(unsafe.Pointer(&buf[16])))
		if size <= header || size > len(buf) {
			return fmt.Errorf("cannot read directory %q: the kernel's answer makes no sense", w.dirPath())
		}
		name := buf[header:size]
		buf = buf[size:]
		end := slices.Index(name, 0)
		if end < 0 {
			return fmt.Errorf("cannot read directory %q: the kernel's answer makes no sense", w.dirPath())
		}
		if end == 1 && name[0] == '.' || end == 2 && name[0] == '.' && name[1] == '.' {
			continue
		}
		if err := w.one(top, name[:end+1]); err != nil {
			return err
		}
	}
	return nil
}

// one visits an entry; name ends in a NUL.
func (w *walker) one(top *frame, name []byte) error {
	err := w.stat(top.fd, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT)
	if err == unix.ENOENT {
		return nil // gone since it was listed
	}
	length := len(w.path)
	w.path = append(append(w.path, '/'), name[:len(name)-1]...)
	defer func() { w.path = w.path[:length] }()
	if err != nil {
		return fmt.Errorf("cannot look at %q: %w", w.path, err)
	}
	if len(w.path) >= unix.PathMax {
		return fmt.Errorf("cannot look at %q: %w", w.path[:64], ErrTooDeep)
	}
	if err := w.show(w.path, length+1); err != nil {
		return err
	}
	if w.st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil
	}
	if leftOut(w.path) {
		w.leaveOut()
		return nil
	}
	other := byte(0)
	if w.dev() != top.dev {
		other = 1
	}
	w.pending = append(append(w.pending, other), name...)
	return nil
}

func (w *walker) leaveOut() {
	if len(w.sum.LeftOut) == MaxLeftOut {
		w.sum.MoreLeftOut++
		return
	}
	w.sum.LeftOut = append(w.sum.LeftOut, string(w.path))
}

// show hands the entry that was looked at last to the visitor.
func (w *walker) show(path []byte, base int) error {
	w.sum.Entries++
	w.entry.Mode = fileMode(uint32(w.st.Mode))
	w.entry.UID, w.entry.GID = int(w.st.Uid), int(w.st.Gid)
	w.entry.path, w.entry.base = path, base
	return w.visit(&w.entry)
}

// enter opens the next pending directory.
func (w *walker) enter(top *frame) error {
	other := w.pending[top.next] == 1
	name := w.pending[top.next+1:]
	name = name[:slices.Index(name, 0)+1]
	top.next += 1 + len(name)
	length := len(w.path)
	w.path = append(append(w.path, '/'), name[:len(name)-1]...)

	dev := top.dev
	if other {
		var here bool
		var err error
		if dev, here, err = local(top.fd, name); err != nil && !gone(err) {
			return fmt.Errorf("cannot look at the file system in %q: %w", w.path, err)
		} else if err == nil && !here {
			w.leaveOut()
		}
		if !here {
			w.path = w.path[:length]
			return nil
		}
	}
	fd, err := open(top.fd, name, unix.O_RDONLY)
	if gone(err) {
		w.path = w.path[:length]
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot look into directory %q: %w", w.path, err)
	}
	w.frames = append(w.frames, frame{fd: fd, dev: dev, path: length, pending: len(w.pending), next: len(w.pending)})
	if n := len(w.frames) - 1 - maxOpen; n >= 0 && w.frames[n].fd >= 0 {
		return w.putAway(&w.frames[n])
	}
	return nil
}

// gone reports whether something else stands where a directory was.
func gone(err error) bool { return err == unix.ENOENT || err == unix.ENOTDIR || err == unix.ELOOP }

// putAway closes a directory until those below it are done.
func (w *walker) putAway(f *frame) error {
	var st unix.Stat_t
	err := unix.Fstat(f.fd, &st)
	if err == nil {
		f.offset, err = unix.Seek(f.fd, 0, unix.SEEK_CUR)
	}
	if err != nil {
		return fmt.Errorf("cannot put a directory aside: %w", err)
	}
	unix.Close(f.fd)
	f.fd, f.ino = -1, st.Ino
	return nil
}

// leave goes back to the directory above.
func (w *walker) leave() error {
	last := len(w.frames) - 1
	f := w.frames[last]
	if last > 0 && w.frames[last-1].fd < 0 {
		if err := w.fetch(f.fd, &w.frames[last-1]); err != nil {
			return fmt.Errorf("cannot go back from %q: %w", w.path, err)
		}
	}
	unix.Close(f.fd)
	w.pending = w.pending[:f.pending]
	w.path = w.path[:f.path]
	w.frames = w.frames[:last]
	return nil
}

// fetch opens a directory again that was put away. It is known by its inode: a directory that was moved
// meanwhile has another parent.
func (w *walker) fetch(below int, f *frame) error {
	fd, err := open(below, []byte("..\x00"), unix.O_RDONLY)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return err
	}
	if st.Ino != f.ino || st.Dev != f.dev {
		unix.Close(fd)
		return errors.New("the directory was moved meanwhile")
	}
	if _, err := unix.Seek(fd, f.offset, unix.SEEK_SET); err != nil {
		unix.Close(fd)
		return err
	}
	f.fd = fd
	return nil
}

// local reports whether the directory holds a file system that lives on a disk of this machine, so that
// it is part of what was installed. Others are left out: those that the kernel makes up or that are gone
// with a reboot, network and user-space file systems, layers of containers, read-only images, and
// FAT, which has neither owners nor modes. Opening with O_PATH mounts nothing.
func local(dir int, name []byte) (dev uint64, yes bool, err error) {
	fd, err := open(dir, name, unix.O_PATH)
	if err != nil {
		return 0, false, err
	}
	defer unix.Close(fd)
	var fsys unix.Statfs_t
	if err := unix.Fstatfs(fd, &fsys); err != nil {
		return 0, false, err
	}
	const zfs, jfs, bcachefs = 0x2fc12fc1, 0x3153464a, 0xca451a4e
	switch uint32(fsys.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC,
		unix.REISERFS_SUPER_MAGIC, zfs, jfs, bcachefs:
	default:
		return 0, false, nil
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	return st.Dev, err == nil, err
}

func (w *walker) dev() uint64 { return unix.Mkdev(w.st.Dev_major, w.st.Dev_minor) }

// stat fills w.st; name ends in a NUL. The system call is made by hand because the wrapper copies every
// name, and names are half of the work.
func (w *walker) stat(dir int, name []byte, flags int) error {
	const mask = unix.STATX_TYPE | unix.STATX_MODE | unix.STATX_UID | unix.STATX_GID
	for !w.oldStat {
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(dir), uintptr(unsafe.Pointer(&name[0])),
			uintptr(flags), mask, uintptr(unsafe.Pointer(&w.st)), 0)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EPERM: // before Linux 4.11, or a seccomp filter that is older
			w.oldStat = true
		default:
			return errno
		}
	}
	var st unix.Stat_t
	if err := unix.Fstatat(dir, string(name[:len(name)-1]), &st, flags); err != nil {
		return err
	}
	w.st.Mode, w.st.Uid, w.st.Gid = uint16(st.Mode), st.Uid, st.Gid
	w.st.Dev_major, w.st.Dev_minor = unix.Major(st.Dev), unix.Minor(st.Dev)
	return nil
}

// open opens a directory by its name in another one; name ends in a NUL.
func open(dir int, name []byte, flags int) (int, error) {
	const always = unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_LARGEFILE
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&name[0])), uintptr(flags|always), 0, 0, 0)
		if errno == 0 {
			return int(fd), nil
		}
		if errno != unix.EINTR {
			return -1, errno
		}
	}
}

func readDir(fd int, buf []byte) (int, error) {
	for {
		n, err := unix.Getdents(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err == unix.ENOENT {
			return 0, nil // the directory itself is gone
		}
		return n, err
	}
}

// fileMode translates a mode as stat(2) has it.
func fileMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	if m&unix.S_ISUID != 0 {
		mode |= fs.ModeSetuid
	}
	if m&unix.S_ISGID != 0 {
		mode |= fs.ModeSetgid
	}
	if m&unix.S_ISVTX != 0 {
		mode |= fs.ModeSticky
	}
	switch m & unix.S_IFMT {
	case unix.S_IFDIR:
		mode |= fs.ModeDir
	case unix.S_IFLNK:
		mode |= fs.ModeSymlink
	case unix.S_IFIFO:
		mode |= fs.ModeNamedPipe
	case unix.S_IFSOCK:
		mode |= fs.ModeSocket
	case unix.S_IFBLK:
		mode |= fs.ModeDevice
	case unix.S_IFCHR:
		mode |= fs.ModeDevice | fs.ModeCharDevice
	}
	return mode
}
