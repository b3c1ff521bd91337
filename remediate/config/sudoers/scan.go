package sudoers

import "strings"

// statement is one logical line: continued lines joined, and without its comment.
type statement struct {
	Place
	code string
	open bool // the file ends where the statement goes on
}

// statements takes a file apart. A backslash at the end of a line joins it with the next one, but not in
// a comment; a number sign starts a comment unless a number follows (a uid), or it stands
// for an include.
func statements(name string, lines []string) []statement {
	var out []statement
	for i := 0; i < len(lines); {
		s := statement{Place: Place{Path: name, First: i + 1}}
		var code strings.Builder
		quoted := false
		for {
			part, goesOn := scanLine(lines[i], code.Len() == 0, &quoted)
			code.WriteString(part)
			i++
			if s.open = goesOn && i >= len(lines); s.open || !goesOn {
				break
			}
			if !quoted {
				code.WriteByte(' ')
			}
		}
		s.Last = i
		s.Text = strings.Join(lines[s.First-1:s.Last], "\n")
		s.code = strings.Trim(code.String(), " \t") // other white space is a word to sudo
		if s.code != "" {
			out = append(out, s)
		}
	}
	return out
}

// scanLine gives a line's code and whether the next line belongs to it.
func scanLine(line string, start bool, quoted *bool) (code string, goesOn bool) {
	line = strings.TrimSuffix(line, "\r")
	if *quoted {
		line = strings.TrimLeft(line, " \t")
	}
	if trimmed := strings.TrimLeft(line, " \t"); start && strings.HasPrefix(trimmed, "#include") {
		if _, _, ok := includeOf(trimmed); ok {
			return trimmed, false
		}
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			if strings.Trim(line[i+1:], " \t") == "" {
				return line[:i], true
			}
			i++
		case c == '"':
			*quoted = !*quoted
		case c == '#' && !*quoted && !numberFollows(line[i+1:]):
			return line[:i], false
		}
	}
	return line, false
}

func numberFollows(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && s[0] >= '0' && s[0] <= '9'
}

// includeOf reads @include, #include, @includedir and #includedir lines.
func includeOf(code string) (path string, dir, ok bool) {
	if code == "" || code[0] != '@' && code[0] != '#' {
		return "", false, false
	}
	rest, found := strings.CutPrefix(code[1:], "include")
	if !found {
		return "", false, false
	}
	rest, dir = strings.CutPrefix(rest, "dir")
	if rest == "" {
		return "", dir, code[0] == '@'
	}
	if rest[0] != ' ' && rest[0] != '\t' {
		return "", false, false
	}
	rest = strings.TrimLeft(rest, " \t")
	if strings.HasPrefix(rest, `"`) {
		path, _, _ = strings.Cut(rest[1:], `"`)
		return path, dir, true
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		if rest[i] == '\\' && i+1 < len(rest) {
			i++
		} else if rest[i] == ' ' || rest[i] == '\t' {
			break
		}
		b.WriteByte(rest[i])
	}
	return b.String(), dir, true
}
