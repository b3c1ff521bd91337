package root

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Root is an open root file system. It may be used by several goroutines at once.
type Root struct {
	fd int // O_PATH
	// walks says that paths are resolved here and not by the kernel: openat2(2) is absent before
	// Linux 5.6 and refused by older container seccomp profiles.
	walks bool
}

// Open opens the directory dir as a root file system. Symbolic links that lead to dir itself are
// followed.
func Open(dir string) (*Root, error) {
	fd, err := openat(unix.AT_FDCWD, dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot open root %s: %w", dir, err)
	}
	r := &Root{fd: fd}
	probe, err := r.openat2("/", unix.O_PATH)
	if err != nil {
		r.walks = true
	} else {
		unix.Close(probe)
	}
	return r, nil
}

// Close releases the root. Its other methods may not be used afterwards.
func (r *Root) Close() error { return unix.Close(r.fd) }

// ReadFile reads a regular file, following links inside the root. It never blocks on a FIFO and
// never opens a device that stands there.
func (r *Root) ReadFile(path string) ([]byte, error) {
	content, err := r.readFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return content, nil
}

func (r *Root) readFile(path string) ([]byte, error) {
	// Opening a device can have effects (a watchdog starts, a tape rewinds), so look first.
	seen, err := r.stat(path, 0)
	if err != nil {
		return nil, err
	}
	if err := regular(fileMode(seen.Mode)); err != nil {
		return nil, err
	}
	fd, err := r.open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if err := regular(fileMode(st.Mode)); err != nil {
		return nil, err
	}
	if st.Size > MaxFileSize {
		return nil, ErrTooLarge
	}
	// Files of procfs say that they are empty, so the size decides nothing but the bound.
	content, err := io.ReadAll(io.LimitReader(file, MaxFileSize+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(content) > MaxFileSize {
		return nil, ErrTooLarge
	}
	return content, nil
}

// ReadDir lists a directory, sorted bytewise by name.
func (r *Root) ReadDir(path string) ([]fs.DirEntry, error) {
	entries, err := r.readDir(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read directory %s: %w", path, err)
	}
	return entries, nil
}

func (r *Root) readDir(path string) ([]fs.DirEntry, error) {
	fd, err := r.open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	dir := os.NewFile(uintptr(fd), path)
	defer dir.Close()
	var entries []fs.DirEntry
	for {
		names, err := dir.Readdirnames(1024)
		for _, name := range names {
			var st unix.Stat_t
			err := unix.Fstatat(fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
			if errors.Is(err, unix.ENOENT) {
				continue // gone since it was listed, as processes in /proc do
			}
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry{name: name, info: info(st), time: time.Unix(st.Mtim.Unix())})
		}
		if len(entries) > MaxDirEntries {
			return nil, ErrTooLarge
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, cause(err)
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Stat describes what path leads to inside the root.
func (r *Root) Stat(path string) (Info, error) {
	st, err := r.stat(path, 0)
	if err != nil {
		return Info{}, fmt.Errorf("cannot stat %s: %w", path, err)
	}
	return info(st), nil
}

// Lstat describes path itself; only links before its last component are followed.
func (r *Root) Lstat(path string) (Info, error) {
	st, err := r.stat(path, unix.O_NOFOLLOW)
	if err != nil {
		return Info{}, fmt.Errorf("cannot stat %s: %w", path, err)
	}
	return info(st), nil
}

func (r *Root) stat(path string, flags int) (unix.Stat_t, error) {
	var st unix.Stat_t
	fd, err := r.open(path, unix.O_PATH|flags)
	if err != nil {
		return st, err
	}
	defer unix.Close(fd)
	return st, unix.Fstat(fd, &st)
}

// Readlink gives the text of a symbolic link.
func (r *Root) Readlink(path string) (string, error) {
	target, err := r.readlink(path)
	if err != nil {
		return "", fmt.Errorf("cannot read link %s: %w", path, err)
	}
	return target, nil
}

func (r *Root) readlink(path string) (string, error) {
	fd, err := r.open(path, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", unix.EINVAL
	}
	return readlink(fd)
}

// Resolve gives the path with every link and dot followed, as seen inside the root. Components that
// are absent, also where a dangling link leads, keep their names: the result is where Replace would
// put a file.
func (r *Root) Resolve(path string) (string, error) {
	p, err := r.walk(path, how{follow: true, absent: true})
	if err != nil {
		return "", fmt.Errorf("cannot resolve %s: %w", path, err)
	}
	defer p.close()
	return p.path, nil
}

// open opens what path leads to inside the root. It never creates anything.
func (r *Root) open(path string, flags int) (int, error) {
	if err := valid(path); err != nil {
		return -1, err
	}
	if !r.walks {
		fd, err := r.openat2(path, flags)
		if err != unix.EAGAIN {
			return fd, err
		}
		// The kernel cannot tell where ".." leads while directories are being renamed. The walk can.
	}
	p, err := r.walk(path, how{follow: flags&unix.O_NOFOLLOW == 0})
	if err != nil {
		return -1, err
	}
	defer p.close()
	if p.fd < 0 {
		return -1, unix.ENOENT
	}
	if p.name == "" {
		return openat(p.fd, ".", flags, 0)
	}
	return openat(p.dir, p.name, flags|unix.O_NOFOLLOW, 0)
}

func (r *Root) openat2(path string, flags int) (int, error) {
	const tries = 32
	for i := 0; ; i++ {
		fd, err := unix.Openat2(r.fd, path, &unix.OpenHow{
			Flags:   uint64(flags | unix.O_CLOEXEC),
			Resolve: unix.RESOLVE_IN_ROOT,
		})
		if err != unix.EINTR && (err != unix.EAGAIN || i == tries) {
			return fd, err
		}
	}
}

func info(st unix.Stat_t) Info {
	return Info{Mode: fileMode(st.Mode), UID: int(st.Uid), GID: int(st.Gid), Size: st.Size}
}

// regular is nil for a regular file and says what it is otherwise.
func regular(mode fs.FileMode) error {
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return fmt.Errorf("%w (a directory)", ErrNotRegular)
	case mode&fs.ModeNamedPipe != 0:
		return fmt.Errorf("%w (a FIFO)", ErrNotRegular)
	case mode&fs.ModeDevice != 0:
		return fmt.Errorf("%w (a device)", ErrNotRegular)
	case mode&fs.ModeSocket != 0:
		return fmt.Errorf("%w (a socket)", ErrNotRegular)
	}
	return ErrNotRegular
}

// cause takes the path off an error of package os, which would name it a second time.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
