// Package unitfile is how systemd reads unit files: search path, masks, aliases, templates,
// drop-ins, presets, environment files and command lines. It works from files alone, so a live host
// and an offline root give the same answer. It holds no opinions and changes nothing.
//
// The rules are those of systemd.unit(5), systemd.syntax(7), systemd.preset(5), systemd.exec(5) and
// of systemctl's is-enabled.
package unitfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Directories that hold unit files. systemd uses the first directory that has the name.
const (
	PersistentDir = "/etc/systemd/system"
	RuntimeDir    = "/run/systemd/system"
)

// SearchPath lists the directories of unit files, the strongest first, as systemctl --root has them.
// Generators and attached images exist at run time only and are left out: what they make is derived
// from configuration that other packages read.
func SearchPath() []string {
	return []string{
		"/etc/systemd/system.control",
		"/run/systemd/system.control",
		PersistentDir,
		"/etc/systemd/system.attached",
		RuntimeDir,
		"/run/systemd/system.attached",
		"/usr/local/lib/systemd/system",
		"/usr/lib/systemd/system",
		"/lib/systemd/system",
	}
}

// searchPath is SearchPath with directories that are one and the same (/lib is a link to /usr/lib
// on merged systems) kept once.
func searchPath(f host.Files) ([]string, error) {
	return host.Once(f, searchPathKey{}, func() ([]string, error) { return findSearchPath(f) })
}

type searchPathKey struct{}

func findSearchPath(f host.Files) ([]string, error) {
	var dirs, real []string
	for _, dir := range SearchPath() {
		info, err := f.Stat(dir)
		if absent(err) || err == nil && !info.Mode.IsDir() {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", dir, err)
		}
		r, err := f.Resolve(dir)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", dir, err)
		}
		if slices.Contains(real, r) {
			continue
		}
		real, dirs = append(real, r), append(dirs, dir)
	}
	return dirs, nil
}

// maxFiles bounds how many files of one unit, one directory or one chain of links are looked at.
const maxFiles = 4096

// ErrNotFound says that no directory of the search path has the unit.
var ErrNotFound = errors.New("no such unit file")

// Assignment is one KEY=VALUE of a unit file.
type Assignment struct {
	Path    string
	Line    int      // of its first line, from 1
	Raw     []string // the lines as they stand; more than one where they end in a backslash
	Section string
	Key     string
	Value   string // continuation lines joined by a space
}

// Text is the assignment as it stands, for evidence.
func (a Assignment) Text() string { return strings.TrimSpace(strings.Join(a.Raw, "\n")) }

// Unit is a unit as systemd would load it.
type Unit struct {
	Name     string   // canonical, after aliases
	Fragment string   // path of the unit file
	Masked   bool     // linked to /dev/null, or empty
	DropIns  []string // in the order in which they apply
	// Assignments of the unit file and then of the drop-ins.
	Assignments []Assignment
}

// Last gives the last assignment of a key, which is the one in force for settings that hold one
// value. An empty assignment counts: it sets the setting back to its default.
func (u *Unit) Last(section, key string) (Assignment, bool) {
	for _, a := range slices.Backward(u.Assignments) {
		if a.Section == section && a.Key == key {
			return a, true
		}
	}
	return Assignment{}, false
}

// List gives the assignments in force of a setting that adds up; an empty assignment forgets all
// that came before.
func (u *Unit) List(section, key string) []Assignment {
	var list []Assignment
	for _, a := range u.Assignments {
		if a.Section != section || a.Key != key {
			continue
		}
		if a.Value == "" {
			list = nil
			continue
		}
		list = append(list, a)
	}
	return list
}

// Load finds a unit file and its drop-ins. The error is ErrNotFound when there is none.
func Load(f host.Files, name string) (*Unit, error) {
	return host.Once(f, loadKey{name}, func() (*Unit, error) { return load(f, name) })
}

type loadKey struct {
	name string
}

func load(f host.Files, name string) (*Unit, error) {
	frag, err := find(f, name)
	if err != nil {
		return nil, err
	}
	u := &Unit{Name: frag.name, Fragment: frag.path, Masked: frag.masked}
	if frag.masked {
		return u, nil
	}
	if err := u.read(f, frag.path); err != nil {
		return nil, err
	}
	names := []string{frag.name}
	if name != frag.name {
		names = append(names, name)
	}
	drops, err := dropIns(f, names)
	if err != nil {
		return nil, err
	}
	for _, p := range drops {
		if err := u.read(f, p); err != nil {
			return nil, err
		}
	}
	u.DropIns = drops
	return u, nil
}

// LoadDropIns loads only the drop-ins of a unit whose file a generator makes at boot.
func LoadDropIns(f host.Files, name string) (*Unit, error) {
	drops, err := dropIns(f, []string{name})
	if err != nil {
		return nil, err
	}
	u := &Unit{Name: name, DropIns: drops}
	for _, p := range drops {
		if err := u.read(f, p); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func (u *Unit) read(f host.Files, p string) error {
	content, err := f.ReadFile(p)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p, err)
	}
	as, err := Parse(p, content)
	if err != nil {
		return err
	}
	u.Assignments = append(u.Assignments, as...)
	return nil
}

// fragment is where the search for a name ended.
type fragment struct {
	name   string // of the unit the chain of links ends at; an instance keeps its instance
	path   string // of the file, or of the link that masks
	masked bool
}

// find follows a unit name through the search path, links and templates.
func find(f host.Files, name string) (fragment, error) {
	if !ValidName(name) {
		return fragment{}, fmt.Errorf("%q is not a unit name", name)
	}
	for range 64 {
		frag, next, err := lookup(f, name)
		if err != nil || next == "" {
			return frag, err
		}
		name = next
	}
	return fragment{}, fmt.Errorf("cannot read unit %s: too many links", name)
}

