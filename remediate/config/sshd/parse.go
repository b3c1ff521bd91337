package sshd

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Bounds on a hostile configuration. sshd itself stops at 16 levels; the number of files read and
// lines walked keep the levels from multiplying.
const (
	maxDepth = 16
	maxFiles = 1000
	maxSteps = 200_000
)

// Place is a line of a configuration file.
type Place struct {
	Path string
	Line int    // 1-based
	Text string // the line as it stands, without its line feed
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.Path, p.Line) }

// Problem is something that keeps sshd from starting with this configuration.
type Problem struct {
	Place
	Reason string
}

func (p Problem) String() string { return p.Place.String() + ": " + p.Reason }

// Note is a line that sshd reads and drops.
type Note struct {
	Place
	Keyword string
}

type statement struct {
	place    Place
	key      *keyword
	spelling string   // the keyword as written
	inMatch  bool     // this spelling may stand in a Match block
	values   []string // as sshd -T spells them
	cond     []criterion
	includes [][]string // paths by argument of Include
	problem  string
}

type file struct {
	path       string
	lines      []string // as they stand, without line feeds
	statements []statement
}

type parser struct {
	files   host.Files
	dialect *dialect
	server  Server
	sets    map[string]algorithmSet
	read    map[string]*file
	order   []string
}

func (p *parser) algorithms(id string) algorithmSet {
	set, ok := p.sets[id]
	if !ok {
		set = p.server.algorithms(id)
		p.sets[id] = set
	}
	return set
}

// file reads and parses a file once. A directory is an empty file, as it is to sshd.
func (p *parser) file(name string) (*file, error) {
	if f, ok := p.read[name]; ok {
		return f, nil
	}
	if len(p.read) >= maxFiles {
		return nil, fmt.Errorf("cannot read %s: more than %d files are included", name, maxFiles)
	}
	content, err := p.files.ReadFile(name)
	if err != nil {
		if info, statErr := p.files.Stat(name); statErr == nil && info.Mode.IsDir() {
			err, content = nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	f := p.parse(name, string(content))
	p.read[name] = f
	p.order = append(p.order, name)
	for i := range f.statements {
		s := &f.statements[i]
		for _, paths := range s.includes {
			for _, path := range paths {
				// A file that includes itself is found by its depth when the tree is walked.
				if _, err := p.file(path); err != nil {
					if errors.Is(err, fs.ErrNotExist) || errors.Is(err, host.ErrNotRegular) {
						s.problem = err.Error()
						continue
					}
					return nil, fmt.Errorf("%s: %w", s.place, err)
				}
			}
		}
	}
	return f, nil
}

func (p *parser) parse(name, content string) *file {
	f := &file{path: name}
	if content == "" {
		return f
	}
	f.lines = strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	for i, line := range f.lines {
		if s, ok := p.statement(Place{Path: name, Line: i + 1, Text: line}); ok {
			f.statements = append(f.statements, s)
		}
	}
	return f
}

// statement reads one line; ok is false for blank lines, comments and what sshd takes for one.
func (p *parser) statement(place Place) (s statement, ok bool) {
	s.place = place
	if strings.IndexByte(place.Text, 0) >= 0 {
		s.problem = "line holds a NUL byte"
		return s, true
	}
	line := strings.TrimLeft(place.Text, " \t\r")
	if line == "" {
		return s, false
	}
	line = line[:1] + strings.TrimRight(line[1:], blank+"\f")
	c := &cursor{rest: line}
	word, ok := c.delim()
	if ok && word == "" {
		word, ok = c.delim()
	}
	if !ok || word == "" || word[0] == '#' {
		return s, false
	}
	s.spelling = word
	e, known := p.dialect.byName[strings.ToLower(word)]
	modern := p.dialect.version.AtLeast(8, 7)
	if modern && (c.ended || c.rest == "") {
		s.problem = fmt.Sprintf("keyword %s has no value", word)
		return s, true
	}
	if !known {
		s.problem = fmt.Sprintf("OpenSSH %s does not know the keyword %s", p.dialect.version, word)
		return s, true
	}
	s.key, s.inMatch = e.key, e.match
	raw := c.rest
	args, err := p.split(c, modern)
	if err != nil {
		s.problem = err.Error()
		return s, true
	}
	switch s.key.form {
	case formIgnored:
		return s, true
	case formMatch:
		s.cond, err = parseMatch(raw, args, p.dialect.version)
	case formInclude:
		err = p.include(&s, args)
	default:
		s.values, err = s.key.read(args, raw, p.algorithms)
	}
	if err != nil {
		s.problem = fmt.Sprintf("%s: %v", word, err)
	}
	return s, true
}

func (p *parser) split(c *cursor, modern bool) ([]string, error) {
	if modern {
		return splitArgs(c.rest)
	}
	args, leftover := c.delims()
	if leftover != "" {
		return nil, fmt.Errorf("leftover %q at end of line", leftover)
	}
	return args, nil
}

func (p *parser) include(s *statement, args []string) error {
	if len(args) == 0 {
		return errors.New("file name is missing")
	}
	for _, arg := range args {
		if arg == "" {
			return errors.New("file name is empty")
		}
		if arg[0] == '~' {
			// sshd looks for it below its own working directory, where nothing is.
			s.includes = append(s.includes, nil)
			continue
		}
		if arg[0] != '/' {
			arg = configDir + "/" + arg
		}
		paths, err := host.Glob(p.files, arg)
		if err != nil {
			return err
		}
		s.includes = append(s.includes, paths)
	}
	return nil
}
