package remote

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// longestLine is how much of one line of the target is shown.
const longestLine = 500

// Clean makes text of the target fit for a terminal and a log: one line, without control characters,
// escape sequences, characters that change the direction of writing, or invalid UTF-8. Whoever is on
// the target must not be able to forge what Packer says, nor to give orders to the pipeline that reads it.
func Clean(s string) string {
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < longestLine; {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			b.WriteRune(unicode.ReplacementChar)
		case r == '\x1b':
			size = escape(s[i:])
		case r == '\t' || r == '\n' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case unicode.Is(unicode.C, r):
			// Controls, formatting such as right-to-left overrides, private use.
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return report.Inert(strings.TrimSpace(b.String()))
}

// escape is the length of the escape sequence that s begins with.
func escape(s string) int {
	if len(s) < 2 {
		return 1
	}
	switch s[1] {
	case '[': // CSI: parameters, then one final byte
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
			if s[i] < 0x20 || s[i] > 0x7e {
				return i
			}
		}
		return len(s)
	case ']', 'P', '^', '_': // OSC and other strings: up to BEL or ESC \
		for i := 2; i < len(s); i++ {
			if s[i] == '\a' {
				return i + 1
			}
			if s[i] == '\x1b' {
				if i+1 < len(s) && s[i+1] == '\\' {
					return i + 2
				}
				return i
			}
		}
		return len(s)
	}
	if s[1] < 0x20 || s[1] > 0x7e {
		return 1
	}
	return 2
}
