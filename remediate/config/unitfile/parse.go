package unitfile

import (
	"fmt"
	"strings"
)

// MaxLine bounds one assignment with its continuation lines, in bytes, as systemd does (LONG_LINE_MAX).
const MaxLine = 1 << 20

// Parse reads the text of a unit file or drop-in. Lines that systemd ignores with a warning are left
// out. Continuation lines join with a space, and comments between them vanish.
func Parse(path string, content []byte) ([]Assignment, error) {
	var (
		list    []Assignment
		section string
		raw     []string
		joined  strings.Builder
		start   int
	)
	finish := func() error {
		if start == 0 {
			return nil
		}
		line := strings.TrimSpace(joined.String())
		first, lines := start, raw
		start, raw = 0, nil
		joined.Reset()
		if line == "" {
			return nil
		}
		if line[0] == '[' {
			if !strings.HasSuffix(line, "]") {
				return fmt.Errorf("%s:%d: invalid section header", path, first)
			}
			section = line[1 : len(line)-1]
			return nil
		}
		key, value, ok := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" || section == "" {
			return nil
		}
		list = append(list, Assignment{Path: path, Line: first, Raw: lines, Section: section, Key: key, Value: strings.TrimSpace(value)})
		return nil
	}
	text := strings.TrimPrefix(string(content), "\ufeff")
	for i, line := range strings.Split(text, "\n") {
		bare := strings.TrimLeft(line, " \t\r")
		if bare != "" && (bare[0] == '#' || bare[0] == ';') {
			if start != 0 {
				raw = append(raw, line)
			}
			continue
		}
		if start == 0 {
			start = i + 1
		}
		raw = append(raw, line)
		body, more := strings.CutSuffix(strings.TrimSuffix(line, "\r"), `\`)
		// An even number of backslashes is not a continuation.
		if more && (len(body)-len(strings.TrimRight(body, `\`)))%2 == 1 {
			body, more = line, false
		}
		joined.WriteString(body)
		if joined.Len() > MaxLine {
			return nil, fmt.Errorf("%s:%d: line is too long", path, start)
		}
		if more {
			joined.WriteByte(' ')
			continue
		}
		if err := finish(); err != nil {
			return nil, err
		}
	}
	if err := finish(); err != nil {
		return nil, err
	}
	return list, nil
}

// ParseEnv reads an environment file as systemd.exec(5) has it: comments start with # or ;, values
// may be quoted, and a backslash at the end of a line continues it.
func ParseEnv(path string, content []byte) []Assignment {
	var list []Assignment
	lines := strings.Split(string(content), "\n")
	for i := 0; i < len(lines); i++ {
		bare := strings.TrimLeft(lines[i], " \t\r")
		if bare == "" || bare[0] == '#' || bare[0] == ';' {
			continue
		}
		key, rest, ok := strings.Cut(bare, "=")
		if !ok {
			continue
		}
		first := i
		value, used := envValue(rest, lines[i+1:])
		i += used
		if !validEnvName(strings.TrimSpace(key)) {
			continue
		}
		list = append(list, Assignment{Path: path, Line: first + 1, Raw: lines[first : i+1], Key: strings.TrimSpace(key), Value: value})
	}
	return list
}

// envValue reads a value that may run over the following lines, and says how many of them it used.
func envValue(rest string, following []string) (string, int) {
	var (
		out   strings.Builder
		quote byte
		used  int
		keep  int    // length up to which trailing blanks belong to a quoted part
		pre   = true // a quote counts only at the start, or right after another quoted part
	)
	for {
		for i := 0; i < len(rest); i++ {
			c := rest[i]
			switch {
			case quote == 0 && pre && (c == '\'' || c == '"'):
				quote = c
			case quote == 0 && pre && (c == ' ' || c == '\t'):
			case quote != 0 && c == quote:
				quote, keep, pre = 0, out.Len(), true
			case c == '\\' && quote != '\'':
				if i+1 == len(rest) {
					if used < len(following) {
						goto next
					}
					continue
				}
				i++
				pre = pre && quote != 0
				if quote == '"' && !strings.ContainsRune("\"\\`$", rune(rest[i])) {
					out.WriteByte('\\')
				}
				out.WriteByte(rest[i])
				keep = out.Len()
			case c == '\r' && quote == 0:
			default:
				pre = pre && quote != 0
				out.WriteByte(c)
			}
		}
		if quote == 0 || used == len(following) {
			break
		}
		out.WriteByte('\n')
	next:
		rest = following[used]
		used++
	}
	value := out.String()
	tail := strings.TrimRight(value[keep:], " \t")
	return value[:keep] + tail, used
}

func validEnvName(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if !isAlnum(s[i]) && s[i] != '_' {
			return false
		}
	}
	return true
}
