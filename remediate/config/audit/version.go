package audit

import (
	"regexp"
	"strings"
)

// versionCompare orders names as ls -v does (gnulib's filevercmp): numbers by value, a tilde before
// everything, letters before other characters, and suffixes such as .rules only where the rest is equal.
func versionCompare(a, b string) int {
	if a == b {
		return 0
	}
	if c := compareParts(withoutSuffix(a), withoutSuffix(b)); c != 0 {
		return c
	}
	if c := compareParts(a, b); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func withoutSuffix(s string) string {
	return s[:len(s)-len(fileSuffix().FindString(s))]
}

func fileSuffix() *regexp.Regexp { return regexp.MustCompile(`(\.[A-Za-z~][A-Za-z0-9~]*)*$`) }

func compareParts(a, b string) int {
	for a != "" || b != "" {
		i, j := 0, 0
		for i < len(a) && !digit(a[i]) || j < len(b) && !digit(b[j]) {
			x, y := weight(a, i), weight(b, j)
			if x != y {
				return x - y
			}
			i++
			j++
		}
		i, j = min(i, len(a)), min(j, len(b))
		a, b = a[i:], b[j:]
		x, y := number(a), number(b)
		a, b = a[len(x):], b[len(y):]
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func number(s string) string {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return s[:i]
}

// weight is that of a character at a place; the end and digits count as nothing.
func weight(s string, i int) int {
	switch {
	case i >= len(s):
		return -1
	case digit(s[i]):
		return 0
	case s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z':
		return int(s[i])
	case s[i] == '~':
		return -2
	}
	return int(s[i]) + 256
}
