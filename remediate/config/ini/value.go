package ini

import (
	"strconv"
	"strings"
)

// Same reports whether two values mean the same: equal texts, two words for one boolean, or two ways
// to write one number of bytes. Plain numbers are never taken for booleans.
func Same(a, b string) bool {
	if a == b {
		return true
	}
	if x, ok := boolean(a); ok {
		if y, ok := boolean(b); ok {
			return x == y && (word(a) || word(b))
		}
	}
	x, ok := bytes(a)
	y, also := bytes(b)
	return ok && also && x == y
}

func word(s string) bool { return s != "0" && s != "1" }

func boolean(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}

// bytes reads a size with the suffixes B, K, M, G, T, P and E to the base of 1024.
func bytes(s string) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	shift := 0
	number := s
	if i := strings.IndexByte("BKMGTPE", s[len(s)-1]); i >= 0 {
		shift, number = 10*i, strings.TrimSpace(s[:len(s)-1])
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || n<<shift>>shift != n {
		return 0, false
	}
	return n << shift, true
}
