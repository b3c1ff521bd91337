package hosttest

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// Fake is a machine made of a copied tree. Owners and modes are kept beside the files, so that any
// user can test with any owner. Links and directories work as in a real root.
type Fake struct {
	// OS is what Info returns. Its empty fields are filled from the tree's os-release.
	OS host.Info
	// State is the running state; nil makes an offline root.
	State *State
	// Progs are the programs of the machine, or nil.
	Progs host.Programs

	*host.Offline
	t     testing.TB
	dir   string
	attrs map[string]rule.Attr // by resolved path, where it differs from what the file has
	rpms  []string             // of the database that SetRPMs made
}

var _ host.Writer = (*Fake)(nil)

// Tree copies the tree in dir ("" for an empty one) to a temporary directory, and gives its files
// owner root:root and mode 0644, or 0755 where the source is executable, as git keeps it. Other
// owners and modes are listed in the file dir+".attrs", where it exists, a line each:
//
//	0600 0:42 /etc/shadow
//	0700 0:0 /root/
//
// A path that ends in a slash is a directory and is created when absent, since git keeps no empty
// ones.
func Tree(t testing.TB, dir string) *Fake {
	t.Helper()
	f := &Fake{t: t, dir: t.TempDir(), attrs: map[string]rule.Attr{}}
	if dir != "" {
		f.must(copyTree(dir, f.dir))
	}
	offline, err := host.OpenRoot(f.dir)
	f.must(err)
	t.Cleanup(func() { offline.Close() })
	f.Offline = offline
	if dir != "" {
		attrs, err := readAttrs(dir + ".attrs")
		f.must(err)
		for _, a := range attrs {
			if strings.HasSuffix(a.path, "/") {
				f.Mkdir(a.path)
			}
			f.Chattr(a.path, a.attr.Mode, a.attr.UID, a.attr.GID)
		}
	}
	return f
}

// Dir is the temporary directory that holds the tree.
func (f *Fake) Dir() string { return f.dir }

// Write gives a file new content, as an editor would: through links, and keeping owner and mode. A
// new file is 0644 root:root.
func (f *Fake) Write(path, content string) {
	f.t.Helper()
	f.must(f.Replace(path, []byte(content), rule.Attr{Mode: 0o644}))
}

// Read gives a file's content.
func (f *Fake) Read(path string) string {
	f.t.Helper()
	content, err := f.ReadFile(path)
	f.must(err)
	return string(content)
}

// Link makes path a symbolic link to target.
func (f *Fake) Link(path, target string) {
	f.t.Helper()
	f.Mkdir(path[:strings.LastIndexByte(path, '/')+1])
	real := f.real(path, false)
	if err := os.Remove(real); err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.must(err)
	}
	f.must(os.Symlink(target, real))
}

// Mkdir makes a directory and those above it, 0755 root:root.
func (f *Fake) Mkdir(path string) {
	f.t.Helper()
	at := ""
	for part := range strings.SplitSeq(path, "/") {
		if part == "" {
			continue
		}
		at += "/" + part
		if err := os.Mkdir(f.real(at, true), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			f.must(err)
		}
	}
}

// Delete removes a file or link.
func (f *Fake) Delete(path string) {
	f.t.Helper()
	f.must(f.Remove(path))
}

// Chattr sets mode and owner of what path leads to.
func (f *Fake) Chattr(path string, mode fs.FileMode, uid, gid int) {
	f.t.Helper()
	f.must(f.SetAttr(path, &mode, &uid, &gid))
}

// real is where a path of the machine is on the test's own disk.
func (f *Fake) real(path string, follow bool) string {
	f.t.Helper()
	clean := strings.TrimRight(path, "/")
	if clean == "" {
		return f.dir
	}
	if !follow {
		slash := strings.LastIndexByte(clean, '/')
		return filepath.Join(f.real(clean[:slash], true), clean[slash+1:])
	}
	resolved, err := f.Resolve(clean)
	f.must(err)
	return filepath.Join(f.dir, resolved)
}

// Info is OS, completed from the tree's os-release.
func (f *Fake) Info() host.Info {
	info := f.OS
	if info.OS == "" {
		read, err := host.Identify(f)
		f.must(err)
		info.OS, info.Version, info.Name = read.OS, read.Version, read.Name
	}
	if info.Arch == "" {
		info.Arch = "amd64"
	}
	if info.Mode == "" {
		info.Mode = host.ModeRoot
		if f.State != nil {
			info.Mode = host.ModeLive
		}
	}
	return info
}

// Stat follows links and gives the owner and mode that the test set.
func (f *Fake) Stat(path string) (host.FileInfo, error) {
	info, err := f.Offline.Stat(path)
	if err != nil {
		return info, err
	}
	return f.own(path, info), nil
}

// Lstat does not follow the last link.
func (f *Fake) Lstat(path string) (host.FileInfo, error) {
	info, err := f.Offline.Lstat(path)
	if err != nil {
		return info, err
	}
	return f.own(path, info), nil
}

