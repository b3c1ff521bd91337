// Package logrotate is which directives logrotate gets: its file with what it includes. It holds no
// opinions and changes nothing. The facts are those of logrotate(8).
package logrotate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// File is the main configuration file.
const File = "/etc/logrotate.conf"

// Directive is one line that is neither a comment nor part of a script.
type Directive struct {
	Path  string
	Line  int
	Text  string
	Words []string
	Block bool // it stands between the braces of some logs
}

const maxFiles = 1024

// Load reads the directives in order. ErrNotExist says that there is no configuration.
func Load(f host.Files) ([]Directive, error) {
	l := loader{f: f}
	err := l.file(File, 0)
	return l.out, err
}

type loader struct {
	f     host.Files
	out   []Directive
	files int
}

func (l *loader) file(p string, depth int) error {
	if l.files++; depth > 8 || l.files > maxFiles {
		return fmt.Errorf("cannot read %s: too many includes", p)
	}
	content, err := l.f.ReadFile(p)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p, err)
	}
	for _, d := range Parse(p, content) {
		l.out = append(l.out, d)
		if len(d.Words) == 2 && d.Words[0] == "include" {
			if err := l.include(strings.Trim(d.Words[1], `"`), depth); err != nil {
				return fmt.Errorf("%s:%d: %w", p, d.Line, err)
			}
		}
	}
	return nil
}

func (l *loader) include(p string, depth int) error {
	info, err := l.f.Stat(p)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("cannot read %s: %w", p, err)
	}
	if !info.Mode.IsDir() {
		return l.file(p, depth+1)
	}
	entries, err := l.f.ReadDir(p)
	if err != nil {
		return fmt.Errorf("cannot list %s: %w", p, err)
	}
	for _, e := range entries {
		name := path.Join(p, e.Name())
		info, err := l.f.Stat(name)
		if taboo(e.Name()) || errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode.IsRegular() {
			continue
		}
		if err := l.file(name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// taboo tells names that logrotate passes over.
func taboo(name string) bool {
	return strings.HasPrefix(name, ".") || slices.ContainsFunc([]string{",v", ".bak", ".cfsaved", ".disabled", ".dpkg-bak", ".dpkg-del", ".dpkg-dist",
		".dpkg-new", ".dpkg-old", ".dpkg-tmp", ".rhn-cfg-tmp-", ".rpmnew", ".rpmorig", ".rpmsave", ".swp", ".ucf-dist", ".ucf-new", ".ucf-old", "~"},
		func(ext string) bool { return strings.HasSuffix(name, ext) })
}

// Parse takes one file apart.
func Parse(p string, content []byte) []Directive {
	var out []Directive
	depth, script := 0, false
	for i, text := range strings.Split(string(content), "\n") {
		t := strings.TrimSpace(text)
		words := strings.Fields(t)
		switch {
		case len(words) == 0 || t[0] == '#':
			continue
		case script:
			script = words[0] != "endscript"
			continue
		}
		switch words[0] {
		case "postrotate", "prerotate", "firstaction", "lastaction", "preremove":
			script = true
			continue
		}
		if depth == 0 && strings.HasSuffix(t, "{") {
			depth++
			continue
		}
		if t == "{" {
			depth++
			continue
		}
		if words[0] == "}" {
			depth = max(0, depth-1)
			continue
		}
		out = append(out, Directive{p, i + 1, strings.TrimRight(text, "\r"), words, depth > 0})
	}
	return out
}
