// Package modprobe reads modprobe.d and the indexes below /lib/modules as kmod does: which files
// count and in what order, which install line decides, when it is passed over, and whether a kernel
// has a module, has it built in, or lacks it. It reads and says; it has no opinions and changes
// nothing.
//
// Sources: modprobe.d(5), depmod.d(5), and kmod's libkmod-config.c and libkmod-module.c.
package modprobe

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fnmatch"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Dir is where the administrator's files stand. Files elsewhere belong to packages or are made anew
// at every boot.
const Dir = "/etc/modprobe.d"

// RunDir is gone at the next boot.
const RunDir = "/run/modprobe.d"

// softdepName is the file of depmod's that modprobe sorts in among those of modprobe.d.
const softdepName = "modules.softdep"

// Entry is one line of configuration.
type Entry struct {
	Command string // alias, blacklist, install, options, remove or softdep
	Name    string // module name or pattern, with underscores
	Value   string // the rest of the line; of an alias, the module
	Path    string // file, as modprobe opens it
	Real    string // the same with symbolic links followed
	Base    string // file name, which decides the order
	Line    int    // first physical line, 1-based
	Lines   []string
}

// Text is the entry as it stands in its file.
func (e Entry) Text() string { return strings.Join(e.Lines, "\n") }

// Pre and Post are the modules of a softdep that are loaded before and after.
func (e Entry) Pre() []string  { pre, _ := softdeps(e.Value); return pre }
func (e Entry) Post() []string { _, post := softdeps(e.Value); return post }

// Config is what modprobe knows after reading its files, in its order.
type Config struct {
	Entries []Entry
}

// Load reads the configuration that the next boot sees: /run is left out. An error means that the
// effective configuration cannot be told.
func Load(files host.Files) (*Config, error) {
	return host.Once(files, loadKey{}, func() (*Config, error) { return load(files) })
}

type loadKey struct{}

func load(files host.Files) (*Config, error) {
	dirs, err := searchPath(files)
	if err != nil {
		return nil, err
	}
	return LoadDirs(files, dirs...)
}

// LoadDirs reads the given directories, the most important one first.
func LoadDirs(files host.Files, dirs ...string) (*Config, error) {
	type file struct{ dir, name string }
	var (
		list []file
		seen = map[string]bool{}
	)
	for _, dir := range dirs {
		names, err := files.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, entry := range names {
			name := entry.Name()
			if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".conf") || name == ".conf" || seen[name] {
				continue
			}
			if info, err := files.Stat(dir + "/" + name); err == nil && info.Mode.IsDir() {
				continue
			}
			seen[name] = true
			list = append(list, file{dir, name})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].name < list[j].name })
	c := &Config{}
	for _, f := range list {
		entries, err := loadFile(files, f.dir+"/"+f.name, f.name)
		if err != nil {
			return nil, err
		}
		c.Entries = append(c.Entries, entries...)
	}
	return c, nil
}

// loadFile reads one file. One that is a link to nowhere or to /dev/null holds nothing, and still
// hides its namesakes.
func loadFile(files host.Files, path, base string) ([]Entry, error) {
	real, err := files.Resolve(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && real == "/dev/null" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	content, err := files.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	return parse(content, path, real, base), nil
}

func parse(content []byte, path, real, base string) []Entry {
	var entries []Entry
	physical := strings.Split(string(content), "\n")
	for _, line := range logicalLines(content) {
		if e, ok := parseLine(line.text); ok {
			e.Path, e.Real, e.Base, e.Line = path, real, base, line.first
			e.Lines = physical[line.first-1 : line.end]
			entries = append(entries, e)
		}
	}
	return entries
}

// Install is the install line that decides about a module: the first whose pattern matches.
func (c *Config) Install(module string) (Entry, bool) {
	return first(c.Entries, "install", module)
}

// Blacklist is the first line that keeps a module from being loaded through an alias.
func (c *Config) Blacklist(module string) (Entry, bool) {
	for _, e := range c.Entries {
		if e.Command == "blacklist" && e.Name == module {
			return e, true
		}
	}
	return Entry{}, false
}

// Softdep is the softdep line that decides about a module on a kernel: the first whose pattern
// matches, with depmod's own modules.softdep sorted in. One that names other modules which exist
// makes modprobe pass over the install line of this one (modprobe.d(5): softdep takes precedence).
func (c *Config) Softdep(module string, k Kernel) (Entry, bool) {
	i := sort.Search(len(c.Entries), func(i int) bool { return c.Entries[i].Base > softdepName })
	for _, part := range [][]Entry{c.Entries[:i], k.Softdeps, c.Entries[i:]} {
		if e, ok := first(part, "softdep", module); ok {
			return e, true
		}
	}
	return Entry{}, false
}

// Pulls lists the softdep lines that load a module along with another one.
func (c *Config) Pulls(module string) []Entry {
	var pulls []Entry
	for _, e := range c.Entries {
		if e.Command != "softdep" {
			continue
		}
		pre, post := softdeps(e.Value)
		for _, name := range append(pre, post...) {
			if name == module {
				pulls = append(pulls, e)
				break
			}
		}
	}
	return pulls
}

func first(entries []Entry, command, module string) (Entry, bool) {
	for _, e := range entries {
		if e.Command == command && fnmatch.Match(e.Name, module) {
			return e, true
		}
	}
	return Entry{}, false
}
