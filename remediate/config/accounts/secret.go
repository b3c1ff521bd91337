package accounts

import (
	"fmt"
	"strings"
)

// Secret is a password field. Printing it, by whatever verb, shows nothing of it.
type Secret string

// Format hides the text from fmt.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(hidden)") }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte("(hidden)"), nil }

// Empty is true where anybody gets in without a password.
func (s Secret) Empty() bool { return s == "" }

// Shadowed is true of the mark in passwd that says that the shadow file holds the password.
func (s Secret) Shadowed() bool { return s == "x" }

// Locked is true where no password fits and the lock is on purpose: passwd -S then says L.
func (s Secret) Locked() bool {
	return strings.HasPrefix(string(s), "!") || strings.HasPrefix(string(s), "*")
}

// Algorithm names how the password is hashed, as crypt(5) does, and is empty where no password fits.
func (s Secret) Algorithm() string {
	text := string(s)
	for _, a := range []struct{ prefix, name string }{
		{"$1$", "md5"}, {"$2a$", "bcrypt"}, {"$2b$", "bcrypt"}, {"$2x$", "bcrypt"}, {"$2y$", "bcrypt"},
		{"$3$", "nt"}, {"$5$", "sha256"}, {"$6$", "sha512"}, {"$7$", "scrypt"}, {"$y$", "yescrypt"}, {"$gy$", "gost-yescrypt"},
		{"$sha1$", "sha1"}, {"$md5", "sunmd5"},
	} {
		if strings.HasPrefix(text, a.prefix) && len(text) > len(a.prefix) {
			return a.name
		}
	}
	switch {
	case len(text) == 20 && text[0] == '_' && only64(text[1:]):
		return "bsdi"
	case len(text) == 13 && only64(text):
		return "des"
	case strings.HasPrefix(text, "$"):
		return "unknown"
	}
	return ""
}

func only64(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '/') {
			return false
		}
	}
	return true
}
