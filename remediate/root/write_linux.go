package root

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Replace puts content in place atomically and durably: a reader sees the old file or the new one,
// also after a crash. An existing file keeps its owner, mode and extended attributes, and is
// replaced where its links lead inside the root. A new file gets create. Missing directories are
// created 0755 and root's.
//
// The file becomes a new one: other hard links to it keep the old content, and a program that has
// it open keeps the old file.
func (r *Root) Replace(path string, content []byte, create Attr) error {
	if err := r.replace(path, content, create); err != nil {
		return fmt.Errorf("cannot replace %s: %w", path, err)
	}
	return nil
}

func (r *Root) replace(path string, content []byte, create Attr) error {
	p, err := r.target(path, how{follow: true, mkdir: true})
	if err != nil {
		return err
	}
	defer p.close()

	attr, xattrs := create, []Xattr(nil)
	if p.fd >= 0 {
		attr, xattrs, err = p.existing()
		if err != nil {
			return err
		}
	}
	return p.swapFile(content, attr, xattrs, p.fd >= 0)
}

// swapFile writes a complete file beside the place and renames it there.
func (p *place) swapFile(content []byte, attr Attr, xattrs []Xattr, existed bool) error {
	return p.swap(func(name string) error {
		fd, err := openat(p.dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return err
		}
		err = fill(fd, content, attr, xattrs, existed)
		if closeErr := unix.Close(fd); err == nil {
			err = closeErr
		}
		return err
	})
}

// ReplaceLink puts a new regular file in the place of a symbolic link (or a file), atomically and
// durably, and leaves alone what the link leads to.
func (r *Root) ReplaceLink(path string, content []byte, create Attr) error {
	if err := r.replaceLink(path, content, create); err != nil {
		return fmt.Errorf("cannot replace %s: %w", path, err)
	}
	return nil
}

func (r *Root) replaceLink(path string, content []byte, create Attr) error {
	p, err := r.target(path, how{mkdir: true})
	if err != nil {
		return err
	}
	defer p.close()
	return p.swapFile(content, create, nil, false)
}

// existing gives what a replacement of the file has to keep.
func (p *place) existing() (Attr, []Xattr, error) {
	var st unix.Stat_t
	if err := unix.Fstat(p.fd, &st); err != nil {
		return Attr{}, nil, err
	}
	if err := regular(fileMode(st.Mode)); err != nil {
		return Attr{}, nil, err
	}
	fd, err := p.reopen(st)
	if err != nil {
		return Attr{}, nil, err
	}
	defer unix.Close(fd)
	xattrs, err := readXattrs(fd)
	if err != nil {
		return Attr{}, nil, err
	}
	return Attr{Mode: fileMode(st.Mode), UID: int(st.Uid), GID: int(st.Gid)}, xattrs, nil
}

// reopen opens the place for reading and makes sure that it is still what st describes.
func (p *place) reopen(st unix.Stat_t) (int, error) {
	dir, name := p.dir, p.name
	if name == "" {
		dir, name = p.fd, "."
	}
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return -1, err
	}
	var now unix.Stat_t
	if err := unix.Fstat(fd, &now); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if now.Dev != st.Dev || now.Ino != st.Ino {
		unix.Close(fd)
		return -1, errors.New("file was replaced by another process")
	}
	return fd, nil
}

// fill makes the new file complete before it has its name. The order matters: writing and changing
// the owner clear set-id bits and capabilities, and an access list carries group bits of the mode.
func fill(fd int, content []byte, attr Attr, xattrs []Xattr, existed bool) error {
	if err := writeAll(fd, content); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if int(st.Uid) != attr.UID || int(st.Gid) != attr.GID {
		if err := unix.Fchown(fd, attr.UID, attr.GID); err != nil {
			return fmt.Errorf("cannot set owner %d:%d: %w", attr.UID, attr.GID, err)
		}
	}
	if existed {
		if err := writeXattrs(fd, xattrs); err != nil {
			return err
		}
	}
	if err := unix.Fchmod(fd, unixMode(attr.Mode)); err != nil {
		return fmt.Errorf("cannot set mode %04o: %w", unixMode(attr.Mode), err)
	}
	return unix.Fsync(fd)
}

// Symlink makes path a symbolic link to target, atomically and durably, replacing a file or link
// that stands there (never a directory). The last component of path is not followed.
func (r *Root) Symlink(path, target string) error {
	err := r.symlink(path, target)
	if err != nil {
		return fmt.Errorf("cannot link %s to %s: %w", path, target, err)
	}
	return nil
}

func (r *Root) symlink(path, target string) error {
	p, err := r.target(path, how{mkdir: true})
	if err != nil {
		return err
	}
	defer p.close()
	return p.swap(func(name string) error { return unix.Symlinkat(target, p.dir, name) })
}

// swap has a new thing made under a temporary name, and then gives it the place's name.
func (p *place) swap(make func(name string) error) error {
	name, err := makeTemp(make)
	if err != nil {
		if name != "" {
			_ = unix.Unlinkat(p.dir, name, 0)
		}
		return err
	}
	if err := unix.Renameat(p.dir, name, p.dir, p.name); err != nil {
		_ = unix.Unlinkat(p.dir, name, 0)
		return err
	}
	return syncDir(p.dir)
}

// makeTemp finds a name that is free. With an error it returns the name only when something of ours
// has that name.
func makeTemp(make func(name string) error) (string, error) {
	const tries = 16
	for i := 0; ; i++ {
		name := TempPrefix + rand.Text()
		err := make(name)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, unix.EEXIST) {
			return name, err
		}
		if i == tries {
			return "", err
		}
	}
}

