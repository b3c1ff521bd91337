package pam

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// AccessFile is what pam_access reads unless its line names another file.
const AccessFile = "/etc/security/access.conf"

// Visitor is who asks to be let in, as the modules that restrict logins see them.
type Visitor struct {
	User   string
	Groups []string
	// From is the client's address, or for a program of this machine its terminal or, without one,
	// the service's name.
	From string
	// Remote says that From is the address of another machine.
	Remote bool
	// Host is this machine's name.
	Host string
}

// AccessRule is the line of access.conf that decides.
type AccessRule struct {
	Path string
	Line int
	Text string
}

// Access gives the line with which pam_access refuses a visitor; ok is true when it lets them in. The
// first line that matches decides, and without one everybody gets in.
func Access(files host.Files, h Handler, v Visitor) (refusal AccessRule, ok bool, err error) {
	path, fields, lists := AccessFile, ":", ", \t"
	groups := true // names may also be groups
	for _, arg := range h.Args {
		switch name, value, _ := strings.Cut(arg, "="); name {
		case "accessfile":
			path = value
		case "fieldsep":
			fields = value
		case "listsep":
			lists = value
		case "nodefgroup":
			groups = false
		}
	}
	paths := []string{path}
	if path == AccessFile {
		entries, err := files.ReadDir("/etc/security/access.d")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return AccessRule{}, false, fmt.Errorf("cannot list access.d: %w", err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".conf") {
				paths = append(paths, "/etc/security/access.d/"+e.Name())
			}
		}
	}
	m := accessMatcher{visitor: v, lists: lists, groups: groups}
	for i, path := range paths {
		content, err := files.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			if i == 0 { // the module refuses everybody without its main file
				return AccessRule{Path: path}, false, nil
			}
			continue
		}
		if err != nil {
			return AccessRule{}, false, fmt.Errorf("cannot read %s: %w", path, err)
		}
		for n, line := range strings.Split(string(content), "\n") {
			allowed, decided := m.line(line, fields)
			if decided {
				return AccessRule{path, n + 1, line}, allowed, nil
			}
		}
	}
	return AccessRule{}, true, nil
}

type accessMatcher struct {
	visitor Visitor
	lists   string
	groups  bool
}

// line judges one line; lines that the module cannot read decide nothing.
func (m accessMatcher) line(line, fields string) (allowed, decided bool) {
	line = strings.TrimRight(line, " \t\r")
	if line == "" || line[0] == '#' {
		return false, false
	}
	split := func(s string) (string, string, bool) {
		i := strings.IndexAny(s, fields)
		if i < 0 {
			return s, "", false
		}
		return s[:i], s[i+1:], true
	}
	perm, rest, ok := split(line)
	if !ok {
		return false, false
	}
	users, from, ok := split(rest)
	if !ok {
		return false, false
	}
	perm = strings.TrimSpace(perm)
	if perm == "" || perm[0] != '+' && perm[0] != '-' {
		return false, false
	}
	if !m.list(users, m.user) || !m.list(from, m.from) {
		return false, false
	}
	return perm[0] == '+', true
}

// list matches items up to EXCEPT, and then none of those after it.
func (m accessMatcher) list(text string, match func(string) bool) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(m.lists, r) })
	return m.words(words, match)
}

func (m accessMatcher) words(words []string, match func(string) bool) bool {
	end := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, "EXCEPT") })
	if end < 0 {
		return slices.ContainsFunc(words, match)
	}
	return slices.ContainsFunc(words[:end], match) && !m.words(words[end+1:], match)
}

func (m accessMatcher) user(token string) bool {
	if at := strings.IndexByte(token, '@'); at > 0 { // the name, and this machine's
		here := m
		here.visitor.From, here.visitor.Remote = m.visitor.Host, true
		return m.user(token[:at]) && here.from(token[at+1:])
	}
	if len(token) > 2 && token[0] == '(' && token[len(token)-1] == ')' {
		return slices.Contains(m.visitor.Groups, token[1:len(token)-1])
	}
	if strings.EqualFold(token, "ALL") || strings.EqualFold(token, m.visitor.User) {
		return true
	}
	return m.groups && slices.Contains(m.visitor.Groups, token)
}

func (m accessMatcher) from(token string) bool {
	from := m.visitor.From
	switch {
	case strings.EqualFold(token, "ALL"):
		return true
	case strings.EqualFold(token, "NONE"):
		return from == ""
	case strings.EqualFold(token, "LOCAL"):
		return !m.visitor.Remote
	case strings.EqualFold(token, from):
		return true
	case !m.visitor.Remote:
		return false
	case strings.HasPrefix(token, "."):
		return strings.HasSuffix(strings.ToLower(from), strings.ToLower(token))
	case strings.HasSuffix(token, "."):
		return strings.HasPrefix(from, token)
	}
	addr, err := netip.ParseAddr(from)
	if err != nil {
		return false
	}
	network, mask, ok := strings.Cut(token, "/")
	if !ok {
		same, err := netip.ParseAddr(token)
		return err == nil && same == addr
	}
	prefix, err := netip.ParsePrefix(network + "/" + mask)
	return err == nil && prefix.Contains(addr)
}
