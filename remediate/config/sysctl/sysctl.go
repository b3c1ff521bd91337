// Package sysctl reads sysctl.d as systemd-sysctl does, and ufw's file after it, and tells which line
// sets a kernel parameter at the next boot. It reads and says; it has no opinions and changes nothing.
//
// Sources: sysctl.d(5), systemd's src/sysctl/sysctl.c, ufw-framework(8).
package sysctl

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fnmatch"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Dir is where the administrator's files stand.
const Dir = "/etc/sysctl.d"

// RunDir is gone at the next boot.
const RunDir = "/run/sysctl.d"

// Dirs lists the directories that outlive a boot, the most important one first. /lib is one of its
// own only where it is not a link to /usr/lib.
func Dirs() []string {
	return []string{Dir, "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"}
}

// Dialect is what the installed systemd understands.
type Dialect struct {
	// Globs is set from version 245 on: patterns, exclusions, and (since 243) the leading dash.
	Globs bool
}

// File is one file that is read at boot.
type File struct {
	Path string // as systemd-sysctl opens it
	Real string // with symbolic links followed
	Name string // file name, which decides the order
	UFW  bool   // read when ufw starts, after all of sysctl.d
}

// Entry is one line.
type Entry struct {
	File     File
	Line     int    // 1-based
	Text     string // as it stands
	Key      string // normalized, with slashes
	Value    string
	Excludes bool // "-key" without a value: keeps patterns, and earlier lines, from setting the key
	Shared   bool // another assignment stands on the same line, behind a carriage return or a NUL
}

// Glob reports whether the key is a pattern.
func (e Entry) Glob() bool { return fnmatch.IsPattern(e.Key) }

// Config is everything that sets parameters at boot, in the order of reading.
type Config struct {
	Entries []Entry
	Dialect Dialect
}

// Load reads what the next boot sees: /run is left out. An error means that the effective value
// cannot be told.
func Load(files host.Files, dialect Dialect) (*Config, error) {
	return host.Once(files, loadKey{dialect}, func() (*Config, error) { return load(files, dialect) })
}

type loadKey struct {
	dialect Dialect
}

func load(files host.Files, dialect Dialect) (*Config, error) {
	c, err := LoadDirs(files, dialect, Dirs()...)
	if err != nil {
		return nil, err
	}
	path, err := ufwFile(files)
	if err != nil {
		return nil, err
	}
	if path != "" {
		if err := c.add(files, File{Path: path, Name: path, UFW: true}); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// LoadDirs reads the given directories, the most important one first.
func LoadDirs(files host.Files, dialect Dialect, dirs ...string) (*Config, error) {
	list, err := List(files, dirs...)
	if err != nil {
		return nil, err
	}
	c := &Config{Dialect: dialect}
	for _, f := range list {
		if err := c.add(files, f); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// List gives the files that count, in order: sorted by name over all directories, of one name the
// one in the first directory.
func List(files host.Files, dirs ...string) ([]File, error) {
	var (
		list []File
		seen = map[string]bool{}
	)
	for _, dir := range dirs {
		entries, err := files.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".conf") || seen[name] {
				continue
			}
			seen[name] = true
			list = append(list, File{Path: dir + "/" + name, Name: name})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

// add reads a file. A link to /dev/null or to nowhere, and a directory, hold nothing and still hide
// their namesakes.
func (c *Config) add(files host.Files, f File) error {
	var err error
	f.Real, err = files.Resolve(f.Path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && f.Real == "/dev/null" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", f.Path, err)
	}
	if info, err := files.Stat(f.Real); err == nil && info.Mode.IsDir() {
		return nil
	}
	content, err := files.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", f.Path, err)
	}
	for _, e := range parse(content, c.Dialect.Globs || f.UFW) {
		e.File = f
		c.Entries = append(c.Entries, e)
	}
	return nil
}
