// Package dconf is how programs read settings from dconf: which databases a profile stacks, what the compiled ones hold,
// and what the next "dconf update" would compile. It holds no opinions and changes nothing.
//
// The facts are those of dconf(7), dconf's engine (dconf-engine.c: the first database that has a value wins, from the
// last one on that locks the key) and GVDB's file format (gvdb-format.h).
package dconf

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Source is one line of a profile that names a database of the system.
type Source struct {
	Name string // of the line: system-db:gdm
	Path string // of the compiled database
	Dir  string // of its key files; empty for a file-db, which has none
}

// ErrNoProfile says that no profile of the name exists: then only the user's own database is read.
var ErrNoProfile = errors.New("no dconf profile")

// Profile reads a profile: /etc goes before /usr.
func Profile(f host.Files, name string) (file string, sources []Source, err error) {
	for _, dir := range []string{"/etc/dconf/profile", "/usr/local/share/dconf/profile", "/usr/share/dconf/profile"} {
		file = dir + "/" + name
		content, err := f.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return file, nil, fmt.Errorf("cannot read %s: %w", file, err)
		}
		return file, parseProfile(string(content)), nil
	}
	return "", nil, fmt.Errorf("%w %s", ErrNoProfile, name)
}

func parseProfile(content string) []Source {
	var list []Source
	for line := range strings.SplitSeq(content, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		kind, name, _ := strings.Cut(line, ":")
		switch {
		case kind == "system-db" && name != "" && !strings.Contains(name, "/"):
			list = append(list, Source{line, "/etc/dconf/db/" + name, "/etc/dconf/db/" + name + ".d"})
		case kind == "file-db" && path.IsAbs(name):
			list = append(list, Source{line, path.Clean(name), ""})
		}
	}
	return list
}

// Load reads the compiled database of a source. Without a file, it is as if it were empty.
func (s Source) Load(f host.Files) (*Database, error) {
	content, err := f.ReadFile(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Database{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", s.Path, err)
	}
	db, err := ParseDatabase(content)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", s.Path, err)
	}
	return db, nil
}

// Locked reports whether users cannot change a key. The lock names the key itself: one of a directory is compiled, and
// the engine asks for keys only.
func (d *Database) Locked(key string) bool { return slices.Contains(d.Locks, key) }

// Decide finds the value of a key that the databases of a profile come to, and whether it is locked. The index is that of
// the database with the value, or -1.
func Decide(stack []*Database, key string) (value string, at int, locked bool) {
	from := 0
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i].Locked(key) {
			from, locked = i, true
			break
		}
	}
	for i := from; i < len(stack); i++ {
		if v, ok := stack[i].Values[key]; ok {
			return v, i, locked
		}
	}
	return "", -1, locked
}

// Line is a place in a key file or a list of locks.
type Line struct {
	Path  string
	Line  int
	Text  string
	Value string // of an assignment, as it stands
}

// KeyFiles finds the lines that the next compilation takes a key from, the one that wins last, and those that lock it.
func (s Source) KeyFiles(f host.Files, key string) (values, locks []Line, err error) {
	if s.Dir == "" {
		return nil, nil, nil
	}
	err = eachFile(f, s.Dir, func(file, content string) { values = append(values, assignments(file, content, key)...) })
	if err != nil {
		return nil, nil, err
	}
	err = eachFile(f, s.Dir+"/locks", func(file, content string) {
		for i, line := range strings.Split(content, "\n") {
			if line == key { // blanks around it make it another key
				locks = append(locks, Line{Path: file, Line: i + 1, Text: line})
			}
		}
	})
	return values, locks, err
}

// eachFile visits the files of a directory in the order in which dconf compiles them: by name. Hidden ones and
// directories are left out.
func eachFile(f host.Files, dir string, visit func(file, content string)) error {
	entries, err := f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", dir, err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range names {
		content, err := f.ReadFile(dir + "/" + name)
		if err != nil {
			return fmt.Errorf("cannot read %s/%s: %w", dir, name, err)
		}
		visit(dir+"/"+name, string(content))
	}
	return nil
}

// assignments finds the lines of a key file that set a key. A group [/] holds keys at the root.
func assignments(file, content, key string) []Line {
	var out []Line
	group := ""
	for i, line := range strings.Split(content, "\n") {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
			group = strings.Trim(text[1:len(text)-1], "/")
			continue
		}
		name, value, ok := strings.Cut(text, "=")
		if !ok || strings.HasPrefix(text, "#") {
			continue
		}
		if full := path.Join("/", group, strings.TrimSpace(name)); full == key {
			out = append(out, Line{file, i + 1, line, strings.TrimSpace(value)})
		}
	}
	return out
}
