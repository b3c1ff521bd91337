// Package fnmatch matches shell patterns the way glibc's fnmatch(3) does in the C locale, which is
// how kmod reads install and softdep lines and how glob(3) reads the patterns of sysctl.d.
package fnmatch

import "strings"

// IsPattern reports whether s holds a character that makes it a pattern.
func IsPattern(s string) bool { return strings.ContainsAny(s, "*?[") }

// Match reports whether the whole of name matches pattern, with no flags: a star crosses slashes and
// a leading dot is nothing special.
func Match(pattern, name string) bool {
	// On a mismatch only the last star needs to be tried again: an earlier one could not take more
	// without the last one being able to take it instead. This keeps the work below len*len.
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, n
				p++
				continue
			}
			if next, ok := matchOne(pattern, p, name[n]); ok {
				p = next
				n++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, n = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// MatchPath matches component by component, so that neither a star nor a bracket crosses a slash,
// and a wildcard does not stand for a leading dot. This is what glob(3) does.
func MatchPath(pattern, name string) bool {
	pp, nn := strings.Split(pattern, "/"), strings.Split(name, "/")
	if len(pp) != len(nn) {
		return false
	}
	for i := range pp {
		if strings.HasPrefix(nn[i], ".") && !strings.HasPrefix(strings.TrimPrefix(pp[i], `\`), ".") {
			return false
		}
		if !Match(pp[i], nn[i]) {
			return false
		}
	}
	return true
}

// matchOne matches one byte against the pattern element at p and gives where the next one starts.
func matchOne(pattern string, p int, c byte) (int, bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '\\':
		if p+1 < len(pattern) {
			return p + 2, pattern[p+1] == c
		}
		return p + 1, false // a backslash at the end matches nothing
	case '[':
		if next, in, ok := matchBracket(pattern, p+1, c); ok {
			return next, in
		}
	}
	return p + 1, pattern[p] == c
}

// matchBracket reads the bracket expression whose content starts at p. Not ok means that it is never
// closed; the bracket is then an ordinary character.
func matchBracket(pattern string, p int, c byte) (next int, in, ok bool) {
	negate := p < len(pattern) && (pattern[p] == '!' || pattern[p] == '^')
	if negate {
		p++
	}
	for first := true; p < len(pattern); first = false {
		if pattern[p] == ']' && !first {
			return p + 1, in != negate, true
		}
		if rest := pattern[p:]; strings.HasPrefix(rest, "[:") {
			if end := strings.Index(rest, ":]"); end > 1 {
				in = in || isClass(rest[2:end], c)
				p += end + 2
				continue
			}
		}
		lo, after, ok := bracketByte(pattern, p)
		if !ok {
			return 0, false, false
		}
		hi := lo
		if after+1 < len(pattern) && pattern[after] == '-' && pattern[after+1] != ']' {
			if hi, after, ok = bracketByte(pattern, after+1); !ok {
				return 0, false, false
			}
		}
		in = in || lo <= c && c <= hi
		p = after
	}
	return 0, false, false
}

func bracketByte(pattern string, p int) (c byte, next int, ok bool) {
	if pattern[p] == '\\' {
		p++
	}
	if p >= len(pattern) {
		return 0, p, false
	}
	return pattern[p], p + 1, true
}

func isClass(class string, c byte) bool {
	lower, upper := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z'
	digit := '0' <= c && c <= '9'
	switch class {
	case "lower":
		return lower
	case "upper":
		return upper
	case "alpha":
		return lower || upper
	case "digit":
		return digit
	case "alnum":
		return lower || upper || digit
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r'
	case "blank":
		return c == ' ' || c == '\t'
	case "cntrl":
		return c < ' ' || c == 0x7f
	case "graph":
		return '!' <= c && c <= '~'
	case "print":
		return ' ' <= c && c <= '~'
	case "punct":
		return '!' <= c && c <= '~' && !lower && !upper && !digit
	}
	return false
}