// SetAttr changes mode or owner of what path leads to inside the root; nil leaves a field as it is.
// Set-id bits that the kernel clears with a change of owner are put back.
func (r *Root) SetAttr(path string, mode *fs.FileMode, uid, gid *int) error {
	if err := r.setAttr(path, mode, uid, gid); err != nil {
		return fmt.Errorf("cannot set owner or mode of %s: %w", path, err)
	}
	return nil
}

func (r *Root) setAttr(path string, mode *fs.FileMode, uid, gid *int) error {
	p, err := r.walk(path, how{follow: true})
	if err != nil {
		return err
	}
	defer p.close()
	if p.fd < 0 {
		return unix.ENOENT
	}
	return p.setAttr(mode, uid, gid)
}

// SetAttrOf is SetAttr for a path that its user could exchange meanwhile: no component of it may be a
// link, and what stands there must have the mode and owner that were seen. Otherwise it is ErrChanged.
func (r *Root) SetAttrOf(path string, seen Attr, mode *fs.FileMode, uid, gid *int) error {
	if err := r.setAttrOf(path, seen, mode, uid, gid); err != nil {
		return fmt.Errorf("cannot set owner or mode of %s: %w", path, err)
	}
	return nil
}

func (r *Root) setAttrOf(path string, seen Attr, mode *fs.FileMode, uid, gid *int) error {
	p, err := r.walk(path, how{})
	if err != nil {
		return err
	}
	defer p.close()
	if p.fd < 0 {
		return unix.ENOENT
	}
	if p.path != path {
		return fmt.Errorf("%w: there is a link on the way", ErrChanged)
	}
	var st unix.Stat_t
	if err := unix.Fstat(p.fd, &st); err != nil {
		return err
	}
	if m := fileMode(st.Mode); m&fs.ModeSymlink != 0 || m&^fs.ModeType != seen.Mode&^fs.ModeType ||
		int(st.Uid) != seen.UID || int(st.Gid) != seen.GID {
		return ErrChanged
	}
	return p.setAttr(mode, uid, gid)
}

func (p *place) setAttr(mode *fs.FileMode, uid, gid *int) error {
	var st unix.Stat_t
	if err := unix.Fstat(p.fd, &st); err != nil {
		return err
	}
	if uid != nil || gid != nil {
		if err := unix.Fchownat(p.fd, "", orSame(uid), orSame(gid), unix.AT_EMPTY_PATH); err != nil {
			return err
		}
	}
	bits := st.Mode & 0o7777
	if mode != nil {
		bits = unixMode(*mode)
	}
	if mode != nil || bits&(unix.S_ISUID|unix.S_ISGID) != 0 {
		if err := p.chmod(st, bits); err != nil {
			return err
		}
	}
	if kind := st.Mode & unix.S_IFMT; kind != unix.S_IFREG && kind != unix.S_IFDIR {
		return nil
	}
	fd, err := p.reopen(st)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return syncFD(fd)
}

// chmod changes the mode of exactly the thing that fd is open on. Before Linux 6.6 there is no
// chmod for a descriptor of O_PATH; /proc is the way round, and a plain descriptor where a chroot
// has no /proc.
func (p *place) chmod(st unix.Stat_t, bits uint32) error {
	err := unix.Fchmodat(p.fd, "", bits, unix.AT_EMPTY_PATH)
	if !unsupported(err) && err != unix.EPERM && err != unix.EINVAL {
		return err
	}
	if err := unix.Chmod("/proc/self/fd/"+strconv.Itoa(p.fd), bits); err != unix.ENOENT && err != unix.ENOTDIR {
		return err
	}
	fd, err := p.reopen(st)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Fchmod(fd, bits)
}

func orSame(id *int) int {
	if id == nil {
		return -1
	}
	return *id
}

// Remove unlinks a file or a symbolic link itself, never a directory.
func (r *Root) Remove(path string) error {
	if err := r.remove(path); err != nil {
		return fmt.Errorf("cannot remove %s: %w", path, err)
	}
	return nil
}

func (r *Root) remove(path string) error {
	p, err := r.target(path, how{})
	if err != nil {
		return err
	}
	defer p.close()
	if err := unix.Unlinkat(p.dir, p.name, 0); err != nil {
		return err
	}
	return syncDir(p.dir)
}

// MkdirAll creates a directory and those above it where they are missing, 0755 and root's.
func (r *Root) MkdirAll(path string) error {
	// Before the dot every component is one that a walk creates.
	p, err := r.walk(path+"/.", how{mkdir: true})
	if err != nil {
		return fmt.Errorf("cannot create directory %s: %w", path, err)
	}
	p.close()
	return nil
}

// target is the place of something that is not a directory.
func (r *Root) target(path string, h how) (*place, error) {
	if strings.HasSuffix(path, "/") {
		return nil, unix.EISDIR
	}
	p, err := r.walk(path, h)
	if err != nil {
		return nil, err
	}
	if p.name == "" {
		p.close()
		return nil, unix.EISDIR
	}
	return p, nil
}

// syncDir makes the names in a directory durable. dir may be of O_PATH.
func syncDir(dir int) error {
	fd, err := openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return syncFD(fd)
}

// syncFD is fsync(2), but for file systems that have none for directories.
func syncFD(fd int) error {
	err := unix.Fsync(fd)
	if err == unix.EINVAL || unsupported(err) {
		return nil
	}
	return err
}

func unsupported(err error) bool {
	return errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS)
}
