package sysctl

import "strings"

// Normalize turns a key into its path below /proc/sys. The first separator decides: a slash leaves
// everything as it is, a dot makes dots and slashes change places, so that an interface with a dot in
// its name can be written either way (sysctl.d(5)).
func Normalize(key string) string {
	if i := strings.IndexAny(key, "/."); i >= 0 && key[i] == '.' {
		b := []byte(key)
		for j, c := range b {
			switch c {
			case '.':
				b[j] = '/'
			case '/':
				b[j] = '.'
			}
		}
		key = string(b)
	}
	return simplify(key)
}

// simplify drops empty and "." components and a leading slash.
func simplify(key string) string {
	parts := strings.Split(key, "/")
	kept := parts[:0]
	for _, p := range parts {
		if p != "" && p != "." {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "/")
}

// Dotted is the usual way to write a normalized key: net/ipv4/conf/eth0.5/x is net.ipv4.conf.eth0/5.x.
func Dotted(key string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, key)
}

const blank = " \t\n\r"

// parse reads one file. systemd ends a line at a line feed, a carriage return and a NUL alike, so one
// line of the file can hold several.
func parse(content []byte, globs bool) []Entry {
	var entries []Entry
	for i, text := range strings.Split(string(content), "\n") {
		parts := strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == 0 })
		for _, part := range parts {
			e, ok := parseLine(part, globs)
			if !ok {
				continue
			}
			e.Line, e.Text, e.Shared = i+1, text, len(parts) > 1
			entries = append(entries, e)
		}
	}
	return entries
}

func parseLine(line string, globs bool) (Entry, bool) {
	line = strings.Trim(line, blank)
	if line == "" || line[0] == '#' || line[0] == ';' {
		return Entry{}, false
	}
	key, value, assigns := strings.Cut(line, "=")
	dash := strings.HasPrefix(key, "-")
	if dash && !globs || !assigns && !dash {
		// Before version 243 the dash belongs to the name, and no such key exists.
		return Entry{}, false
	}
	key = Normalize(strings.Trim(strings.TrimPrefix(key, "-"), blank))
	if key == "" {
		return Entry{}, false
	}
	return Entry{Key: key, Value: strings.Trim(value, blank), Excludes: !assigns}, true
}

// SetValue is the line with another value: what stands before the value and after it is kept.
func (e Entry) SetValue(value string) string {
	if e.Excludes {
		return Dotted(e.Key) + " = " + value
	}
	i := strings.IndexByte(e.Text, '=') + 1
	rest := e.Text[i:]
	lead := rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]
	trail := ""
	if strings.HasSuffix(rest, "\r") {
		trail = "\r" // the file has DOS line ends
	}
	return e.Text[:i] + lead + value + trail
}
