package modprobe

import "strings"

// logical is one line as modprobe sees it, and the physical lines that it stands on.
type logical struct {
	text       string
	first, end int // 1-based, inclusive
}

// logicalLines joins lines that end in a backslash. Any other backslash goes and leaves the character
// behind it (kmod, shared/util.c, freadline_wrapped). A NUL ends the line for a C program.
func logicalLines(content []byte) []logical {
	var (
		lines []logical
		buf   []byte
		line  = 1
		first = 1
	)
	flush := func(end int) {
		if i := strings.IndexByte(string(buf), 0); i >= 0 {
			buf = buf[:i]
		}
		lines = append(lines, logical{text: string(buf), first: first, end: end})
		buf = nil
	}
	for i := 0; i < len(content); i++ {
		c := content[i]
		if c == '\\' {
			if i++; i == len(content) {
				break
			}
			if c = content[i]; c == '\n' {
				line++
				continue
			}
			buf = append(buf, c)
			continue
		}
		if c == '\n' {
			flush(line)
			line++
			first = line
			continue
		}
		buf = append(buf, c)
	}
	if len(buf) > 0 {
		flush(line)
	}
	return lines
}

// parseLine reads one logical line. Not ok means that modprobe passes over it: empty, a comment, or
// a line that it does not understand.
func parseLine(text string) (e Entry, ok bool) {
	if text == "" || text[0] == '#' {
		return Entry{}, false
	}
	command, rest := token(text)
	name, rest := token(rest)
	if name == "" || !matched(name) {
		return Entry{}, false
	}
	switch e.Command = command; command {
	case "blacklist":
	case "alias":
		if e.Value, _ = token(rest); e.Value == "" || !matched(e.Value) {
			return Entry{}, false
		}
		e.Value = Underscores(e.Value)
	case "install", "remove", "options", "softdep":
		if rest == "" {
			return Entry{}, false
		}
		e.Value = rest
	default:
		return Entry{}, false
	}
	e.Name = Underscores(name)
	return e, true
}

// token takes the next word the way strtok(3) does with blank and tab: exactly one separator is
// taken with it, so the rest of an install line keeps its own leading blanks.
func token(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// Underscores turns dashes into underscores, except inside brackets: to kmod the two are one.
func Underscores(s string) string {
	b := []byte(s)
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '-':
			b[i] = '_'
		case '[':
			for i < len(b) && b[i] != ']' {
				i++
			}
		}
	}
	return string(b)
}

// matched says that each bracket has its other half; modprobe passes over a line whose names have one alone (kmod,
// shared/util.c, underscores).
func matched(name string) bool {
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case ']':
			return false
		case '[':
			end := strings.IndexByte(name[i:], ']')
			if end < 0 {
				return false
			}
			i += end
		}
	}
	return true
}

// softdeps lists the modules of a softdep line, before and after. kmod 30 does not see the first word
// when exactly two blanks stand before it; that is taken for an accident of this version.
func softdeps(value string) (pre, post []string) {
	into := (*[]string)(nil)
	for _, word := range strings.FieldsFunc(value, isSpace) {
		switch {
		case word == "pre:":
			into = &pre
		case word == "post:":
			into = &post
		case into != nil:
			*into = append(*into, Underscores(word))
		}
	}
	return pre, post
}

func isSpace(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }
