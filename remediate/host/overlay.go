package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Overlay is a machine as it will be once some files have changed. It reads what it was not told
// from the machine beneath, and writes nothing. The running state is that of the machine beneath.
type Overlay struct {
	base  Reader
	nodes map[string]node // by path, without links or dots
}

var _ Reader = (*Overlay)(nil)

// node is a path that differs from the machine beneath.
type node struct {
	gone    bool
	info    FileInfo
	content []byte
	target  string // of a symbolic link
	// beneath says that only owner and mode differ; content is the machine's.
	beneath bool
}

// NewOverlay returns an overlay in which nothing has changed.
func NewOverlay(base Reader) *Overlay {
	return &Overlay{base: base, nodes: map[string]node{}}
}

// Put gives a file content. An existing file keeps its owner and mode, and is changed where its
// links lead; a new one gets create, and its directories are made.
func (o *Overlay) Put(path string, content []byte, create rule.Attr) error {
	at, err := o.find(path, true)
	if err != nil {
		return fmt.Errorf("cannot replace %s: %w", path, err)
	}
	info := FileInfo{Mode: create.Mode &^ fs.ModeType, UID: create.UID, GID: create.GID}
	if at.exists {
		if !at.info.Mode.IsRegular() {
			return fmt.Errorf("cannot replace %s: %w", path, ErrNotRegular)
		}
		info = at.info
	}
	info.Size = int64(len(content))
	o.set(at.path, node{info: info, content: slices.Clone(content)})
	return nil
}

// SetAttr changes mode or owner of what path leads to; nil leaves a field as it is.
func (o *Overlay) SetAttr(path string, mode *fs.FileMode, uid, gid *int) error {
	at, err := o.find(path, true)
	if err == nil && !at.exists {
		err = fs.ErrNotExist
	}
	if err != nil {
		return fmt.Errorf("cannot set owner or mode of %s: %w", path, err)
	}
	n := node{info: at.info, beneath: true}
	if at.node != nil {
		n = *at.node
	}
	if mode != nil {
		n.info.Mode = n.info.Mode.Type() | *mode&^fs.ModeType
	}
	if uid != nil {
		n.info.UID = *uid
	}
	if gid != nil {
		n.info.GID = *gid
	}
	o.nodes[at.path] = n
	return nil
}

// Delete removes a file or a link itself.
func (o *Overlay) Delete(path string) error {
	at, err := o.find(path, false)
	switch {
	case err == nil && !at.exists:
		err = fs.ErrNotExist
	case err == nil && at.info.Mode.IsDir():
		err = syscall.EISDIR
	}
	if err != nil {
		return fmt.Errorf("cannot remove %s: %w", path, err)
	}
	o.nodes[at.path] = node{gone: true}
	return nil
}

// Link makes path itself a symbolic link to target.
func (o *Overlay) Link(path, target string) error {
	at, err := o.find(path, false)
	if err == nil && at.exists && at.info.Mode.IsDir() {
		err = syscall.EISDIR
	}
	if err != nil {
		return fmt.Errorf("cannot link %s to %s: %w", path, target, err)
	}
	o.set(at.path, node{info: FileInfo{Mode: fs.ModeSymlink | 0o777, Size: int64(len(target))}, target: target})
	return nil
}

// set puts a node in place, and makes the directories that it stands in.
func (o *Overlay) set(at string, n node) {
	o.nodes[at] = n
	for dir := path.Dir(at); dir != "/"; dir = path.Dir(dir) {
		if found, err := o.find(dir, false); err == nil && found.exists {
			return
		}
		o.nodes[dir] = node{info: FileInfo{Mode: fs.ModeDir | 0o755}}
	}
}

// Info and Running are those of the machine beneath.
func (o *Overlay) Info() Info       { return o.base.Info() }
func (o *Overlay) Running() Running { return o.base.Running() }

