package root

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Vault is an open directory inside the root that only its owner, who runs this, can look into. What
// is kept there may be older than what stands in the system and as secret.
type Vault struct {
	fd   int
	path string
}

// OpenVault opens the directory dir/below. Nothing on the way may be a link, and every directory of below
// must be this user's own with mode 0700: anybody could have put another one into an image. With create,
// missing ones are made, those of dir 0755 and those of below 0700.
func (r *Root) OpenVault(dir, below string, create bool) (*Vault, error) {
	fd, err := r.openVault(dir, below, create)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s/%s: %w", dir, below, err)
	}
	return &Vault{fd, dir + "/" + below}, nil
}

func (r *Root) openVault(dir, below string, create bool) (int, error) {
	p, err := r.strict(dir)
	if err != nil {
		return -1, err
	}
	if p.fd < 0 && create {
		p.close()
		if p, err = r.walk(dir+"/.", how{mkdir: true}); err != nil {
			return -1, err
		}
	}
	defer p.close()
	if p.fd < 0 {
		return -1, unix.ENOENT
	}
	if p.path != dir {
		return -1, ErrChanged
	}
	at, err := dup(p.fd)
	if err != nil {
		return -1, err
	}
	for name := range strings.SplitSeq(below, "/") {
		next, err := privateDir(at, name, create)
		unix.Close(at)
		if err != nil {
			return -1, err
		}
		at = next
	}
	return at, nil
}

// privateDir opens a directory that nobody else can look into.
func privateDir(at int, name string, create bool) (int, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW
	fd, err := openat(at, name, flags, 0)
	if errors.Is(err, unix.ENOENT) && create {
		if err := unix.Mkdirat(at, name, 0o700); err != nil {
			return -1, err
		}
		if err := syncDir(at); err != nil {
			return -1, err
		}
		fd, err = openat(at, name, flags, 0)
	}
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	switch {
	case err != nil:
	case int(st.Uid) != unix.Geteuid():
		err = fmt.Errorf("refused: directory %s belongs to user %d, so what is in it may be anybody's", name, st.Uid)
	case st.Mode&0o77 != 0:
		err = fmt.Errorf("refused: directory %s has mode %04o and must be its owner's alone (0700)", name, st.Mode&0o7777)
	default:
		return fd, nil
	}
	unix.Close(fd)
	return -1, err
}

// Close releases the directory.
func (v *Vault) Close() error { return unix.Close(v.fd) }

// Names lists what is in the vault, sorted bytewise.
func (v *Vault) Names() ([]string, error) {
	r := Root{fd: v.fd, walks: true}
	entries, err := r.readDir("/")
	if err != nil {
		return nil, fmt.Errorf("cannot read directory %s: %w", v.path, err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// Read reads a file of the vault, of which more than max bytes are an error.
func (v *Vault) Read(name string, max int64) ([]byte, error) {
	content, err := v.read(name, max)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s/%s: %w", v.path, name, cause(err))
	}
	return content, nil
}

func (v *Vault) read(name string, max int64) ([]byte, error) {
	file, err := v.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, max+1))
	if err == nil && int64(len(content)) > max {
		err = ErrTooLarge
	}
	return content, err
}