// lookup makes one step: it gives a file, or the name of the unit that a link leads to.
func lookup(f host.Files, name string) (fragment, string, error) {
	dirs, err := searchPath(f)
	if err != nil {
		return fragment{}, "", err
	}
	candidates := []string{name}
	if t := Template(name); t != "" && t != name {
		candidates = append(candidates, t)
	}
	for _, file := range candidates {
		for _, dir := range dirs {
			p := path.Join(dir, file)
			info, err := f.Lstat(p)
			if absent(err) {
				continue
			}
			if err != nil {
				return fragment{}, "", fmt.Errorf("cannot read %s: %w", p, err)
			}
			return step(f, name, p, info)
		}
	}
	return fragment{}, "", fmt.Errorf("%w: %s", ErrNotFound, name)
}

func step(f host.Files, name, p string, info host.FileInfo) (fragment, string, error) {
	frag := fragment{name: name, path: p}
	for range 64 {
		switch {
		case info.Mode.IsRegular():
			frag.masked = info.Size == 0
			return frag, "", nil
		case info.Mode.Type() == fs.ModeDevice|fs.ModeCharDevice:
			frag.masked = true
			return frag, "", nil
		case info.Mode.Type() != fs.ModeSymlink:
			return frag, "", fmt.Errorf("cannot read %s: %w", p, host.ErrNotRegular)
		}
		target, err := f.Readlink(p)
		if err != nil {
			return frag, "", fmt.Errorf("cannot read %s: %w", p, err)
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(p), target)
		}
		target = path.Clean(target)
		if target == "/dev/null" {
			frag.masked = true
			return frag, "", nil
		}
		base := path.Base(target)
		if base == name || base == Template(name) {
			// A link to a file of the same name, wherever it is: the file is followed.
			if info, err = f.Lstat(target); err != nil {
				if absent(err) {
					return frag, "", fmt.Errorf("%w: %s is a dangling link", ErrNotFound, p)
				}
				return frag, "", fmt.Errorf("cannot read %s: %w", target, err)
			}
			p, frag.path = target, target
			continue
		}
		if !ValidName(base) || suffix(base) != suffix(name) {
			return frag, "", fmt.Errorf("cannot follow %s: it leads to %s, which is not a %s unit", p, target, suffix(name))
		}
		// An alias: the search starts again with the other name.
		if inst := Instance(name); inst != "" && IsTemplate(base) {
			base = strings.Replace(base, "@.", "@"+inst+".", 1)
		}
		return frag, base, nil
	}
	return frag, "", fmt.Errorf("cannot read %s: too many links", p)
}

// dropIns lists the drop-ins of a unit in the order in which they apply: by file name, whatever the
// directory; of two with one name the stronger directory's counts.
func dropIns(f host.Files, names []string) ([]string, error) {
	dirs, err := searchPath(f)
	if err != nil {
		return nil, err
	}
	byName := map[string]string{}
	var order []string
	for _, dir := range dirs {
		for _, sub := range dropInDirs(names) {
			d := path.Join(dir, sub)
			entries, err := f.ReadDir(d)
			if absent(err) || isNotDir(f, d, err) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("cannot read %s: %w", d, err)
			}
			for _, e := range entries {
				if !strings.HasSuffix(e.Name(), ".conf") || strings.HasPrefix(e.Name(), ".") {
					continue
				}
				if _, ok := byName[e.Name()]; ok {
					continue
				}
				if len(order) == maxFiles {
					return nil, fmt.Errorf("cannot read %s: too many drop-ins", d)
				}
				byName[e.Name()] = path.Join(d, e.Name())
				order = append(order, e.Name())
			}
		}
	}
	slices.Sort(order)
	var list []string
	for _, name := range order {
		p := byName[name]
		masked, err := isMask(f, p)
		if err != nil {
			return nil, err
		}
		if !masked {
			list = append(list, p)
		}
	}
	return list, nil
}

// isMask reports whether a path leads to /dev/null or nowhere, or to an empty file.
func isMask(f host.Files, p string) (bool, error) {
	real, err := f.Resolve(p)
	if absent(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", p, err)
	}
	if real == "/dev/null" {
		return true, nil
	}
	info, err := f.Stat(real)
	if absent(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot read %s: %w", p, err)
	}
	return info.Mode.IsRegular() && info.Size == 0 || info.Mode.Type() == fs.ModeDevice|fs.ModeCharDevice, nil
}

// dropInDirs gives the names of the drop-in directories of units, the most specific first:
// a-b@i.service.d, a-b@.service.d, a-.service.d, service.d.
func dropInDirs(names []string) []string {
	var dirs []string
	add := func(s string) {
		if s += ".d"; !slices.Contains(dirs, s) {
			dirs = append(dirs, s)
		}
	}
	for _, name := range names {
		add(name)
		if t := Template(name); t != "" {
			add(t)
		}
		stem := strings.TrimSuffix(name, suffix(name))
		stem, _, _ = strings.Cut(stem, "@")
		for i := len(stem) - 2; i >= 0; i-- {
			if stem[i] == '-' {
				add(stem[:i+1] + suffix(name))
			}
		}
	}
	for _, name := range names {
		add(strings.TrimPrefix(suffix(name), "."))
	}
	return dirs
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func isNotDir(f host.Files, p string, err error) bool {
	if err == nil {
		return false
	}
	info, serr := f.Stat(p)
	return serr == nil && !info.Mode.IsDir()
}
