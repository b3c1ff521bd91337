package unitfile

import (
	"path"
	"slices"
	"strings"
)

func unitTypes() []string {
	return []string{".service", ".socket", ".target", ".device", ".mount", ".automount", ".swap", ".timer", ".path", ".slice", ".scope"}
}

const nameChars = ":-_.\\@"

// ValidName reports whether a string can be the name of a unit: characters that systemd allows, a
// known type and at most 255 bytes.
func ValidName(name string) bool {
	if len(name) > 255 || !slices.Contains(unitTypes(), suffix(name)) {
		return false
	}
	stem := strings.TrimSuffix(name, suffix(name))
	if stem == "" || stem[0] == '@' {
		return false
	}
	for _, c := range []byte(stem) {
		if !isAlnum(c) && strings.IndexByte(nameChars, c) < 0 {
			return false
		}
	}
	return true
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func suffix(name string) string { return path.Ext(name) }

// Template gives foo@.service for foo@bar.service and for itself, and "" for names without an @.
func Template(name string) string {
	stem := strings.TrimSuffix(name, suffix(name))
	prefix, _, ok := strings.Cut(stem, "@")
	if !ok {
		return ""
	}
	return prefix + "@" + suffix(name)
}

// IsTemplate reports whether a name is foo@.service.
func IsTemplate(name string) bool { return Template(name) == name && name != "" }

// Instance gives bar for foo@bar.service, and "" for others.
func Instance(name string) string {
	stem := strings.TrimSuffix(name, suffix(name))
	_, inst, _ := strings.Cut(stem, "@")
	return inst
}

// MountUnit gives the name of the mount unit of a path, as systemd-escape --path --suffix=mount does.
func MountUnit(p string) string {
	p = strings.Trim(path.Clean("/"+p), "/")
	if p == "" {
		return "-.mount"
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := range len(p) {
		c := p[i]
		switch {
		case c == '/':
			b.WriteByte('-')
		case isAlnum(c) || c == ':' || c == '_' || c == '.' && i > 0:
			b.WriteByte(c)
		default:
			b.WriteString(`\x`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String() + ".mount"
}
