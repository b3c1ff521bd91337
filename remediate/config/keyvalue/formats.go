package keyvalue

import "strings"

// parseLoginDefs splits a line as shadow's def_load does: blanks end the name, and quotes around the
// value go. A name alone says nothing. A comment after the value belongs to it.
func parseLoginDefs(line string) (Entry, bool) {
	text := strings.TrimRight(line, " \t\r\v\f")
	name := strings.TrimLeft(text, " \t")
	if name == "" || name[0] == '#' {
		return Entry{}, false
	}
	end := strings.IndexAny(name, " \t")
	if end < 0 {
		return Entry{}, false
	}
	from := len(text) - len(name) + end
	for from < len(text) && strings.IndexByte(" \t\"", text[from]) >= 0 {
		from++
	}
	to := len(text)
	if i := strings.IndexByte(text[from:], '"'); i >= 0 {
		to = from + i
	}
	return Entry{Key: name[:end], Value: text[from:to], from: from, to: to}, true
}

// parseUseradd takes NAME=value from the very start of a line, as useradd's get_defaults does.
func parseUseradd(line string) (Entry, bool) {
	name, value, ok := strings.Cut(line, "=")
	if !ok || name == "" || name[0] == '#' || strings.ContainsAny(name, " \t") {
		return Entry{}, false
	}
	return Entry{Key: name, Value: value, from: len(name) + 1, to: len(line)}, true
}

func useraddDefault(key string) (string, bool) {
	if key == "INACTIVE" {
		return "-1", true
	}
	return "", false
}

// parseConf splits "name = value", "name=value", "name value" or "name", with comments from # on, as
// libpwquality and pam_faillock do.
func parseConf(line string) (Entry, bool) {
	text := line
	if i := strings.IndexByte(text, '#'); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimRight(text, " \t\r\v\f")
	name := strings.TrimLeft(text, " \t\r\v\f")
	if name == "" {
		return Entry{}, false
	}
	start := len(text) - len(name)
	end := strings.IndexAny(name, " \t=")
	if end < 0 {
		return Entry{Key: name, Flag: true, from: len(text), to: len(text)}, true
	}
	from := start + end
	equals := false
	for from < len(text) {
		switch c := text[from]; {
		case c == '=' && !equals:
			equals = true
		case c != ' ' && c != '\t':
			return Entry{Key: name[:end], Value: text[from:], from: from, to: len(text)}, true
		}
		from++
	}
	return Entry{Key: name[:end], Flag: !equals, from: len(text), to: len(text)}, true
}

// parseGeneric takes NAME=value, with one pair of quotes around the value taken off.
func parseGeneric(line string) (Entry, bool) {
	text := strings.TrimRight(line, " \t\r")
	lead := len(text) - len(strings.TrimLeft(text, " \t"))
	if lead == len(text) || text[lead] == '#' {
		return Entry{}, false
	}
	name, value, ok := strings.Cut(text[lead:], "=")
	key := strings.TrimRight(name, " \t")
	if !ok || key == "" {
		return Entry{}, false
	}
	trimmed := strings.TrimLeft(value, " \t")
	from, to := len(text)-len(trimmed), len(text)
	if len(trimmed) >= 2 && (trimmed[0] == '"' || trimmed[0] == '\'') && trimmed[len(trimmed)-1] == trimmed[0] {
		from, to = from+1, to-1
	}
	return Entry{Key: key, Value: text[from:to], from: from, to: to}, true
}

// checkPwquality says why libpwquality gives up on a line: then nothing of its files counts, as
// pwscore shows.
func checkPwquality(e Entry) string {
	switch strings.ToLower(e.Key) {
	case "difok", "minlen", "dcredit", "ucredit", "lcredit", "ocredit", "minclass", "maxrepeat", "maxclassrepeat",
		"maxsequence", "gecoscheck", "dictcheck", "usercheck", "usersubstr", "enforcing", "retry":
		if n, err := decimal(e.Value); err != nil || n >= 1<<31-1 || n <= -1<<31 {
			return "its value is not a whole number"
		}
	case "badwords", "dictpath", "enforce_for_root", "local_users_only":
	default:
		return "libpwquality knows no such setting"
	}
	return ""
}

// pwqualityDefault holds the values of pwquality.conf(5) of release 1.4.
func pwqualityDefault(key string) (string, bool) {
	switch strings.ToLower(key) {
	case "difok", "dictcheck", "usercheck", "enforcing", "retry":
		return "1", true
	case "minlen":
		return "8", true
	case "dcredit", "ucredit", "lcredit", "ocredit", "minclass", "maxrepeat", "maxclassrepeat", "maxsequence", "gecoscheck", "usersubstr":
		return "0", true
	}
	return "", false
}

// faillockDefault holds the values of faillock.conf(5).
func faillockDefault(key string) (string, bool) {
	switch key {
	case "deny":
		return "3", true
	case "fail_interval":
		return "900", true
	case "unlock_time":
		return "600", true
	case "dir":
		return "/var/run/faillock", true
	}
	return "", false
}
