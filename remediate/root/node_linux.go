package root

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Node describes what stands at path itself. No component of path may be a link: that is ErrChanged.
func (r *Root) Node(path string) (Node, error) {
	p, err := r.strict(path)
	if err != nil {
		return Node{}, fmt.Errorf("cannot describe %s: %w", path, err)
	}
	defer p.close()
	n, err := p.node()
	if err != nil {
		return Node{}, fmt.Errorf("cannot describe %s: %w", path, err)
	}
	return n, nil
}

// strict is the place of a path of which no component is a link, and whose last one may be absent or
// stand in an absent directory.
func (r *Root) strict(path string) (*place, error) {
	p, err := r.walk(path, how{absent: true})
	if err != nil {
		return nil, err
	}
	if p.path != path {
		p.close()
		return nil, fmt.Errorf("%w: there is a link on the way", ErrChanged)
	}
	return p, nil
}

func (p *place) node() (Node, error) {
	if p.fd < 0 {
		return Node{Absent: true}, nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(p.fd, &st); err != nil {
		return Node{}, err
	}
	n := Node{
		Mode: fileMode(st.Mode), UID: int(st.Uid), GID: int(st.Gid), Size: st.Size,
		ModTime: time.Unix(st.Mtim.Unix()), Inode: st.Ino, Links: uint64(st.Nlink), //nolint:unconvert // 32 bits on arm64
	}
	switch n.Mode.Type() {
	case fs.ModeSymlink:
		target, err := readlink(p.fd)
		n.Target = target
		return n, err
	case 0, fs.ModeDir:
		fd, err := p.reopen(st)
		if err != nil {
			return Node{}, err
		}
		defer unix.Close(fd)
		n.Xattrs, err = readXattrs(fd)
		return n, err
	}
	return n, nil
}

// Restore makes path what want says, atomically and durably. The content of a file comes from what
// vault keeps as name; without a vault, a file or directory that is there gets back its owner, mode and
// extended attributes. What Restore has done already is left alone, so it may be done again. No
// component of path may be a link, and nothing is put in the place of a directory, or the other way
// round.
func (r *Root) Restore(path string, want Node, vault *Vault, name string) error {
	if err := r.restore(path, want, vault, name); err != nil {
		return fmt.Errorf("cannot restore %s: %w", path, err)
	}
	return nil
}

func (r *Root) restore(path string, want Node, vault *Vault, name string) error {
	p, err := r.strict(path)
	if err != nil {
		return err
	}
	defer p.close()
	if p.path == "/" && !want.Mode.IsDir() {
		return unix.EISDIR
	}
	now, err := p.node()
	if err != nil {
		return err
	}
	switch {
	case want.Absent:
		if now.Absent {
			return nil
		}
		flags := 0
		if now.Mode.IsDir() {
			flags = unix.AT_REMOVEDIR
		}
		if err := unix.Unlinkat(p.dir, p.name, flags); err != nil {
			return err
		}
		return syncDir(p.dir)
	case want.Mode.IsDir():
		return r.restoreDir(path, p, now, want)
	case p.dir < 0:
		return fmt.Errorf("its directory is gone: %w", fs.ErrNotExist)
	case !now.Absent && now.Mode.IsDir():
		return unix.EISDIR
	case vault != nil:
		return vault.putBack(p, now, want, name)
	case want.Mode&fs.ModeSymlink != 0:
		if now.Mode&fs.ModeSymlink != 0 && now.Target == want.Target && now.UID == want.UID && now.GID == want.GID {
			return nil
		}
		return p.swap(func(temp string) error { return p.makeLink(temp, want) })
	}
	if now.Absent || now.Mode.Type() != want.Mode.Type() {
		return ErrChanged
	}
	return p.restoreAttr(now, want)
}

// makeLink makes the symbolic link that want describes.
func (p *place) makeLink(name string, want Node) error {
	if err := unix.Symlinkat(want.Target, p.dir, name); err != nil {
		return err
	}
	if unix.Geteuid() == 0 {
		if err := unix.Fchownat(p.dir, name, want.UID, want.GID, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
	}
	return unix.UtimesNanoAt(p.dir, name, times(want), unix.AT_SYMLINK_NOFOLLOW)
}

func (r *Root) restoreDir(path string, p *place, now, want Node) error {
	if now.Absent {
		made, err := r.walk(path+"/.", how{mkdir: true})
		if err != nil {
			return err
		}
		defer made.close()
		if made.path != path {
			return ErrChanged
		}
		p = made
		if now, err = p.node(); err != nil {
			return err
		}
	}
	if !now.Mode.IsDir() {
		return unix.ENOTDIR
	}
	return p.restoreAttr(now, want)
}

// restoreAttr gives back owner, extended attributes and mode, in the order that fill explains.
func (p *place) restoreAttr(now, want Node) error {
	if now.Mode == want.Mode && now.UID == want.UID && now.GID == want.GID && sameXattrs(now.Xattrs, want.Xattrs) {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Fstat(p.fd, &st); err != nil {
		return err
	}
	if now.UID != want.UID || now.GID != want.GID {
		if err := unix.Fchownat(p.fd, "", want.UID, want.GID, unix.AT_EMPTY_PATH); err != nil {
			return err
		}
	}
	kind := want.Mode.Type()
	if kind != 0 && kind != fs.ModeDir {
		return p.chmod(st, unixMode(want.Mode))
	}
	fd, err := p.reopen(st)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := writeXattrs(fd, want.Xattrs); err != nil {
		return err
	}
	if err := unix.Fchmod(fd, unixMode(want.Mode)); err != nil {
		return err
	}
	return syncFD(fd)
}

func sameXattrs(a, b []Xattr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || string(a[i].Value) != string(b[i].Value) {
			return false
		}
	}
	return true
}

func times(n Node) []unix.Timespec {
	at := unix.NsecToTimespec(n.ModTime.UnixNano())
	return []unix.Timespec{{Nsec: unix.UTIME_OMIT}, at}
}

// RemoveTemps removes what runs that were killed have left in a directory: files and links that were
// being written and never got their name. No component of the path may be a link; a directory that is
// absent has none.
func (r *Root) RemoveTemps(dir string) error {
	if err := r.removeTemps(dir); err != nil {
		return fmt.Errorf("cannot remove temporary files in %s: %w", dir, err)
	}
	return nil
}

func (r *Root) removeTemps(dir string) error {
	p, err := r.strict(dir)
	if err != nil {
		return err
	}
	defer p.close()
	if p.fd < 0 {
		return nil
	}
	// By descriptor: the name could be a link by now.
	entries, err := (&Root{fd: p.fd, walks: true}).readDir("/")
	if errors.Is(err, unix.ENOTDIR) {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	removed := false
	for _, e := range entries {
		if e.IsDir() || !isTemp(e.Name()) {
			continue
		}
		if err := unix.Unlinkat(p.fd, e.Name(), 0); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
		removed = true
	}
	if !removed {
		return nil
	}
	return syncDir(p.fd)
}

// isTemp recognises the names that makeTemp makes: the prefix and 26 characters of base32.
func isTemp(name string) bool {
	rest, ours := strings.CutPrefix(name, TempPrefix)
	return ours && len(rest) == 26 && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}
