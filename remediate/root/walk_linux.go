package root

import (
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"
)

// place is where a walk ended: a name in a directory. The descriptors are of O_PATH.
type place struct {
	dir  int    // the directory that holds name; -1 for the root itself
	name string // "" for the root itself
	fd   int    // what the name stands for, not followed when it is a link; -1 when it is absent
	path string // as seen inside the root, without links or dots
}

func (p *place) close() {
	for _, fd := range []int{p.dir, p.fd} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// how says what a walk does besides walking.
type how struct {
	follow bool // follow the last component when it is a link
	mkdir  bool // create directories that are missing before the last component
	absent bool // what follows an absent component is absent too, and only named
}

// walk resolves a path component by component, as the kernel does with RESOLVE_IN_ROOT. It holds
// the descriptors of the directories that it came through, so ".." is never asked of the file
// system and cannot lead out of the root, even when a directory is moved meanwhile.
func (r *Root) walk(path string, h how) (*place, error) {
	if err := valid(path); err != nil {
		return nil, err
	}
	w := walker{root: r.fd}
	p, err := w.walk(path, h)
	if err != nil {
		w.reset()
		return nil, err
	}
	return p, nil
}

// valid refuses what the kernel would refuse, and relative paths, which mean nothing here.
func valid(path string) error {
	switch {
	case path == "":
		return unix.ENOENT
	case path[0] != '/':
		return errNotAbsolute
	case strings.IndexByte(path, 0) >= 0:
		return unix.EINVAL
	case len(path) >= unix.PathMax:
		return unix.ENAMETOOLONG
	}
	return nil
}

var errNotAbsolute = errors.New("path is not absolute")

type step struct {
	fd   int
	name string
}

type walker struct {
	root  int
	stack []step // the directories below the root that lead to where the walk is
}

// top is the directory that the walk is in.
func (w *walker) top() int {
	if len(w.stack) == 0 {
		return w.root
	}
	return w.stack[len(w.stack)-1].fd
}

func (w *walker) pop() {
	if n := len(w.stack); n > 0 {
		unix.Close(w.stack[n-1].fd)
		w.stack = w.stack[:n-1]
	}
}

func (w *walker) reset() {
	for len(w.stack) > 0 {
		w.pop()
	}
}

func (w *walker) walk(rest string, h how) (*place, error) {
	links := 0
	for {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			return w.here()
		}
		name := rest
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			name, rest = rest[:i], rest[i:]
		} else {
			rest = ""
		}
		switch name {
		case ".":
			continue
		case "..":
			w.pop()
			continue
		}

		last := strings.Trim(rest, "/") == ""
		fd, err := openat(w.top(), name, unix.O_PATH|unix.O_NOFOLLOW, 0)
		if errors.Is(err, unix.ENOENT) && !last && h.mkdir {
			fd, err = makeDir(w.top(), name)
		}
		if errors.Is(err, unix.ENOENT) && last {
			return w.end(name, -1)
		}
		if errors.Is(err, unix.ENOENT) && h.absent {
			return w.nowhere(name, rest)
		}
		if err != nil {
			return nil, err
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			unix.Close(fd)
			return nil, err
		}
		switch kind := st.Mode & unix.S_IFMT; {
		case kind == unix.S_IFLNK && (h.follow || rest != ""):
			target, err := readlink(fd)
			unix.Close(fd)
			if err != nil {
				return nil, err
			}
			if links++; links > maxLinks {
				return nil, unix.ELOOP
			}
			if target == "" {
				return nil, unix.ENOENT
			}
			if target[0] == '/' {
				w.reset()
			}
			rest = target + rest
		case rest == "":
			return w.end(name, fd)
		case kind == unix.S_IFDIR:
			w.stack = append(w.stack, step{fd, name})
		default:
			unix.Close(fd)
			return nil, unix.ENOTDIR
		}
	}
}

// here is the place of the directory that the walk is in.
func (w *walker) here() (*place, error) {
	if len(w.stack) == 0 {
		fd, err := dup(w.root)
		if err != nil {
			return nil, err
		}
		return &place{dir: -1, fd: fd, path: "/"}, nil
	}
	last := w.stack[len(w.stack)-1]
	w.stack = w.stack[:len(w.stack)-1]
	p, err := w.end(last.name, last.fd)
	if err != nil {
		unix.Close(last.fd)
	}
	return p, err
}

// end is the place of a name in the directory that the walk is in. It takes fd over.
func (w *walker) end(name string, fd int) (*place, error) {
	dir, err := dup(w.top())
	if err != nil {
		return nil, err
	}
	path := w.path() + "/" + name
	w.reset()
	return &place{dir: dir, name: name, fd: fd, path: path}, nil
}

// nowhere is the place of a path below an absent directory: it has a path and nothing else.
func (w *walker) nowhere(name, rest string) (*place, error) {
	path := w.path() + "/" + name
	for part := range strings.SplitSeq(rest, "/") {
		switch part {
		case "", ".":
		case "..":
			return nil, unix.ENOENT
		default:
			path += "/" + part
		}
	}
	w.reset()
	return &place{dir: -1, fd: -1, path: path}, nil
}

// path is that of the directory that the walk is in; "" for the root.
func (w *walker) path() string {
	var path strings.Builder
	for _, s := range w.stack {
		path.WriteString("/" + s.name)
	}
	return path.String()
}

// makeDir creates a directory for configuration: 0755, and root's when root runs this. Another
// user's belongs to that user.
func makeDir(dir int, name string) (int, error) {
	err := unix.Mkdirat(dir, name, 0o755)
	if errors.Is(err, unix.EEXIST) {
		return openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
	}
	if err != nil {
		return -1, err
	}
	fd, err := openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fd)
	if unix.Geteuid() == 0 {
		if err := unix.Fchown(fd, 0, 0); err != nil {
			return -1, err
		}
	}
	// The umask and a parent's setgid bit have no say.
	if err := unix.Fchmod(fd, 0o755); err != nil {
		return -1, err
	}
	if err := syncDir(dir); err != nil {
		return -1, err
	}
	return openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW, 0)
}

// openat is openat(2) that is not disturbed by signals and never leaks to a child.
func openat(dir int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(dir, name, flags|unix.O_CLOEXEC, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func dup(fd int) (int, error) {
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}

// readlink reads the link that fd, of O_PATH, is open on.
func readlink(fd int) (string, error) {
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// fileMode translates a mode as stat(2) has it.
func fileMode(m uint32) fs.FileMode {
	mode := fs.FileMode(m & 0o777)
	for _, b := range setBits {
		if m&b.unix != 0 {
			mode |= b.fs
		}
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

// unixMode gives the permission and set-id bits as chmod(2) wants them.
func unixMode(m fs.FileMode) uint32 {
	mode := uint32(m.Perm())
	for _, b := range setBits {
		if m&b.fs != 0 {
			mode |= b.unix
		}
	}
	return mode
}

var setBits = [...]struct {
	unix uint32
	fs   fs.FileMode
}{
	{unix.S_ISUID, fs.ModeSetuid},
	{unix.S_ISGID, fs.ModeSetgid},
	{unix.S_ISVTX, fs.ModeSticky},
}
