// Package yum is how dnf, tdnf and yum read their settings and their repositories: files of sections,
// of which the last assignment of a key counts. It has no opinions and changes nothing.
//
// The facts are those of dnf.conf(5) and of tdnf's client/config.c and client/repo.c.
package yum

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Assignment is a line key=value of a section.
type Assignment struct {
	Path    string
	Line    int
	Last    int // of a value that goes on in indented lines
	Text    string
	Section string
	Key     string
	Value   string
}

// Config is what a program reads.
type Config struct {
	Program string // dnf or tdnf
	Main    string // its main file
	// Assignments are those of the main file, Repos those of the repositories' files.
	Assignments []Assignment
	Repos       []Repo
}

// Repo is a repository. Several files may speak about one.
type Repo struct {
	ID          string
	Path        string
	Line        int
	Assignments []Assignment
}

// Mains lists the main files of a program, the one that counts first.
func Mains(program string) []string {
	if program == "tdnf" {
		return []string{"/etc/tdnf/tdnf.conf"}
	}
	return []string{"/etc/dnf/dnf.conf", "/etc/yum.conf"}
}

// Read reads the configuration of dnf or tdnf. ok is false where it has no main file.
func Read(files host.Files, program string) (c Config, ok bool, err error) {
	c.Program = program
	for _, file := range Mains(program) {
		content, err := files.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return c, false, fmt.Errorf("cannot read the settings of %s: %w", program, err)
		}
		c.Main = file
		if c.Assignments, err = Parse(file, string(content)); err != nil {
			return c, false, err
		}
		break
	}
	if c.Main == "" {
		return c, false, nil
	}
	for _, dir := range c.dirs() {
		if err := c.readDir(files, dir); err != nil {
			return c, false, err
		}
	}
	return c, true, nil
}

// dirs lists the directories with repositories.
func (c *Config) dirs() []string {
	if a, ok := last(c.Assignments, "main", "reposdir"); ok {
		return strings.FieldsFunc(a.Value, func(r rune) bool { return strings.ContainsRune(" ,\n\t", r) })
	}
	if a, ok := last(c.Assignments, "main", "repodir"); ok && c.Program == "tdnf" {
		return []string{a.Value}
	}
	if c.Program == "tdnf" {
		return []string{"/etc/yum.repos.d"}
	}
	return []string{"/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d"}
}

func (c *Config) readDir(files host.Files, dir string) error {
	entries, err := files.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot list %s: %w", dir, err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".repo") || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		file := path.Join(dir, e.Name())
		content, err := files.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a dangling link
		}
		if err != nil {
			return fmt.Errorf("cannot read repositories: %w", err)
		}
		assignments, err := Parse(file, string(content))
		if err != nil {
			return err
		}
		for _, a := range assignments {
			if a.Section == "main" {
				continue
			}
			i := slices.IndexFunc(c.Repos, func(r Repo) bool { return r.ID == a.Section })
			if i < 0 {
				i = len(c.Repos)
				c.Repos = append(c.Repos, Repo{ID: a.Section, Path: file, Line: a.Line})
			}
			c.Repos[i].Assignments = append(c.Repos[i].Assignments, a)
		}
	}
	return nil
}

// Parse takes a file apart. Lines that start with white space go on with the value before.
func Parse(file, content string) ([]Assignment, error) {
	var out []Assignment
	section := ""
	for i, text := range strings.Split(content, "\n") {
		line := strings.TrimRight(text, " \t\r")
		switch {
		case line == "", line[0] == '#', line[0] == ';':
			continue
		case line[0] == '[':
			name, _, ok := strings.Cut(line[1:], "]")
			if !ok {
				return nil, fmt.Errorf("%s:%d: the section header is not closed", file, i+1)
			}
			section = name
			continue
		case line[0] == ' ' || line[0] == '\t':
			if len(out) > 0 && out[len(out)-1].Section == section {
				last := &out[len(out)-1]
				last.Value += "\n" + strings.TrimSpace(line)
				last.Last = i + 1
			}
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section == "" {
			return nil, fmt.Errorf("%s:%d: not a setting of a section", file, i+1)
		}
		out = append(out, Assignment{Path: file, Line: i + 1, Last: i + 1, Text: text, Section: section, Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)})
	}
	return out, nil
}

func last(list []Assignment, section, key string) (Assignment, bool) {
	for _, a := range slices.Backward(list) {
		if a.Section == section && a.Key == key {
			return a, true
		}
	}
	return Assignment{}, false
}

// Setting gives the assignment of the main section that decides a key.
func (c Config) Setting(key string) (Assignment, bool) { return last(c.Assignments, "main", key) }

// Setting gives the assignment of the repository that decides a key.
func (r Repo) Setting(key string) (Assignment, bool) { return last(r.Assignments, r.ID, key) }

// Enabled reports whether the repository is used; one that does not say so is.
func (r Repo) Enabled() bool {
	a, ok := r.Setting("enabled")
	return !ok || Bool(a.Value)
}

// Bool is what the programs take for true.
func Bool(value string) bool {
	switch strings.ToLower(value) {
	case "1", "yes", "true", "on", "enabled":
		return true
	}
	return false
}
