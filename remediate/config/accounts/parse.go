package accounts

import (
	"math"
	"strings"
)

// ParsePasswd reads a passwd file.
func ParsePasswd(content []byte) ([]User, []Problem) {
	var users []User
	problems := each(PasswdFile, content, 7, func(l Line, text string) (legacy, ok bool) {
		r := reader{rest: text}
		u := User{Line: l, Name: r.text()}
		u.Legacy = isLegacy(u.Name)
		if u.Legacy && r.rest == "" {
			users = append(users, u)
			return true, true
		}
		u.Password = Secret(r.text())
		u.UID = r.id(u.Legacy)
		u.GID = r.id(u.Legacy)
		u.Gecos, u.Home, u.Shell = r.text(), r.text(), r.rest
		if r.bad {
			return false, false
		}
		users = append(users, u)
		return u.Legacy, true
	})
	return users, problems
}

// ParseGroup reads a group file.
func ParseGroup(content []byte) ([]Group, []Problem) {
	var groups []Group
	problems := each(GroupFile, content, 4, func(l Line, text string) (legacy, ok bool) {
		r := reader{rest: text}
		g := Group{Line: l, Whole: strings.Count(text, ":") == 3, Name: r.text()}
		g.Legacy = isLegacy(g.Name)
		if g.Legacy && r.rest == "" {
			groups = append(groups, g)
			return true, true
		}
		g.Password = Secret(r.text())
		g.GID = r.id(g.Legacy)
		if r.bad {
			return false, false
		}
		g.Members = members(r.rest)
		groups = append(groups, g)
		return g.Legacy, true
	})
	return groups, problems
}

// ParseShadow reads a shadow file.
func ParseShadow(content []byte) ([]Shadow, []Problem) {
	var shadows []Shadow
	problems := each(ShadowFile, content, 9, func(l Line, text string) (legacy, ok bool) {
		r := reader{rest: text}
		s := Shadow{Line: l, Whole: strings.Count(text, ":") == 8, Name: r.text(), LastChange: -1, Min: -1, Max: -1, Warn: -1, Inactive: -1, Expire: -1}
		s.Legacy = isLegacy(s.Name)
		if s.Legacy && r.rest == "" {
			s.LastChange, s.Min, s.Max = 0, 0, 0
			shadows = append(shadows, s)
			return true, true
		}
		s.Password = Secret(r.text())
		s.LastChange, s.Min, s.Max = r.days(), r.days(), r.days()
		r.rest = strings.TrimLeft(r.rest, blanks)
		if r.rest != "" { // the five fields of old are enough
			s.Warn, s.Inactive, s.Expire = r.days(), r.days(), r.days()
			if r.rest != "" {
				r.days() // the last field is reserved, and a number all the same
			}
		}
		if r.bad {
			return false, false
		}
		shadows = append(shadows, s)
		return s.Legacy, true
	})
	return shadows, problems
}

// ParseGShadow reads a gshadow file.
func ParseGShadow(content []byte) ([]GShadow, []Problem) {
	var groups []GShadow
	problems := each(GShadowFile, content, 4, func(l Line, text string) (legacy, ok bool) {
		r := reader{rest: text}
		g := GShadow{Line: l, Whole: strings.Count(text, ":") == 3, Name: r.text()}
		g.Legacy = isLegacy(g.Name)
		if !g.Legacy || r.rest != "" {
			g.Password = Secret(r.text())
			g.Admins = members(r.text())
			g.Members = members(r.rest)
		}
		groups = append(groups, g)
		return g.Legacy, true
	})
	return groups, problems
}

const blanks = " \t\n\v\f\r"

// each gives the lines that the C library takes for entries: leading blanks go, and what is empty or
// starts with "#" is passed over. What does not have the fields that shadow's own programs want is
// a problem, as pwck and grpck say.
func each(path string, content []byte, fields int, entry func(l Line, text string) (legacy, ok bool)) []Problem {
	if len(content) == 0 {
		return nil
	}
	var problems []Problem
	for i, line := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		text, _, cut := strings.Cut(line, "\x00") // C strings end there
		text = strings.TrimLeft(text, blanks)
		if text == "" || text[0] == '#' {
			problems = append(problems, Problem{Path: path, Line: i + 1, Reason: "an empty line or a comment, which these files do not have", Ignored: true})
			continue
		}
		legacy, ok := entry(Line{Number: i + 1, raw: line}, text)
		colons := strings.Count(line, ":") + 1
		switch {
		case !ok:
			problems = append(problems, Problem{Path: path, Line: i + 1, Reason: "not an entry", Ignored: true})
		case cut:
			problems = append(problems, Problem{Path: path, Line: i + 1, Reason: "a zero byte in an entry"})
		case text != line && len(text) < len(line):
			problems = append(problems, Problem{Path: path, Line: i + 1, Reason: "blanks before an entry"})
		case !legacy && colons != fields && !(path == ShadowFile && colons == 5):
			problems = append(problems, Problem{Path: path, Line: i + 1, Reason: "not as many fields as an entry has"})
		}
	}
	return problems
}

func isLegacy(name string) bool { return strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") }

// reader takes fields off a line as the parsers of glibc's nss_files do: a text that is missing is
// empty, a number that is missing spoils the line.
type reader struct {
	rest string
	bad  bool
}

func (r *reader) text() string {
	field, rest, _ := strings.Cut(r.rest, ":")
	r.rest = rest
	return field
}

// id reads the number of a user or group. One that does not fit in 32 bits spoils the line, as does a
// negative one; neither is a way to be root.
func (r *reader) id(optional bool) uint32 {
	if r.rest == "" {
		r.bad = true
		return 0
	}
	n, size, fits := strtoul(r.rest)
	if size == 0 && !optional || !fits {
		r.bad = true
	}
	r.end(size)
	return n
}

// days reads a field that may be empty.
func (r *reader) days() int {
	if r.rest == "" {
		r.bad = true
		return -1
	}
	n, size, fits := strtoul(r.rest)
	r.end(size)
	r.bad = r.bad || !fits
	if size == 0 {
		return -1
	}
	return int(int32(n))
}

// end goes on behind a number, which a colon or the end of the line has to follow.
func (r *reader) end(size int) {
	r.rest = r.rest[size:]
	switch {
	case r.rest == "":
	case r.rest[0] == ':':
		r.rest = r.rest[1:]
	default:
		r.bad = true
		r.rest = ""
	}
}

// strtoul is strtoul(3) in base 10: blanks, a sign, digits. What does not fit in 32 bits is cut to the
// highest number that does; negative numbers wrap in 64 bits first, so they do not fit.
func strtoul(s string) (n uint32, size int, fits bool) {
	i := len(s) - len(strings.TrimLeft(s, blanks))
	negative := false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	start := i
	var wide uint64
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if wide <= math.MaxUint32 {
			wide = wide*10 + uint64(s[i]-'0')
		}
	}
	if i == start {
		return 0, 0, true
	}
	if wide > math.MaxUint32 || negative && wide != 0 {
		return math.MaxUint32, i, false
	}
	return uint32(wide), i, true
}

// members takes a list apart at commas; blanks before a name and empty names go.
func members(list string) []string {
	var out []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimLeft(name, blanks); name != "" {
			out = append(out, name)
		}
	}
	return out
}