// ReadFile follows links, those of the overlay too.
func (o *Overlay) ReadFile(path string) ([]byte, error) {
	at, err := o.find(path, true)
	if err == nil && !at.exists {
		err = fs.ErrNotExist
	}
	if err == nil && at.node != nil && !at.node.beneath {
		if at.info.Mode.IsRegular() {
			return slices.Clone(at.node.content), nil
		}
		err = ErrNotRegular
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return o.base.ReadFile(at.path)
}

// ReadDir lists a directory as it will be.
func (o *Overlay) ReadDir(dir string) ([]fs.DirEntry, error) {
	at, err := o.find(dir, true)
	switch {
	case err == nil && !at.exists:
		err = fs.ErrNotExist
	case err == nil && !at.info.Mode.IsDir():
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read directory %s: %w", dir, err)
	}
	var entries []fs.DirEntry
	if at.inBase {
		below, err := o.base.ReadDir(at.path)
		if err != nil {
			return nil, err
		}
		for _, e := range below {
			if _, changed := o.nodes[path.Join(at.path, e.Name())]; !changed {
				entries = append(entries, e)
			}
		}
	}
	for p, n := range o.nodes {
		if path.Dir(p) == at.path && p != "/" && !n.gone {
			entries = append(entries, dirEntry{path.Base(p), n.info})
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Stat follows links, those of the overlay too.
func (o *Overlay) Stat(path string) (FileInfo, error) { return o.stat(path, true) }

// Lstat does not follow the last link.
func (o *Overlay) Lstat(path string) (FileInfo, error) { return o.stat(path, false) }

func (o *Overlay) stat(path string, follow bool) (FileInfo, error) {
	at, err := o.find(path, follow)
	if err == nil && !at.exists {
		err = fs.ErrNotExist
	}
	if err != nil {
		return FileInfo{}, fmt.Errorf("cannot stat %s: %w", path, err)
	}
	return at.info, nil
}

// Readlink gives the text of a link.
func (o *Overlay) Readlink(path string) (string, error) {
	at, err := o.find(path, false)
	switch {
	case err == nil && !at.exists:
		err = fs.ErrNotExist
	case err == nil && at.info.Mode&fs.ModeSymlink == 0:
		err = syscall.EINVAL
	}
	if err != nil {
		return "", fmt.Errorf("cannot read link %s: %w", path, err)
	}
	return o.text(at)
}

// Resolve follows links, those of the overlay too. Absent components keep their names.
func (o *Overlay) Resolve(path string) (string, error) {
	at, err := o.find(path, true)
	if err != nil {
		return "", fmt.Errorf("cannot resolve %s: %w", path, err)
	}
	return at.path, nil
}

// found is where a path leads.
type found struct {
	path   string // without links or dots
	exists bool
	info   FileInfo
	node   *node // what the overlay has there, if anything
	inBase bool  // the machine beneath has the same thing there
}

func (o *Overlay) text(at found) (string, error) {
	if at.node != nil && !at.node.beneath {
		return at.node.target, nil
	}
	return o.base.Readlink(at.path)
}

// find resolves a path component by component, as package root does, asking the overlay first.
func (o *Overlay) find(p string, follow bool) (found, error) {
	if !strings.HasPrefix(p, "/") {
		return found{}, errors.New("path is not absolute")
	}
	const maxLinks = 40
	top, err := o.look(found{exists: true, inBase: true}, "")
	if err != nil {
		return found{}, err
	}
	stack := []found{top}
	rest, links := p, 0
	for {
		rest = strings.TrimLeft(rest, "/")
		at := stack[len(stack)-1]
		if rest == "" {
			return at, nil
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
			if !at.exists {
				return found{}, fs.ErrNotExist
			}
			stack = stack[:max(1, len(stack)-1)]
			continue
		}
		next, err := o.look(at, name)
		if err != nil {
			return found{}, err
		}
		mode := next.info.Mode
		switch {
		case next.exists && mode&fs.ModeSymlink != 0 && (follow || rest != ""):
			if links++; links > maxLinks {
				return found{}, syscall.ELOOP
			}
			target, err := o.text(next)
			if err != nil {
				return found{}, err
			}
			if strings.HasPrefix(target, "/") {
				stack = stack[:1]
			}
			rest = target + rest
		case next.exists && !mode.IsDir() && rest != "":
			return found{}, syscall.ENOTDIR
		default:
			stack = append(stack, next)
		}
	}
}

// look finds a name in a directory that find came to.
func (o *Overlay) look(dir found, name string) (found, error) {
	at := found{path: path.Join("/", dir.path, name)}
	if !dir.exists {
		return at, nil
	}
	n, changed := o.nodes[at.path]
	if changed {
		if n.gone {
			return at, nil
		}
		at.exists, at.info, at.node, at.inBase = true, n.info, &n, n.beneath
		return at, nil
	}
	if !dir.inBase {
		return at, nil
	}
	info, err := o.base.Lstat(at.path)
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	at.exists, at.info, at.inBase = err == nil, info, err == nil
	return at, err
}

// dirEntry is an entry of a directory listing that the overlay has changed. It has no time.
type dirEntry struct {
	name string
	info FileInfo
}

func (e dirEntry) Name() string               { return e.name }
func (e dirEntry) IsDir() bool                { return e.info.Mode.IsDir() }
func (e dirEntry) Type() fs.FileMode          { return e.info.Mode.Type() }
func (e dirEntry) Info() (fs.FileInfo, error) { return e, nil }
func (e dirEntry) Size() int64                { return e.info.Size }
func (e dirEntry) Mode() fs.FileMode          { return e.info.Mode }
func (e dirEntry) ModTime() time.Time         { return time.Time{} }
func (e dirEntry) Sys() any                   { return e.info }

// ChangeUnit makes and removes the links that systemctl --root makes and removes.
func (o *Overlay) ChangeUnit(name string, action rule.UnitAction) error {
	return changeUnitFiles(overlayLinker{o}, name, action)
}

type overlayLinker struct{ *Overlay }

func (o overlayLinker) symlink(path, target string) error { return o.Link(path, target) }
func (o overlayLinker) Remove(path string) error          { return o.Delete(path) }