// own puts the test's owner and mode in the place of the disk's.
func (f *Fake) own(path string, info host.FileInfo) host.FileInfo {
	info.UID, info.GID = 0, 0
	if info.Mode&fs.ModeSymlink != 0 {
		return info
	}
	resolved, err := f.Resolve(path)
	if err != nil {
		return info
	}
	if attr, ok := f.attrs[resolved]; ok {
		info.Mode = info.Mode.Type() | attr.Mode
		info.UID, info.GID = attr.UID, attr.GID
	}
	return info
}

// ReadDir lists a directory; its entries have the owner and mode that the test set.
func (f *Fake) ReadDir(path string) ([]fs.DirEntry, error) {
	entries, err := f.Offline.ReadDir(path)
	for i, e := range entries {
		info, err := f.Lstat(path + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		entries[i] = entry{e, info}
	}
	return entries, err
}

// Walk visits every file with the owner and mode that the test set.
func (f *Fake) Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error) {
	return f.Offline.Walk(ctx, func(e *walk.Entry) error {
		own := e.With(e.Mode, 0, 0)
		if attr, ok := f.attrs[e.Path()]; ok && e.Mode&fs.ModeSymlink == 0 {
			own = e.With(e.Mode.Type()|attr.Mode, attr.UID, attr.GID)
		}
		return visit(own)
	})
}

type entry struct {
	fs.DirEntry
	info host.FileInfo
}

func (e entry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	return fileInfo{info, e.info}, err
}

type fileInfo struct {
	fs.FileInfo
	info host.FileInfo
}

func (i fileInfo) Mode() fs.FileMode { return i.info.Mode }

// Replace is that of a real root, but owner and mode stay beside the file.
func (f *Fake) Replace(path string, content []byte, create rule.Attr) error {
	_, err := f.Offline.Stat(path)
	absent := errors.Is(err, fs.ErrNotExist)
	mine := rule.Attr{Mode: 0o644 | create.Mode&0o111, UID: os.Getuid(), GID: os.Getgid()}
	if err := f.Offline.Replace(path, content, mine); err != nil {
		return err
	}
	if !absent {
		return nil
	}
	resolved, err := f.Resolve(path)
	if err != nil {
		return err
	}
	f.attrs[resolved] = create
	return nil
}

// ReplaceLink is that of a real root, but owner and mode stay beside the file.
func (f *Fake) ReplaceLink(path string, content []byte, create rule.Attr) error {
	mine := rule.Attr{Mode: 0o644 | create.Mode&0o111, UID: os.Getuid(), GID: os.Getgid()}
	if err := f.Offline.ReplaceLink(path, content, mine); err != nil {
		return err
	}
	resolved, err := f.Resolve(path)
	if err != nil {
		return err
	}
	f.attrs[resolved] = create
	return nil
}

// SetAttr changes the owner and mode beside the file.
func (f *Fake) SetAttr(path string, mode *fs.FileMode, uid, gid *int) error {
	info, err := f.Stat(path)
	if err != nil {
		return err
	}
	resolved, err := f.Resolve(path)
	if err != nil {
		return err
	}
	attr := rule.Attr{Mode: info.Mode &^ fs.ModeType, UID: info.UID, GID: info.GID}
	if mode != nil {
		attr.Mode = *mode &^ fs.ModeType
	}
	if uid != nil {
		attr.UID = *uid
	}
	if gid != nil {
		attr.GID = *gid
	}
	f.attrs[resolved] = attr
	return nil
}

// SetAttrOf is SetAttr for what is as it was seen.
func (f *Fake) SetAttrOf(path string, seen rule.Attr, mode *fs.FileMode, uid, gid *int) error {
	info, err := f.Lstat(path)
	if err != nil {
		return err
	}
	resolved, err := f.Resolve(path)
	if err != nil {
		return err
	}
	if resolved != path || info.Mode&^fs.ModeType != seen.Mode&^fs.ModeType || info.UID != seen.UID || info.GID != seen.GID {
		return host.ErrChanged
	}
	return f.SetAttr(path, mode, uid, gid)
}

// Remove unlinks a file or a link itself.
func (f *Fake) Remove(path string) error {
	info, err := f.Offline.Lstat(path)
	if err != nil {
		return f.Offline.Remove(path)
	}
	resolved, resolveErr := f.Resolve(path)
	if err := f.Offline.Remove(path); err != nil {
		return err
	}
	if info.Mode&fs.ModeSymlink == 0 && resolveErr == nil {
		delete(f.attrs, resolved)
	}
	return nil
}

// Attrs is a copy of the owners and modes that the test or the code under test set, by resolved path.
func (f *Fake) Attrs() map[string]rule.Attr { return maps.Clone(f.attrs) }

// Programs is Progs.
func (f *Fake) Programs() host.Programs { return f.Progs }

func (f *Fake) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}
