package sshd

import "strings"

// MatchPattern matches with the wildcards * and ? of ssh_config(5), as PATTERNS there has it.
func MatchPattern(s, pattern string) bool { return matchPattern(s, pattern) }

// matchPattern matches with ? and * as match.c does, in time proportional to both lengths multiplied.
func matchPattern(s, pattern string) bool {
	si, pi := 0, 0
	star, mark := -1, 0
	for si < len(s) {
		switch {
		case pi < len(pattern) && pattern[pi] == '*':
			star, mark = pi, si
			pi++
		case pi < len(pattern) && (pattern[pi] == '?' || pattern[pi] == s[si]):
			si++
			pi++
		case star >= 0:
			mark++
			si, pi = mark, star+1
		default:
			return false
		}
	}
	for pi < len(pattern) && pattern[pi] == '*' {
		pi++
	}
	return pi == len(pattern)
}

// maxSubpattern is the buffer of match_pattern_list; a longer pattern matches nothing.
const maxSubpattern = 1023

// matchList matches against comma-separated patterns, each perhaps negated: -1 when a negated one
// matches, 1 when another does, else 0.
func matchList(s, patterns string, lower bool) int {
	found := 0
	for patterns != "" {
		negated := patterns[0] == '!'
		if negated {
			patterns = patterns[1:]
		}
		var p string
		p, patterns, _ = strings.Cut(patterns, ",")
		if len(p) >= maxSubpattern {
			return 0
		}
		if lower {
			p = strings.ToLower(p)
		}
		if matchPattern(s, p) {
			if negated {
				return -1
			}
			found = 1
		}
	}
	return found
}

func matchHost(host, patterns string) int { return matchList(strings.ToLower(host), patterns, true) }

// matchGroups is 1 when one of the groups matches and none matches a negated pattern.
func matchGroups(groups []string, patterns string) bool {
	found := false
	for _, g := range groups {
		switch matchList(g, patterns, false) {
		case -1:
			return false
		case 1:
			found = true
		}
	}
	return found
}

// matchUser matches a pattern of AllowUsers or DenyUsers: a user, or user@host with host a pattern
// list of names and addresses.
func matchUser(user, host, addr, pattern string) bool {
	u, h, withHost := strings.Cut(pattern, "@")
	if !matchPattern(user, u) {
		return false
	}
	if !withHost {
		return true
	}
	byAddr := matchAddrs(addr, h)
	if byAddr < 0 {
		return false
	}
	byName := matchHost(host, h)
	if byName < 0 {
		return false
	}
	return byAddr == 1 || byName == 1
}

// validUserPattern refuses what sshd refuses: a host part with an impossible network.
func validUserPattern(pattern string) bool {
	_, h, withHost := strings.Cut(pattern, "@")
	return !withHost || matchAddrs("", h) != badAddrs
}
