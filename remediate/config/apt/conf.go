package apt

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Setting is one assignment. Line and Column say where its value starts, quotes included; Raw is the
// value as it stands there.
type Setting struct {
	Name   string // in lower case: "acquire::allowinsecurerepositories"
	Value  string
	Path   string
	Line   int
	Column int // in bytes from the start of the line, 0-based
	Raw    string
	Text   string // the line that the value is on
	Clear  bool   // #clear: what stood below the name is gone
}

// Settings reads the settings in the order in which apt does: the parts by name, then the main file.
func Settings(files host.Files) ([]Setting, error) {
	names, err := parts(files, ConfParts, "", ".conf")
	if err != nil {
		return nil, err
	}
	var out []Setting
	for _, file := range append(names, MainConf) {
		if err := readConf(files, file, 0, &out); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return out, nil
}

// maxIncludes bounds files that include each other; apt's own bound is 10.
const maxIncludes = 10

func readConf(files host.Files, file string, depth int, out *[]Setting) error {
	if depth > maxIncludes {
		return fmt.Errorf("%s: files include each other too deeply", file)
	}
	content, err := files.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cannot read apt's settings: %w", err)
	}
	settings, includes, err := ParseConf(file, string(content))
	if err != nil {
		return err
	}
	for i, s := range settings {
		for _, inc := range includes {
			if inc.before == i {
				if err := include(files, inc.file, depth, out); err != nil {
					return err
				}
			}
		}
		*out = append(*out, s)
	}
	for _, inc := range includes {
		if inc.before == len(settings) {
			if err := include(files, inc.file, depth, out); err != nil {
				return err
			}
		}
	}
	return nil
}

func include(files host.Files, file string, depth int, out *[]Setting) error {
	if !path.IsAbs(file) {
		return fmt.Errorf("#include %s is not an absolute path", file)
	}
	if !strings.HasSuffix(file, "/") {
		return readConf(files, file, depth+1, out)
	}
	names, err := parts(files, path.Clean(file), "", ".conf")
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := readConf(files, n, depth+1, out); err != nil {
			return err
		}
	}
	return nil
}

// Include is a directive #include, and the setting before which it stands.
type Include struct {
	before int
	file   string
}

// Last gives the assignment that decides a setting.
func Last(settings []Setting, name string) (Setting, bool) {
	var last Setting
	found := false
	name = strings.ToLower(name)
	for _, s := range settings {
		switch {
		case s.Clear && (s.Name == name || strings.HasPrefix(name, s.Name+"::")):
			last, found = Setting{}, false
		case !s.Clear && s.Name == name:
			last, found = s, true
		}
	}
	return last, found
}

// ParseConf takes a file of settings apart.
func ParseConf(file, content string) (settings []Setting, includes []Include, err error) {
	p := confParser{file: file, text: content, line: 1}
	if err := p.block("", 0); err != nil {
		return nil, nil, err
	}
	return p.settings, p.includes, nil
}

type confParser struct {
	file     string
	text     string
	at       int
	line     int
	start    int // where the line starts
	settings []Setting
	includes []Include
}

const maxNesting = 100

func (p *confParser) fail(what string) error { return fmt.Errorf("%s:%d: %s", p.file, p.line, what) }

func (p *confParser) advance(n int) {
	for range n {
		if p.text[p.at] == '\n' {
			p.line++
			p.start = p.at + 1
		}
		p.at++
	}
}

// space skips white space and comments. A # starts a comment unless a directive follows.
func (p *confParser) space() error {
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			p.advance(1)
		case strings.HasPrefix(rest, "//"), rest[0] == '#' && !directive(rest):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			p.advance(end)
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest, "*/")
			if end < 0 {
				return p.fail("the comment is not closed")
			}
			p.advance(end + 2)
		default:
			return nil
		}
	}
	return nil
}

func directive(s string) bool {
	word, _, _ := strings.Cut(strings.ReplaceAll(s[1:min(len(s), 12)], "\t", " "), " ")
	return strings.EqualFold(word, "clear") || strings.EqualFold(word, "include") || strings.EqualFold(word, "x-apt-configure-index")
}

