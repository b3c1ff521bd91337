// Package keyvalue is how programs read files of single settings: login.defs, the defaults of
// useradd, libpwquality's and pam_faillock's files, and plain NAME=value files. It knows which files
// are read, in which order, and which line decides. It has no opinions and changes nothing.
package keyvalue

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Format is a way of writing settings.
type Format struct {
	Name string
	// Numbers reads a whole number as the program does.
	Numbers func(string) (int64, error)
	// DropIns is the directory whose *.conf files are read before the file itself; empty when there
	// is none.
	DropIns string
	// Folded says that keys are compared without regard to case.
	Folded bool
	// Separator is what a new line has between its key and its value.
	Separator string

	parse func(string) (e Entry, ok bool)
	check func(Entry) string
	// defaults is what holds where no line speaks.
	defaults func(key string) (string, bool)
}

// FormatOf tells the format of a file from its path. Anything unknown is NAME=value as in the files
// of /etc/default, where the last line decides.
func FormatOf(file string) Format {
	switch file {
	case "/etc/login.defs":
		return Format{Name: "login.defs", Numbers: anyBase, Separator: "\t", parse: parseLoginDefs, defaults: none}
	case "/etc/default/useradd":
		return Format{Name: "useradd", Numbers: anyBase, Separator: "=", parse: parseUseradd, defaults: useraddDefault}
	case "/etc/security/pwquality.conf":
		return Format{Name: "pwquality", Numbers: decimal, DropIns: file + ".d", Folded: true, Separator: " = ",
			parse: parseConf, check: checkPwquality, defaults: pwqualityDefault}
	case "/etc/security/faillock.conf":
		return Format{Name: "faillock", Numbers: leadingDecimal, Separator: " = ", parse: parseConf, defaults: faillockDefault}
	}
	return Format{Name: "generic", Numbers: decimal, Separator: "=", parse: parseGeneric, defaults: none}
}

// Entry is a line that sets something.
type Entry struct {
	Path  string
	Line  int
	Text  string // the line as it stands
	Key   string
	Value string
	// Flag is true of a key that stands alone.
	Flag bool

	from, to int // where the value is in Text
}

// With gives the line with another value in the place of its own.
func (e Entry) With(value string) string {
	if e.Flag {
		return e.Text[:e.to] + " = " + value + e.Text[e.to:]
	}
	return e.Text[:e.from] + value + e.Text[e.to:]
}

// File is what a program gets from a file and its drop-ins.
type File struct {
	Path   string
	Format Format
	// Exists is true when the file itself is there.
	Exists bool
	// Entries are in the order in which they are read, so the last of a key decides.
	Entries []Entry
	// Broken, when not nil, is a line on which the program gives up, and Reason says why.
	Broken *Entry
	Reason string
}

// Read reads a file as its program does. An absent file is one without entries.
func Read(files host.Files, file string) (File, error) {
	f := File{Path: file, Format: FormatOf(file)}
	var paths []string
	if dir := f.Format.DropIns; dir != "" {
		entries, err := files.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".conf") && !strings.HasPrefix(e.Name(), ".") {
				paths = append(paths, path.Join(dir, e.Name()))
			}
		}
	}
	for _, p := range append(paths, file) {
		b, err := files.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return f, fmt.Errorf("cannot read %s: %w", p, err)
		}
		f.Exists = f.Exists || p == file
		f.add(p, string(b))
	}
	return f, nil
}

func (f *File) add(file, content string) {
	for i, line := range strings.Split(content, "\n") {
		e, ok := f.Format.parse(line)
		if !ok {
			continue
		}
		e.Path, e.Line, e.Text = file, i+1, line
		f.Entries = append(f.Entries, e)
		if f.Broken == nil && f.Format.check != nil {
			if reason := f.Format.check(e); reason != "" {
				broken := e
				f.Broken, f.Reason = &broken, reason
			}
		}
	}
}

// All lists the entries of a key in the order in which they are read.
func (f File) All(key string) []Entry {
	var out []Entry
	for _, e := range f.Entries {
		if e.Key == key || f.Format.Folded && strings.EqualFold(e.Key, key) {
			out = append(out, e)
		}
	}
	return out
}

// Last gives the entry that decides for a program that lets later lines replace earlier ones.
func (f File) Last(key string) (Entry, bool) {
	all := f.All(key)
	if len(all) == 0 {
		return Entry{}, false
	}
	return all[len(all)-1], true
}

// Default is what the program takes where no line speaks; ok is false where that is not known.
func (f File) Default(key string) (string, bool) {
	return f.Format.defaults(key)
}

func none(string) (string, bool) { return "", false }

// anyBase is strtol(3) with base 0 over the whole text, as shadow's getlong does it.
func anyBase(s string) (int64, error) {
	if strings.ContainsAny(s, "_bBoO") && !strings.HasPrefix(strings.ToLower(s), "0x") {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return strconv.ParseInt(strings.TrimLeft(s, " \t"), 0, 64)
}

func decimal(s string) (int64, error) { return strconv.ParseInt(strings.TrimLeft(s, " \t"), 10, 64) }

// leadingDecimal is sscanf(3) with %u: digits at the start count, the rest is passed over.
func leadingDecimal(s string) (int64, error) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	if s == "never" {
		return 0, nil
	}
	return strconv.ParseInt(s[:end], 10, 64)
}
