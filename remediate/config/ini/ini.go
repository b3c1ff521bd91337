// Package ini is how systemd's programs read their own settings: a main file, drop-ins from several
// directories merged by name, sections, and the last assignment of a key. It has no opinions and
// changes nothing.
//
// The facts are those of systemd.syntax(7), of the section CONFIGURATION DIRECTORIES AND PRECEDENCE
// of journald.conf(5), and of src/shared/conf-parser.c.
package ini

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Dirs lists where systemd looks for configuration, the strongest first.
func Dirs() []string { return []string{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"} }

// PersistentDirs are those whose files are there at the next boot.
func PersistentDirs() []string { return []string{"/etc", "/usr/local/lib", "/usr/lib", "/lib"} }

// Assignment is a line KEY=value below a section header. It spans several lines when they are
// continued with a backslash.
type Assignment struct {
	Path    string
	Line    int // where it starts
	Last    int // where it ends
	Text    string
	Section string
	Key     string
	Value   string
}

// Config is what a program gets.
type Config struct {
	// Files are those that are read, in order.
	Files []string
	// Assignments are in the order in which they are read.
	Assignments []Assignment
	// Broken, when not empty, is a file and line at which systemd stops reading, and why.
	Broken string
}

// Read reads the configuration of a name such as "systemd/journald.conf" from directories, the
// strongest first.
func Read(files host.Files, dirs []string, name string) (Config, error) {
	var c Config
	for _, dir := range dirs {
		main := path.Join(dir, name)
		content, ok, err := read(files, main)
		if err != nil {
			return c, err
		}
		if ok {
			c.add(main, content)
			break
		}
	}
	paths, err := dropIns(files, dirs, name)
	if err != nil {
		return c, err
	}
	for _, p := range paths {
		content, ok, err := read(files, p)
		if err != nil {
			return c, err
		}
		if ok {
			c.add(p, content)
		}
	}
	return c, nil
}

// dropIns lists NAME.d/*.conf of every directory by file name; of files with one name only that of
// the strongest directory counts, even if it is empty or a link to /dev/null.
func dropIns(files host.Files, dirs []string, name string) ([]string, error) {
	var names []string
	chosen := map[string]string{}
	for _, dir := range dirs {
		dir = path.Join(dir, name+".d")
		entries, err := files.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".conf") || strings.HasPrefix(e.Name(), ".") || chosen[e.Name()] != "" {
				continue
			}
			file := path.Join(dir, e.Name())
			info, err := files.Stat(file)
			if isNull(files, file) {
				err = nil
			}
			if err != nil || info.Mode.IsDir() {
				continue // a dangling link masks nothing
			}
			chosen[e.Name()] = file
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	var paths []string
	for _, n := range names {
		paths = append(paths, chosen[n])
	}
	return paths, nil
}

func isNull(files host.Files, file string) bool {
	target, err := files.Resolve(file)
	return err == nil && target == "/dev/null"
}

// read gives the content of a file; ok is false where it is absent or masked.
func read(files host.Files, file string) (content string, ok bool, err error) {
	if isNull(files, file) {
		return "", true, nil
	}
	b, err := files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot read %s: %w", file, err)
	}
	return string(b), true, nil
}

func (c *Config) add(file, content string) {
	c.Files = append(c.Files, file)
	if c.Broken != "" {
		return
	}
	assignments, broken := Parse(file, content)
	c.Assignments = append(c.Assignments, assignments...)
	c.Broken = broken
}

// Parse takes one file apart. broken says where systemd stops reading it and why, or is empty.
func Parse(file, content string) (out []Assignment, broken string) {
	content = strings.TrimPrefix(content, "\ufeff")
	section, joined, start := "", "", 0
	lines := strings.Split(content, "\n")
	for i, raw := range lines {
		text := strings.TrimLeft(strings.TrimRight(raw, "\r"), " \t")
		if text != "" && (text[0] == '#' || text[0] == ';') {
			continue // also between continued lines
		}
		if start == 0 {
			start = i + 1
		}
		if text == "" && joined == "" {
			start = 0
			continue
		}
		if continues(text) {
			joined += text[:len(text)-1] + " "
			if i < len(lines)-1 {
				continue
			}
			text = ""
		}
		text = joined + text
		first := start
		joined, start = "", 0
		if !utf8.ValidString(text) {
			continue
		}
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "[") {
			if !strings.HasSuffix(text, "]") {
				return out, fmt.Sprintf("%s:%d: the section header is not closed", file, first)
			}
			section = text[1 : len(text)-1]
			continue
		}
		key, value, ok := strings.Cut(text, "=")
		if !ok || section == "" {
			continue // systemd warns and goes on
		}
		out = append(out, Assignment{Path: file, Line: first, Last: i + 1, Text: lines[first-1], Section: section,
			Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)})
	}
	return out, ""
}

// continues reports whether a line ends in a backslash that is not itself escaped.
func continues(line string) bool {
	n := len(line) - len(strings.TrimRight(line, `\`))
	return n%2 == 1
}

// All lists the assignments of a key in the order in which they are read.
func (c Config) All(section, key string) []Assignment {
	var out []Assignment
	for _, a := range c.Assignments {
		if a.Section == section && a.Key == key {
			out = append(out, a)
		}
	}
	return out
}

// Last gives the assignment that decides. One with an empty value brings the built-in default back.
func (c Config) Last(section, key string) (Assignment, bool) {
	all := c.All(section, key)
	if len(all) == 0 {
		return Assignment{}, false
	}
	return all[len(all)-1], true
}
