package host

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// MaxMatches bounds what Glob returns.
const MaxMatches = 1 << 16

// Glob lists the paths that match an absolute pattern as glob(3) has it, sorted bytewise: "*", "?"
// and "[...]" within one component, a backslash quotes, and a leading dot has to be matched by a
// dot. Links on the way are followed, and a dangling link in the last place matches. Directories
// that are absent match nothing; one that cannot be read is an error.
func Glob(files Files, pattern string) ([]string, error) {
	if !strings.HasPrefix(pattern, "/") {
		return nil, fmt.Errorf("cannot match %q: pattern is not absolute", pattern)
	}
	paths := []string{""}
	for part := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		if part == "" {
			continue
		}
		var next []string
		for _, dir := range paths {
			names, err := matchesIn(files, dir+"/", part)
			if err != nil {
				return nil, fmt.Errorf("cannot match %q: %w", pattern, err)
			}
			for _, name := range names {
				next = append(next, dir+"/"+name)
			}
			if len(next) > MaxMatches {
				return nil, fmt.Errorf("cannot match %q: more than %d matches", pattern, MaxMatches)
			}
		}
		paths = next
	}
	if len(paths) == 1 && paths[0] == "" {
		return []string{"/"}, nil
	}
	slices.Sort(paths)
	return paths, nil
}

func matchesIn(files Files, dir, part string) ([]string, error) {
	if name, literal := plain(part); literal {
		_, err := files.Lstat(dir + name)
		if absent(err) {
			return nil, nil
		}
		return []string{name}, err
	}
	entries, err := files.ReadDir(dir)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if Match(part, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// absent reports whether a path leads nowhere: for a program that globs there is nothing to match.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

// plain gives the name that a pattern without wildcards stands for.
func plain(pattern string) (string, bool) {
	if strings.ContainsAny(pattern, "*?[") {
		return "", false
	}
	if !strings.Contains(pattern, `\`) {
		return pattern, true
	}
	var name strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		name.WriteByte(pattern[i])
	}
	return name.String(), true
}

// Match reports whether a name matches a pattern of one path component, as fnmatch(3) does with
// FNM_PERIOD in the C locale. A bracket that is not closed stands for itself.
func Match(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	return match(pattern, name)
}

// match tries a pattern; on a mismatch only the last star is tried again, so the time is bounded by
// the product of the lengths.
func match(pattern, name string) bool {
	p, n := 0, 0
	star, retry := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, retry = p, n
			p++
			continue
		}
		if size, ok := matchByte(pattern[p:], name[n]); ok {
			p += size
			n++
			continue
		}
		if star < 0 {
			return false
		}
		retry++
		p, n = star+1, retry
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchByte matches one byte with the head of a pattern and says how long that head is.
func matchByte(pattern string, c byte) (size int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		if size, ok, closed := matchBracket(pattern, c); closed {
			return size, ok
		}
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
	}
	return 1, pattern[0] == c
}

func matchBracket(pattern string, c byte) (size int, ok, closed bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated, true
		}
		if name, isClass := strings.CutPrefix(pattern[i:], "[:"); isClass {
			if class, _, found := strings.Cut(name, ":]"); found {
				ok = ok || inClass(class, c)
				i += len(class) + 4
				continue
			}
		}
		low, n := bracketByte(pattern[i:])
		i += n
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			high, n = bracketByte(pattern[i+1:])
			i += 1 + n
		}
		ok = ok || low <= c && c <= high
	}
	return 0, false, false
}

func bracketByte(s string) (c byte, size int) {
	if s[0] == '\\' && len(s) > 1 {
		return s[1], 2
	}
	return s[0], 1
}

func inClass(class string, c byte) bool {
	lower, upper, digit := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9'
	switch class {
	case "alpha":
		return lower || upper
	case "digit":
		return digit
	case "alnum":
		return lower || upper || digit
	case "lower":
		return lower
	case "upper":
		return upper
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r'
	case "blank":
		return c == ' ' || c == '\t'
	case "punct":
		return '!' <= c && c <= '~' && !lower && !upper && !digit
	case "graph":
		return '!' <= c && c <= '~'
	case "print":
		return ' ' <= c && c <= '~'
	case "cntrl":
		return c < ' ' || c == 0x7f
	}
	return false
}
