// Package rsyslog is how rsyslogd decides which messages go where, as far as selectors say it:
// rsyslog.conf with its includes in their order. Statements of RainerScript other than includes,
// actions and stop, and property filters, are passed over. It holds no opinions and changes nothing.
//
// The rules are those of rsyslog.conf(5) and of rsyslog's documentation on filters and $IncludeConfig.
package rsyslog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// File is the main configuration file.
const File = "/etc/rsyslog.conf"

// ErrNone says that the machine has no configuration of rsyslog.
var ErrNone = errors.New("no " + File)

// Rule is one selector with one action.
type Rule struct {
	Path   string
	Line   int
	Text   string
	Mask   Mask
	Action string // a file without the leading dash, or the action as it stands
	Stop   bool   // messages end here
}

// Config is the rules of the default ruleset in order.
type Config struct {
	Rules []Rule
	// Statements are all that is read, includes among them, in order.
	Statements []Statement
	includes   []string // patterns of includes in force
}

const (
	maxDepth = 16
	maxFiles = 1024
)

// Load reads the configuration.
func Load(f host.Files) (*Config, error) {
	return host.Once(f, loadKey{}, func() (*Config, error) { return load(f) })
}

type loadKey struct{}

func load(f host.Files) (*Config, error) {
	if _, err := f.Stat(File); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	l := &loader{f: f}
	if err := l.file(File, 0); err != nil {
		return nil, err
	}
	return &l.c, nil
}

// Includes reports whether a file at a path would be read.
func (c *Config) Includes(p string) bool {
	for _, pattern := range c.includes {
		if ok, err := path.Match(pattern, p); ok && err == nil {
			return true
		}
	}
	return false
}

type loader struct {
	f     host.Files
	c     Config
	files int
}

func (l *loader) file(p string, depth int) error {
	l.files++
	if depth > maxDepth || l.files > maxFiles {
		return fmt.Errorf("cannot read %s: too many includes", p)
	}
	content, err := l.f.ReadFile(p)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p, err)
	}
	var last *Rule // that "& action" continues
	raw := strings.Split(string(content), "\n")
	for _, st := range statements(string(content)) {
		text := strings.TrimSpace(st.text)
		l.c.Statements = append(l.c.Statements, Statement{p, st.line, st.last, text, raw[st.line-1]})
		switch {
		case include(text) != "":
			if err := l.include(include(text), depth, st.line, p); err != nil {
				return err
			}
		case strings.HasPrefix(text, "&") && last != nil:
			l.add(p, st, last.Mask, strings.TrimSpace(text[1:]))
		default:
			sel, action, ok := split(text)
			if !ok {
				last = nil
				continue
			}
			m, err := ParseSelector(sel)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", p, st.line, err)
			}
			l.add(p, st, m, action)
			last = &Rule{Mask: m}
		}
	}
	return nil
}

var (
	legacyInclude = regexp.MustCompile(`(?i)^\$IncludeConfig\s+(\S+)`)
	scriptInclude = regexp.MustCompile(`(?is)^include\s*\(.*\bfile\s*=\s*"([^"]*)"`)
	omfile        = regexp.MustCompile(`(?is)action\s*\([^)]*\bfile\s*=\s*"([^"]*)"[^)]*\)`)
	stopWord      = regexp.MustCompile(`(?i)(^|[\s{;])(stop|~)\s*($|[\s}])`)
	selector      = regexp.MustCompile(`^([A-Za-z0-9*,]+\.[A-Za-z0-9*,.;=!]+)\s*(.+)$`)
)

func include(text string) string {
	if m := legacyInclude.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	if m := scriptInclude.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

func (l *loader) include(pattern string, depth, line int, from string) error {
	if !path.IsAbs(pattern) {
		return fmt.Errorf("%s:%d: include of %q is not an absolute path", from, line, pattern)
	}
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	l.c.includes = append(l.c.includes, pattern)
	dir, last := path.Split(pattern)
	entries, err := l.f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s:%d: cannot read %s: %w", from, line, dir, err)
	}
	for _, e := range entries {
		ok, err := path.Match(last, e.Name())
		if err != nil {
			return fmt.Errorf("%s:%d: include of %q is not a pattern", from, line, pattern)
		}
		if !ok || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		p := path.Join(dir, e.Name())
		info, err := l.f.Stat(p)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode.IsDir() {
			continue
		}
		if err := l.file(p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// split tells a selector from its action. Lines that are no rule with a selector are passed over.
func split(text string) (sel, action string, ok bool) {
	m := selector.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return strings.Trim(m[1], ";,"), strings.TrimSpace(m[2]), true
}

func (l *loader) add(p string, st statement, m Mask, action string) {
	r := Rule{Path: p, Line: st.line, Text: strings.TrimSpace(st.text), Mask: m}
	if strings.ContainsAny(action, "({") || strings.EqualFold(action, "stop") || action == "~" {
		for _, f := range omfile.FindAllStringSubmatch(action, -1) {
			one := r
			one.Action = f[1]
			l.c.Rules = append(l.c.Rules, one)
		}
		if stopWord.MatchString(omfile.ReplaceAllString(action, " ")) {
			r.Action, r.Stop = "stop", true
			l.c.Rules = append(l.c.Rules, r)
		}
		return
	}
	action, _, _ = strings.Cut(action, ";") // a template's name follows
	r.Action = strings.TrimSpace(strings.TrimPrefix(action, "-"))
	l.c.Rules = append(l.c.Rules, r)
}

type statement struct {
	text       string
	line, last int
}

// statements joins lines that a backslash, an open parenthesis or an open brace continues, and leaves
// comments out.
func statements(content string) []statement {
	var list []statement
	var cur statement
	depth := 0
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimRight(uncomment(line), " \t\r")
		if cur.line == 0 {
			if strings.TrimSpace(line) == "" {
				continue
			}
			cur.line = i + 1
		}
		depth += balance(line)
		body, more := strings.CutSuffix(line, `\`)
		cur.text += body
		if more || depth > 0 {
			cur.text += " "
			continue
		}
		cur.last = i + 1
		list = append(list, cur)
		cur, depth = statement{}, 0
	}
	if cur.line != 0 {
		cur.last = strings.Count(content, "\n") + 1
		list = append(list, cur)
	}
	return list
}

// uncomment takes a comment away: # at the start of a line or after a blank, outside quotes.
func uncomment(line string) string {
	quoted := false
	for i := range len(line) {
		switch line[i] {
		case '"':
			quoted = !quoted
		case '#':
			if !quoted && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
				return line[:i]
			}
		}
	}
	return line
}

func balance(line string) int {
	n, quoted := 0, false
	for i := range len(line) {
		switch c := line[i]; {
		case c == '"' && (i == 0 || line[i-1] != '\\'):
			quoted = !quoted
		case quoted:
		case c == '(' || c == '{':
			n++
		case c == ')' || c == '}':
			n--
		}
	}
	return n
}
