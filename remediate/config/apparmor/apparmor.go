// Package apparmor reads which AppArmor profiles the next boot loads and in which mode, and which ones
// the kernel has. It judges nothing and changes nothing.
package apparmor

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

const (
	Dir        = "/etc/apparmor.d"
	KernelList = "/sys/kernel/security/apparmor/profiles"
)

// Mode is what becomes of what a profile does not allow.
type Mode string

const (
	Enforce    Mode = "enforce"    // it is refused
	Complain   Mode = "complain"   // it is logged
	Kill       Mode = "kill"       // the process ends
	Mixed      Mode = "mixed"      // the kernel's word for a stack of several
	Unconfined Mode = "unconfined" // it is allowed: the profile is a name only
	Disabled   Mode = "disabled"   // the profile is not loaded
)

// Reason is the place that gives a profile its mode.
type Reason struct {
	Path string
	Line int
	Text string // of a line
	Link string // below disable or force-complain, when that is what decides
}

func (r Reason) String() string {
	if r.Link != "" {
		return r.Link
	}
	return fmt.Sprintf("%s:%d", r.Path, r.Line)
}

// Profile is one profile; those within another one have its name, two slashes and their own.
type Profile struct {
	Name string
	Mode Mode
	Why  Reason
	// WithoutFlag is the line of Why without the complain flag, where that can be told.
	WithoutFlag string
}

// maxHeader bounds what can stand before the bracket of a profile, in bytes. Longer text is none.
const maxHeader = 1 << 14

// maxFiles bounds the directory; Ubuntu ships about a hundred.
const maxFiles = 5000

// Load reads the profiles that stand directly in /etc/apparmor.d, as the service loads them. The error of
// an absent directory is fs.ErrNotExist.
func Load(h host.Files) ([]Profile, error) {
	return host.Once(h, loadKey{}, func() ([]Profile, error) { return load(h) })
}

type loadKey struct{}

func load(h host.Files) ([]Profile, error) {
	entries, err := h.ReadDir(Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", Dir, err)
	}
	if len(entries) > maxFiles {
		return nil, fmt.Errorf("cannot read %s: more than %d files", Dir, maxFiles)
	}
	var out []Profile
	for _, e := range entries {
		name := e.Name()
		path := Dir + "/" + name
		if skipped(name) {
			continue
		}
		info, err := h.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode.IsRegular() {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, err)
		}
		content, err := h.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, err)
		}
		profiles := Parse(path, string(content))
		for _, dir := range []struct {
			name string
			mode Mode
		}{{"force-complain", Complain}, {"disable", Disabled}} {
			link := Dir + "/" + dir.name + "/" + name
			if _, err := h.Lstat(link); err != nil {
				continue
			}
			for i := range profiles {
				profiles[i].Mode, profiles[i].Why, profiles[i].WithoutFlag = dir.mode, Reason{Path: link, Link: link}, ""
			}
		}
		out = append(out, profiles...)
	}
	return out, nil
}

// skipped: the service passes over hidden files and what package managers and editors leave.
func skipped(name string) bool {
	if strings.HasPrefix(name, ".") || name == "README" || strings.HasSuffix(name, "~") {
		return true
	}
	return slices.ContainsFunc([]string{".dpkg-new", ".dpkg-old", ".dpkg-dist", ".dpkg-bak", ".dpkg-remove", ".pacsave", ".pacnew", ".rpmnew", ".rpmsave", ".orig", ".rej"},
		func(end string) bool { return strings.HasSuffix(name, end) })
}

var (
	flags = regexp.MustCompile(`\bflags[ \t]*=[ \t]*\(([^()]*)\)`)
	word  = regexp.MustCompile(`^("[^"]*"|\S+)`)
	// variable is a line that gives a variable its values.
	variable = regexp.MustCompile(`^[@$]\{?[A-Za-z_][A-Za-z0-9_]*\}?[ \t]*\+?=`)
)

// Parse finds the profiles of a file by the lines that open them.
func Parse(path, content string) []Profile {
	var out []Profile
	var open []string // names of what is open; empty for a block that is no profile
	pending := ""
	for i, line := range strings.Split(content, "\n") {
		code := strings.TrimSpace(withoutComment(line))
		switch {
		case code == "" || strings.HasPrefix(code, "#") || strings.HasPrefix(code, "include "):
		case code == "}" || strings.HasSuffix(code, " }") && !strings.Contains(code, "{"):
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
			pending = ""
		case code == "{" || strings.HasSuffix(code, " {") || strings.HasSuffix(code, "){") || strings.HasSuffix(code, "\t{"):
			header := strings.TrimSpace(pending + " " + strings.TrimSuffix(code, "{"))
			pending = ""
			name, ok := nameOf(header)
			if !ok {
				open = append(open, "")
				continue
			}
			for _, outer := range open {
				if outer != "" {
					name = outer + "//" + strings.TrimPrefix(name, "^")
				}
			}
			open = append(open, name)
			p := Profile{Name: name, Mode: modeOf(header), Why: Reason{Path: path, Line: i + 1, Text: strings.TrimSuffix(line, "\r")}}
			p.WithoutFlag = without(p.Why.Text, "complain")
			out = append(out, p)
		case strings.HasSuffix(code, ","), variable.MatchString(code):
			pending = ""
		case len(pending) < maxHeader:
			pending = strings.TrimSpace(pending + " " + code)
		}
	}
	return out
}

func withoutComment(line string) string {
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\':
			i++
		case line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return line[:i]
		}
	}
	return line
}

func nameOf(header string) (string, bool) {
	for _, keyword := range []string{"profile", "hat"} {
		if rest, ok := strings.CutPrefix(header, keyword); ok && rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
			return strings.Trim(word.FindString(strings.TrimLeft(rest, " \t")), `"`), true
		}
	}
	first := word.FindString(header)
	if first == "" || !strings.ContainsRune(`/"^@{:`, rune(first[0])) {
		return "", false
	}
	return strings.Trim(first, `"`), true
}

func flagsOf(header string) []string {
	m := flags.FindStringSubmatch(header)
	if m == nil {
		return nil
	}
	return strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

func modeOf(header string) Mode {
	for _, f := range flagsOf(header) {
		switch m := Mode(f); m {
		case Complain, Kill, Unconfined, Enforce:
			return m
		}
	}
	return Enforce
}

// without takes a flag out of a line; empty where the line does not hold it.
func without(line, flag string) string {
	all := flagsOf(line)
	rest := slices.DeleteFunc(slices.Clone(all), func(f string) bool { return f == flag })
	if len(rest) == len(all) {
		return ""
	}
	at := flags.FindStringIndex(line)
	if len(rest) == 0 {
		return strings.TrimRight(line[:at[0]], " \t") + " " + strings.TrimLeft(line[at[1]:], " \t")
	}
	return line[:at[0]] + "flags=(" + strings.Join(rest, ",") + ")" + line[at[1]:]
}

// Loaded reads the kernel's own list.
func Loaded(h host.Files) ([]Profile, error) {
	content, err := h.ReadFile(KernelList)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", KernelList, err)
	}
	var out []Profile
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		at := strings.LastIndex(line, " (")
		if at < 0 || !strings.HasSuffix(line, ")") {
			continue
		}
		out = append(out, Profile{Name: line[:at], Mode: Mode(line[at+2 : len(line)-1])})
	}
	return out, nil
}
