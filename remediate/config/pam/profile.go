package pam

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// ProfileDir holds the profiles of pam-auth-update.
const ProfileDir = "/usr/share/pam-configs"

// Profile is a file below ProfileDir.
type Profile struct {
	Name    string
	Content []byte
}

// profile is one that has been read: fields by name, as pam-auth-update keeps them.
type profile struct {
	fields    map[string]string
	conflicts map[string]bool
}

func (p profile) field(name string) string { return p.fields[name] }

func (p profile) priority() int {
	s := strings.TrimSpace(p.fields["Priority"])
	negative := strings.HasPrefix(s, "-")
	n, _ := leadingNumber(strings.TrimPrefix(s, "-"))
	if negative {
		return -n
	}
	return n
}

// lines gives what the profile adds for a kind of stack; the first profile of a block may have lines
// of its own.
func (p profile) lines(kind string, position int) []string {
	text := p.fields[kind]
	if initial := p.fields[kind+"-Initial"]; position == 0 && truth(initial) {
		text = initial
	}
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// truth is Perl's.
func truth(s string) bool { return s != "" && s != "0" }

// parseProfile reads the format that pam-auth-update's specification calls RFC822-like: a field, and
// lines below it that go on with it. refuseTally is the behaviour of newer versions, which take no
// profile that uses the removed pam_tally.
func parseProfile(content string, refuseTally bool) (p profile, disabled bool) {
	field := regexp.MustCompile(`^(\S+):\s+(.*)\s*$`)
	p = profile{fields: map[string]string{}, conflicts: map[string]bool{}}
	name := ""
	for _, line := range strings.SplitAfter(content, "\n") {
		if line == "" {
			continue
		}
		if m := field.FindStringSubmatch(line); m != nil {
			name = strings.TrimSuffix(m[1], "-Final")
			if name == "Conflicts" {
				for _, other := range strings.Split(m[2], ", ") {
					p.conflicts[other] = true
				}
				continue
			}
			p.fields[name] = m[2]
			continue
		}
		text := strings.Trim(strings.TrimSuffix(line, "\n"), " \t\r\f\v")
		if truth(text) {
			p.fields[name] += "\n" + text
		}
		if refuseTally && strings.Contains(p.fields[name], "pam_tally") {
			disabled = true
		}
		p.fields[name] = strings.TrimLeft(p.fields[name], " \t\r\n\f\v")
	}
	if _, interactive := p.fields["Session-Interactive-Only"]; !interactive {
		for _, suffix := range []string{"-Type", "", "-Initial"} {
			p.fields["Session-noninteractive"+suffix] = p.fields["Session"+suffix]
		}
	}
	return p, disabled
}

// Profiles lists the installed profiles, sorted by name.
func Profiles(files host.Files) ([]Profile, error) {
	return host.Once(files, profilesKey{}, func() ([]Profile, error) { return profiles(files) })
}

type profilesKey struct{}

func profiles(files host.Files) ([]Profile, error) {
	entries, err := files.ReadDir(ProfileDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", ProfileDir, err)
	}
	var found []Profile
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, "~") || (len(name) > 2 && strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#")) {
			continue
		}
		content, err := files.ReadFile(ProfileDir + "/" + name)
		if err != nil {
			return nil, fmt.Errorf("cannot read profile %s/%s: %w", ProfileDir, name, err)
		}
		found = append(found, Profile{Name: name, Content: content})
	}
	return found, nil
}

// ProfileUse says how a profile uses a module in one kind of stack.
type ProfileUse struct {
	Primary  bool
	Priority int
	Lines    []string // the lines of the profile where it is not the first of its block
}

// Use reports whether and how a profile uses a module for a type.
func (p Profile) Use(t Type, module string) (ProfileUse, bool) {
	parsed, _ := parseProfile(string(p.Content), false)
	kind := upperFirst(string(t))
	lines := parsed.lines(kind, 1)
	uses := slices.ContainsFunc(lines, func(line string) bool {
		_, rest, _ := token(line)
		name, _, _ := token(rest)
		return Base(name) == module
	})
	if !uses || parsed.field(kind+"-Type") == "" {
		return ProfileUse{}, false
	}
	return ProfileUse{Primary: parsed.field(kind+"-Type") == "Primary", Priority: parsed.priority(), Lines: lines}, true
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