// open opens a regular file of the vault for reading.
func (v *Vault) open(name string) (*os.File, error) {
	var seen unix.Stat_t
	if err := unix.Fstatat(v.fd, name, &seen, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return nil, err
	}
	if err := regular(fileMode(seen.Mode)); err != nil {
		return nil, err
	}
	fd, err := openat(v.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Append adds data to a file of the vault, which is made when absent, and makes it durable when sync says so.
func (v *Vault) Append(name string, data []byte, sync bool) error {
	if err := v.append(name, data, sync); err != nil {
		return fmt.Errorf("cannot write %s/%s: %w", v.path, name, err)
	}
	return nil
}

func (v *Vault) append(name string, data []byte, sync bool) error {
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_NOFOLLOW
	fd, err := openat(v.fd, name, flags, 0)
	made := errors.Is(err, unix.ENOENT)
	if made {
		fd, err = openat(v.fd, name, flags|unix.O_CREAT|unix.O_EXCL, 0o600)
	}
	if err != nil {
		return err
	}
	err = writeAll(fd, data)
	if err == nil && sync {
		err = unix.Fsync(fd)
	}
	if closeErr := unix.Close(fd); err == nil {
		err = closeErr
	}
	if err == nil && made && sync {
		err = syncDir(v.fd)
	}
	return err
}

// Remove removes files of the vault. One that is absent is no error.
func (v *Vault) Remove(names ...string) error {
	for _, name := range names {
		if err := unix.Unlinkat(v.fd, name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("cannot remove %s/%s: %w", v.path, name, err)
		}
	}
	if err := syncDir(v.fd); err != nil {
		return fmt.Errorf("cannot remove from %s: %w", v.path, err)
	}
	return nil
}

// Keep keeps what stands at path, which is no directory, under a name in the vault; Sync makes that durable.
// Where the file system allows it that is another hard link, so that Restore brings back the very file;
// elsewhere a file is copied. Of a link on another file system nothing is kept, since its Node says it all.
func (v *Vault) Keep(r *Root, path, name string) error {
	if err := v.keep(r, path, name); err != nil {
		return fmt.Errorf("cannot keep %s: %w", path, err)
	}
	return nil
}

func (v *Vault) keep(r *Root, path, name string) error {
	p, err := r.strict(path)
	if err != nil {
		return err
	}
	defer p.close()
	if p.fd < 0 {
		return unix.ENOENT
	}
	err = unix.Linkat(p.dir, p.name, v.fd, name, 0)
	switch {
	case err == nil:
		same, err := v.is(name, p.fd)
		if err == nil && !same {
			_ = unix.Unlinkat(v.fd, name, 0)
			err = ErrChanged
		}
		return err
	case !noLink(err):
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(p.fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return nil
	}
	if err := regular(fileMode(st.Mode)); err != nil {
		return err
	}
	return v.copy(p, st, name)
}

// noLink says that a file cannot have another name here: it is on another file system, or the file system
// has no hard links or no more of them, or it is immutable.
func noLink(err error) bool {
	return err == unix.EXDEV || err == unix.EPERM || err == unix.EMLINK || unsupported(err)
}

// is reports whether name is the file that fd is open on.
func (v *Vault) is(name string, fd int) (bool, error) {
	var a, b unix.Stat_t
	if err := unix.Fstatat(v.fd, name, &a, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return false, err
	}
	if err := unix.Fstat(fd, &b); err != nil {
		return false, err
	}
	return a.Dev == b.Dev && a.Ino == b.Ino, nil
}

func (v *Vault) copy(p *place, st unix.Stat_t, name string) error {
	from, err := p.reopen(st)
	if err != nil {
		return err
	}
	source := os.NewFile(uintptr(from), name)
	defer source.Close()
	fd, err := openat(v.fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	target := os.NewFile(uintptr(fd), name)
	_, err = io.Copy(target, source)
	if err == nil {
		err = target.Sync()
	}
	if closeErr := target.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = unix.Unlinkat(v.fd, name, 0)
		return cause(err)
	}
	return nil
}

// Sync makes the names in the vault durable.
func (v *Vault) Sync() error {
	if err := syncDir(v.fd); err != nil {
		return fmt.Errorf("cannot write %s: %w", v.path, err)
	}
	return nil
}

// putBack gives the place what is kept as name: the very file where it is a hard link, which takes neither
// space nor an inode, and a copy with want's owner, mode, attributes and time elsewhere.
func (v *Vault) putBack(p *place, now, want Node, name string) error {
	var kept unix.Stat_t
	if err := unix.Fstatat(v.fd, name, &kept, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if kept.Ino == want.Inode {
		if !now.Absent {
			// Renaming one name of a file over another does nothing.
			if same, err := v.is(name, p.fd); err != nil || same {
				return err
			}
		}
		err := unix.Renameat(v.fd, name, p.dir, p.name)
		if err == nil {
			return errors.Join(syncDir(p.dir), syncDir(v.fd))
		}
		if err != unix.EXDEV {
			return err
		}
	}
	file, err := v.open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return p.swap(func(temp string) error {
		fd, err := openat(p.dir, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if err != nil {
			return err
		}
		err = copyInto(fd, file)
		if err == nil {
			err = unix.UtimesNanoAt(p.dir, temp, times(want), unix.AT_SYMLINK_NOFOLLOW)
		}
		if err == nil {
			err = fill(fd, nil, Attr{Mode: want.Mode, UID: want.UID, GID: want.GID}, want.Xattrs, true)
		}
		if closeErr := unix.Close(fd); err == nil {
			err = closeErr
		}
		return err
	})
}

func copyInto(fd int, file *os.File) error {
	buf := make([]byte, 1<<16)
	for {
		n, err := file.Read(buf)
		if err := writeAll(fd, buf[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return cause(err)
		}
	}
}

func writeAll(fd int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if err != nil && err != unix.EINTR {
			return err
		}
		if n > 0 {
			data = data[n:]
		}
	}
	return nil
}

// Has reports whether something is kept under a name.
func (v *Vault) Has(name string) (bool, error) {
	var st unix.Stat_t
	err := unix.Fstatat(v.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot look for %s/%s: %w", v.path, name, err)
	}
	return true, nil
}

// Lock takes the lock of a file inside the root, which is made when absent, or of the directory / itself
// where file is "". It never waits: somebody else's lock is ErrInUse. The lock ends with the process.
func (r *Root) Lock(file string) (release func() error, err error) {
	fd, err := r.lock(file)
	if err != nil {
		return nil, err
	}
	return func() error { return unix.Close(fd) }, nil
}

func (r *Root) lock(file string) (int, error) {
	fd, err := openat(r.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return -1, fmt.Errorf("cannot lock: %w", err)
	}
	if file != "" {
		p, err := r.strict(file)
		unix.Close(fd)
		if err != nil {
			return -1, fmt.Errorf("cannot lock %s: %w", file, err)
		}
		defer p.close()
		if fd, err = openat(p.dir, p.name, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600); err != nil {
			return -1, fmt.Errorf("cannot lock %s: %w", file, err)
		}
	}
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return fd, nil
	}
	if err == unix.EWOULDBLOCK {
		err = &ErrInUse{PID: holder(fd)}
	}
	unix.Close(fd)
	return -1, err
}

// holder asks the kernel which process has the lock on what fd is open on; 0 when it does not say.
func holder(fd int) int {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	for line := range bytes.Lines(locks) {
		var number, kind, advisory, access, at string
		var pid int
		n, _ := fmt.Sscan(string(line), &number, &kind, &advisory, &access, &pid, &at)
		if n == 6 && kind == "FLOCK" && at == file {
			return pid
		}
	}
	return 0
}
