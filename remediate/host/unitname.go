package host

import (
	"slices"
	"strings"
)

var unitTypes = []string{
	"service", "socket", "target", "timer", "path", "mount", "automount", "swap", "slice", "scope", "device",
}

// unitName is a name such as "getty@tty1.service", taken apart.
type unitName struct {
	prefix   string // "getty"
	template bool   // it has an "@"
	instance string // "tty1"; empty for the template itself
	suffix   string // ".service"
}

// parseUnitName accepts what systemd.unit(5) does: no name that passes can lead out of a directory.
func parseUnitName(s string) (unitName, bool) {
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || len(s) > 255 || !slices.Contains(unitTypes, s[dot+1:]) {
		return unitName{}, false
	}
	prefix, instance, template := strings.Cut(s[:dot], "@")
	for _, c := range []byte(s[:dot]) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte(`:-_.\@`, c) < 0 {
			return unitName{}, false
		}
	}
	return unitName{prefix, template, instance, s[dot:]}, prefix != ""
}

func (n unitName) String() string {
	if n.template {
		return n.prefix + "@" + n.instance + n.suffix
	}
	return n.prefix + n.suffix
}

// isTemplate reports whether the name is of a template itself, which cannot run.
func (n unitName) isTemplate() bool { return n.template && n.instance == "" }

// of gives the template of an instance.
func (n unitName) of() unitName {
	n.instance = ""
	return n
}

// expand replaces the specifiers of systemd.unit(5) that make sense in an [Install] section.
func (n unitName) expand(s string) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return "", false
		}
		switch s[i] {
		case '%':
			out.WriteByte('%')
		case 'n':
			out.WriteString(n.String())
		case 'N':
			out.WriteString(strings.TrimSuffix(n.String(), n.suffix))
		case 'p':
			out.WriteString(n.prefix)
		case 'i':
			out.WriteString(n.instance)
		case 'j':
			out.WriteString(n.prefix[strings.LastIndexByte(n.prefix, '-')+1:])
		default:
			return "", false
		}
	}
	return out.String(), true
}