// block reads statements until the file or the enclosing braces end.
func (p *confParser) block(prefix string, depth int) error {
	if depth > maxNesting {
		return p.fail("braces are nested too deeply")
	}
	for {
		if err := p.space(); err != nil {
			return err
		}
		switch {
		case p.at >= len(p.text):
			if depth > 0 {
				return p.fail("a brace is not closed")
			}
			return nil
		case p.text[p.at] == ';':
			p.advance(1)
		case p.text[p.at] == '}':
			if depth == 0 {
				return p.fail("a brace closes nothing")
			}
			p.advance(1)
			return nil
		case p.text[p.at] == '#':
			if err := p.directive(prefix); err != nil {
				return err
			}
		default:
			if err := p.statement(prefix, depth); err != nil {
				return err
			}
		}
	}
}

func (p *confParser) directive(prefix string) error {
	what, err := p.word()
	if err != nil {
		return err
	}
	if err := p.space(); err != nil {
		return err
	}
	column, line := p.at-p.start, p.line
	arg, err := p.word()
	if err != nil {
		return err
	}
	switch strings.ToLower(what) {
	case "#clear":
		p.settings = append(p.settings, Setting{Name: join(prefix, unquote(arg)), Path: p.file, Line: line, Column: column, Clear: true})
	case "#include":
		p.includes = append(p.includes, Include{before: len(p.settings), file: unquote(arg)})
	}
	return nil
}

// statement is NAME VALUE; or NAME { ... } or VALUE; of a list.
func (p *confParser) statement(prefix string, depth int) error {
	line, column := p.line, p.at-p.start
	text := p.lineText()
	if p.text[p.at] == '{' { // a block without a name
		p.advance(1)
		return p.block(prefix, depth+1)
	}
	name, err := p.word()
	if err != nil {
		return err
	}
	if name == "" {
		return p.fail("not a setting")
	}
	if err := p.space(); err != nil {
		return err
	}
	if p.at >= len(p.text) || p.text[p.at] == ';' || p.text[p.at] == '}' {
		// A value of a list, which has no name of its own.
		p.settings = append(p.settings, Setting{Name: join(prefix, ""), Value: unquote(name), Raw: name, Path: p.file, Line: line, Column: column, Text: text})
		return nil
	}
	if p.text[p.at] == '{' {
		p.advance(1)
		return p.block(join(prefix, unquote(name)), depth+1)
	}
	s := Setting{Name: join(prefix, unquote(name)), Path: p.file, Line: p.line, Column: p.at - p.start, Text: p.lineText()}
	begin := p.at
	var words []string
	for p.at < len(p.text) && !strings.ContainsRune(";{}", rune(p.text[p.at])) {
		w, err := p.word()
		if err != nil {
			return err
		}
		if w == "" {
			break
		}
		words = append(words, unquote(w))
		s.Raw = p.text[begin:p.at]
		if err := p.space(); err != nil {
			return err
		}
	}
	s.Value = strings.Join(words, " ")
	p.settings = append(p.settings, s)
	if p.at < len(p.text) && p.text[p.at] == '{' { // NAME VALUE { ... }
		p.advance(1)
		return p.block(s.Name, depth+1)
	}
	return nil
}

func (p *confParser) lineText() string {
	text, _, _ := strings.Cut(p.text[p.start:], "\n")
	return text
}

// word is a run of characters up to white space or punctuation; quotes protect both.
func (p *confParser) word() (string, error) {
	begin := p.at
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '"':
			end := strings.IndexByte(p.text[p.at+1:], '"')
			if end < 0 {
				return "", p.fail("a quote is not closed")
			}
			p.advance(end + 2)
		case strings.IndexByte(" \t\r\n;{}", c) >= 0:
			return p.text[begin:p.at], nil
		default:
			p.advance(1)
		}
	}
	return p.text[begin:], nil
}

func unquote(s string) string { return strings.ReplaceAll(s, `"`, "") }

func join(prefix, name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "::"))
	switch {
	case prefix == "":
		return name
	case name == "":
		return prefix + "::"
	}
	return prefix + "::" + name
}
