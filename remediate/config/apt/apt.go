// Package apt is how apt reads its repositories and its settings. It has no opinions and changes
// nothing.
//
// The facts are those of sources.list(5) and apt.conf(5), and of apt-pkg/contrib/configuration.cc for
// the grammar of settings.
package apt

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Places that apt reads.
const (
	SourceList  = "/etc/apt/sources.list"
	SourceParts = "/etc/apt/sources.list.d"
	MainConf    = "/etc/apt/apt.conf"
	ConfParts   = "/etc/apt/apt.conf.d"
)

// Option is an option of a repository, such as trusted=yes or Signed-By: /usr/share/keyrings/x.gpg.
type Option struct {
	Name  string // in lower case, as deb822 has it: "trusted", "signed-by"
	Value string
	Line  int // where it starts
	Last  int // where it ends
}

// Source is one entry: an entry of a .list file, or a stanza of a .sources file.
type Source struct {
	Path       string
	Line       int // of the entry, or of the stanza's first line
	Text       string
	Deb822     bool
	Types      []string
	URIs       []string
	Suites     []string
	Components []string
	Enabled    bool
	Options    []Option
}

// Option gives the value of an option; the last one decides.
func (s Source) Option(name string) (Option, bool) {
	var last Option
	found := false
	for _, o := range s.Options {
		if o.Name == name {
			last, found = o, true
		}
	}
	return last, found
}

// Sources reads every repository, in apt's order.
func Sources(files host.Files) ([]Source, error) {
	names, err := parts(files, SourceParts, ".list", ".sources")
	if err != nil {
		return nil, err
	}
	var out []Source
	for _, file := range append([]string{SourceList}, names...) {
		content, err := files.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read repositories: %w", err)
		}
		parse := ParseList
		if strings.HasSuffix(file, ".sources") {
			parse = ParseSources
		}
		more, err := parse(file, string(content))
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// parts lists the files of a directory that apt reads: those with one of the extensions ("" is none)
// and no characters other than letters, digits, dots, hyphens and underscores.
func parts(files host.Files, dir string, extensions ...string) ([]string, error) {
	entries, err := files.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", dir, err)
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" {
			continue
		}
		for _, ext := range extensions {
			if ext == path.Ext(name) {
				file := path.Join(dir, name)
				if info, err := files.Stat(file); err == nil && info.Mode.IsRegular() {
					out = append(out, file)
				}
			}
		}
	}
	return out, nil
}

// ParseList takes a .list file apart: deb [option=value ...] uri suite [component ...].
func ParseList(file, content string) ([]Source, error) {
	var out []Source
	for i, text := range strings.Split(content, "\n") {
		line := text
		if at := strings.IndexByte(line, '#'); at >= 0 {
			line = line[:at]
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		s := Source{Path: file, Line: i + 1, Text: text, Enabled: true}
		kind, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
		s.Types = []string{kind}
		rest = strings.TrimSpace(rest)
		if strings.HasPrefix(rest, "[") {
			options, after, ok := strings.Cut(rest[1:], "]")
			if !ok {
				return nil, fmt.Errorf("%s:%d: the options are not closed", file, i+1)
			}
			rest = after
			for _, o := range strings.Fields(options) {
				name, value, ok := strings.Cut(o, "=")
				if !ok {
					return nil, fmt.Errorf("%s:%d: %q is not an option and its value", file, i+1, o)
				}
				s.Options = append(s.Options, Option{Name: strings.TrimRight(strings.ToLower(name), "+-"), Value: value, Line: i + 1, Last: i + 1})
			}
		}
		words := strings.Fields(rest)
		if kind != "deb" && kind != "deb-src" || len(words) < 2 {
			return nil, fmt.Errorf("%s:%d: not a repository", file, i+1)
		}
		s.URIs, s.Suites, s.Components = words[:1], words[1:2], words[2:]
		out = append(out, s)
	}
	return out, nil
}

// ParseSources takes a .sources file apart: stanzas of fields, as in deb-control(5).
func ParseSources(file, content string) ([]Source, error) {
	var out []Source
	var s Source
	flush := func() {
		if s.Line > 0 {
			s.fill()
			out = append(out, s)
		}
		s = Source{}
	}
	for i, text := range strings.Split(content, "\n") {
		line := strings.TrimRight(text, " \t\r")
		switch {
		case line == "":
			flush()
			continue
		case line[0] == '#':
			continue
		case line[0] == ' ' || line[0] == '\t':
			if len(s.Options) == 0 {
				return nil, fmt.Errorf("%s:%d: a continuation without a field", file, i+1)
			}
			last := &s.Options[len(s.Options)-1]
			last.Value += "\n" + strings.TrimSpace(line)
			last.Last = i + 1
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%s:%d: not a field and its value", file, i+1)
		}
		if s.Line == 0 {
			s = Source{Path: file, Line: i + 1, Text: text, Deb822: true}
		}
		s.Options = append(s.Options, Option{Name: strings.ToLower(name), Value: strings.TrimSpace(value), Line: i + 1, Last: i + 1})
	}
	flush()
	return out, nil
}

func (s *Source) fill() {
	fields := func(name string) []string {
		o, _ := s.Option(name)
		return strings.Fields(o.Value)
	}
	s.Types, s.URIs, s.Suites, s.Components = fields("types"), fields("uris"), fields("suites"), fields("components")
	o, ok := s.Option("enabled")
	s.Enabled = !ok || Bool(o.Value, true)
}

// Bool is what apt takes a word for; others are the default.
func Bool(word string, otherwise bool) bool {
	switch strings.ToLower(word) {
	case "yes", "true", "with", "on", "enable", "1":
		return true
	case "no", "false", "without", "off", "disable", "0":
		return false
	}
	return otherwise
}
