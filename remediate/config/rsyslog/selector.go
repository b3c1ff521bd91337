package rsyslog

import (
	"fmt"
	"slices"
	"strings"
)

// Mask says for each facility (0 to 23) which severities (bit 0 is emerg, bit 7 is debug) are meant.
type Mask [24]uint8

// facilities in order of their number in syslog(3) and RFC 5424.
func facilities() []string {
	return []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
}

// severities, of which some have a second name.
func severities() [][]string {
	return [][]string{{"emerg", "panic"}, {"alert"}, {"crit"}, {"err", "error"}, {"warning", "warn"}, {"notice"}, {"info"}, {"debug"}}
}

// ParseSelector reads facility and priority pairs such as "*.*;auth,authpriv.none". Each pair adds to
// or takes from what the pairs before it selected.
func ParseSelector(s string) (Mask, error) {
	var m Mask
	for s != "" {
		dot := strings.IndexByte(s, '.')
		if dot < 1 {
			return m, fmt.Errorf("selector %q has no facility or no priority", s)
		}
		facs, rest := s[:dot], s[dot+1:]
		end := strings.IndexAny(rest, ",;")
		pri := rest
		if end >= 0 {
			pri, s = rest[:end], strings.TrimLeft(rest[end:], ",;")
		} else {
			s = ""
		}
		add, del, err := priority(pri)
		if err != nil {
			return m, err
		}
		for _, fac := range strings.Split(facs, ",") {
			if fac == "" {
				continue
			}
			idx := slices.Index(facilities(), strings.ToLower(fac))
			if strings.EqualFold(fac, "security") {
				idx = 4
			}
			switch {
			case fac == "*":
				for i := range m {
					m[i] = m[i]&^del | add
				}
			case idx >= 0:
				m[idx] = m[idx]&^del | add
			case strings.EqualFold(fac, "mark"), strings.EqualFold(fac, "internal"):
			default:
				return m, fmt.Errorf("%q is not a facility", fac)
			}
		}
	}
	return m, nil
}

// priority gives the severities that a priority adds and those that it takes away.
func priority(p string) (add, del uint8, err error) {
	not := strings.HasPrefix(p, "!")
	p = strings.TrimPrefix(p, "!")
	only := strings.HasPrefix(p, "=")
	p = strings.ToLower(strings.TrimPrefix(p, "="))
	var bits uint8
	switch p {
	case "*":
		bits = 0xff
	case "none":
		return 0, 0xff, nil
	default:
		n := slices.IndexFunc(severities(), func(names []string) bool { return slices.Contains(names, p) })
		if n < 0 {
			return 0, 0, fmt.Errorf("%q is not a priority", p)
		}
		bits = uint8(1<<(n+1) - 1) // this severity and all that are worse
		if only {
			bits = 1 << n
		}
	}
	if not {
		return 0, bits, nil
	}
	return bits, 0, nil
}

// Without gives what m has and o has not.
func (m Mask) Without(o Mask) Mask {
	for i := range m {
		m[i] &^= o[i]
	}
	return m
}

// Union gives what either has.
func (m Mask) Union(o Mask) Mask {
	for i := range m {
		m[i] |= o[i]
	}
	return m
}

// Overlaps reports whether the two have a message in common.
func (m Mask) Overlaps(o Mask) bool {
	for i := range m {
		if m[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// Empty reports whether nothing is selected.
func (m Mask) Empty() bool { return m == Mask{} }
