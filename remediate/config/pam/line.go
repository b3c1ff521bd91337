package pam

import (
	"strings"
)

// maxLine is the room for an assembled line in Linux-PAM before 1.7, in bytes. A longer one makes
// libpam give up on the file.
const maxLine = 1023

// logical is one entry of a file: its text with comments and continuations taken out.
type logical struct {
	text string
	line int // 1-based number of the first line
	raw  []string
}

// splitLines cuts content into lines without their line feeds.
func splitLines(content string) []string {
	if content == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(content, "\n"), "\n")
}

// assemble joins lines as libpam does. A # ends a line wherever it stands. A backslash at the end
// continues it; blank lines and comments in between are skipped. broken says why libpam would give
// up, with the line; entries before that are still returned.
func assemble(content string) (entries []logical, broken string, at int) {
	lines := splitLines(content)
	var buf strings.Builder
	start := 0 // index of the first line of the entry being assembled
	open := false
	for i, line := range lines {
		if j := strings.IndexByte(line, 0); j >= 0 {
			line = line[:j] // C strings end here
		}
		text := strings.TrimLeft(line, " \t")
		if text == "" || text[0] == '#' {
			continue
		}
		if !open {
			start = i
		}
		comment := strings.IndexByte(text, '#')
		if comment >= 0 {
			text = text[:comment]
		}
		trimmed := strings.TrimRight(text, " \t")
		if comment < 0 && strings.HasSuffix(trimmed, `\`) {
			buf.WriteString(trimmed[:len(trimmed)-1] + " ")
			open = true
			if buf.Len() > maxLine {
				return entries, "a line is too long for libpam", start + 1
			}
			continue
		}
		buf.WriteString(text)
		if buf.Len() > maxLine {
			return entries, "a line is too long for libpam", start + 1
		}
		entries = append(entries, logical{text: buf.String(), line: start + 1, raw: lines[start : i+1]})
		buf.Reset()
		open = false
	}
	if open {
		return entries, "the last line is continued but nothing follows", start + 1
	}
	return entries, "", 0
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// token takes the next token off s. One in brackets is a single token without its brackets, in which
// a backslash before the closing bracket keeps it.
func token(s string) (tok, rest string, ok bool) {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	if s == "" {
		return "", "", false
	}
	if s[0] != '[' {
		end := strings.IndexAny(s, " \t\n")
		if end < 0 {
			return s, "", true
		}
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	i := 1
	for ; i < len(s) && s[i] != ']'; i++ {
		if s[i] == '\\' && i+1 < len(s) && s[i+1] == ']' {
			i++
		}
		b.WriteByte(s[i])
	}
	if i < len(s) {
		i++
	}
	return b.String(), s[i:], true
}

// tokens splits s into all of its tokens.
func tokens(s string) []string {
	var all []string
	for {
		tok, rest, ok := token(s)
		if !ok {
			return all
		}
		all = append(all, tok)
		s = rest
	}
}
