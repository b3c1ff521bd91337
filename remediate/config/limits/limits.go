// Package limits is how pam_limits reads its files: limits.conf, then limits.d in the order of the C
// locale, and which line decides for a domain. It has no opinions and changes nothing.
//
// The facts are those of limits.conf(5) and modules/pam_limits/pam_limits.c of Linux-PAM.
package limits

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Main is the file that is read first, Dir the directory whose *.conf files follow.
const (
	Main = "/etc/security/limits.conf"
	Dir  = "/etc/security/limits.d"
)

// Entry is a line: a domain, a type (hard, soft or -), an item and a value. A line of a domain and
// "-" alone exempts the domain from every limit.
type Entry struct {
	Path   string
	Line   int
	Text   string
	Domain string
	Type   string
	Item   string
	Value  string
	// Exempt is true of a line of two fields.
	Exempt bool

	from, to int
}

// With gives the line with another value in the place of its own.
func (e Entry) With(value string) string { return e.Text[:e.from] + value + e.Text[e.to:] }

// Read lists the entries in the order in which they are read.
func Read(files host.Files) ([]Entry, error) {
	paths := []string{Main}
	entries, err := files.ReadDir(Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot list %s: %w", Dir, err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".conf") && !strings.HasPrefix(e.Name(), ".") {
			paths = append(paths, path.Join(Dir, e.Name()))
		}
	}
	var out []Entry
	for _, p := range paths {
		b, err := files.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", p, err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			if e, ok := parse(line); ok {
				e.Path, e.Line, e.Text = p, i+1, line
				out = append(out, e)
			}
		}
	}
	return out, nil
}

func parse(line string) (Entry, bool) {
	code := line
	if i := strings.IndexByte(code, '#'); i >= 0 {
		code = code[:i]
	}
	f := strings.Fields(code)
	switch {
	case len(f) == 2 && f[1] == "-":
		return Entry{Domain: f[0], Type: "-", Exempt: true}, true
	case len(f) < 4:
		return Entry{}, false
	}
	e := Entry{Domain: f[0], Type: strings.ToLower(f[1]), Item: strings.ToLower(f[2]), Value: strings.ToLower(f[3])}
	at := 0
	for i, field := range f[:4] {
		at += strings.Index(code[at:], field)
		if i == 3 {
			e.from, e.to = at, at+len(field)
		}
		at += len(field)
	}
	if e.Type != "hard" && e.Type != "soft" && e.Type != "-" {
		return Entry{}, false
	}
	return e, true
}

// Unlimited is the number of a limit that is none.
const Unlimited = int64(1<<63 - 1)

// Number reads a value as the module does, with strtol(3): what follows the digits is passed over. ok
// is false for a value without digits, which the module leaves out.
func Number(value string) (n int64, ok bool) {
	switch value {
	case "-1", "unlimited", "infinity":
		return Unlimited, true
	}
	end := 0
	for end < len(value) && (value[end] >= '0' && value[end] <= '9' || end == 0 && (value[0] == '-' || value[0] == '+')) {
		end++
	}
	n, err := strconv.ParseInt(value[:end], 10, 64)
	if n < 0 {
		return Unlimited, err == nil // a huge number, as the kernel takes it
	}
	return n, err == nil
}

// Sets reports whether the entry sets the given type of the item, to a value that counts.
func (e Entry) Sets(typ, item string) bool {
	if e.Exempt || e.Item != item || e.Type != typ && e.Type != "-" {
		return false
	}
	_, ok := Number(e.Value)
	return ok
}

// Last gives the entry that decides for a domain: the last one that names it.
func Last(entries []Entry, domain, typ, item string) (Entry, bool) {
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Domain == domain && entries[i].Sets(typ, item) {
			return entries[i], true
		}
	}
	return Entry{}, false
}
