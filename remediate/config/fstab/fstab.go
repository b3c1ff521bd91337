// Package fstab is how a machine decides what is mounted and with which options: /etc/fstab, mount
// units and what systemd itself mounts. It holds no opinions and changes nothing.
//
// The rules are those of fstab(5), mount(8), systemd-fstab-generator(8), systemd-remount-fs.service(8)
// and systemd.mount(5).
package fstab

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/unitfile"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// File is the table.
const File = "/etc/fstab"

// Entry is one line of the table.
type Entry struct {
	Line    int    // from 1
	Raw     string // as it stands
	Source  string
	Path    string // cleaned; empty for entries that mount nothing (swap, none)
	Type    string
	Options []string
}

// Parse reads the table. Lines with fewer than three fields mount nothing and are left out, as
// getmntent(3) and libmount do.
func Parse(content []byte) []Entry {
	var list []Entry
	for i, raw := range strings.Split(string(content), "\n") {
		fields := strings.FieldsFunc(raw, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' })
		if len(fields) < 3 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		e := Entry{Line: i + 1, Raw: raw, Source: decode(fields[0]), Type: decode(fields[2])}
		if p := decode(fields[1]); path.IsAbs(p) && e.Type != "swap" {
			e.Path = path.Clean(p)
		}
		if len(fields) > 3 {
			e.Options = strings.Split(decode(fields[3]), ",")
		}
		list = append(list, e)
	}
	return list
}

// decode reads the octal escapes (\040 is a blank) of a field.
func decode(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && octal(s[i+1]) && octal(s[i+2]) && octal(s[i+3]) && s[i+1] < '4' {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(c byte) bool { return c >= '0' && c <= '7' }

// WithOptions gives the line of an entry with other options in its fourth field; the rest of the
// line stays as it is.
func (e Entry) WithOptions(options []string) string {
	field := strings.Join(options, ",")
	at := 0
	for n := range 4 {
		for at < len(e.Raw) && blank(e.Raw[at]) {
			at++
		}
		end := at
		for end < len(e.Raw) && !blank(e.Raw[end]) {
			end++
		}
		if n == 3 {
			if at == end {
				return strings.TrimRight(e.Raw, " \t\r") + " " + field
			}
			return e.Raw[:at] + field + e.Raw[end:]
		}
		at = end
	}
	return e.Raw
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// Origin says who decides the options of a mount.
type Origin string

const (
	None    Origin = ""        // not a mount of its own
	Table   Origin = "fstab"   // an entry of /etc/fstab
	Unit    Origin = "unit"    // a mount unit, or a drop-in for one
	BuiltIn Origin = "systemd" // systemd mounts it before anything else, with options of its own
)

// Mount is how the next boot mounts a path.
type Mount struct {
	Path    string
	Origin  Origin
	Options []string
	Entry   Entry               // Table, or Unit when a drop-in overrides the entry's options
	Unit    string              // name of the mount unit
	Winner  unitfile.Assignment // Unit: the Options= in force; its Path is the unit file when there is none
	// Ignored lists later entries for the same path, which have no effect.
	Ignored []Entry
	// API says that systemd mounts the path itself; a mount unit cannot be used for it.
	API bool
	// Table says that /etc/fstab exists.
	Table bool
}

// Builtin is a file system that systemd mounts by itself at the start of a boot.
type Builtin struct {
	Path, Type string
	Options    []string
}

// Builtins lists them, with the flags that systemd uses (mount-setup.c). fstab entries for them are
// applied by systemd-remount-fs.service, and then decide alone.
func Builtins() []Builtin {
	return []Builtin{
		{"/proc", "proc", []string{"nosuid", "nodev", "noexec"}},
		{"/sys", "sysfs", []string{"nosuid", "nodev", "noexec"}},
		{"/dev", "devtmpfs", []string{"nosuid"}},
		{"/dev/shm", "tmpfs", []string{"nosuid", "nodev"}},
		{"/dev/pts", "devpts", []string{"nosuid", "noexec"}},
		{"/run", "tmpfs", []string{"nosuid", "nodev"}},
	}
}

// Read works out how the next boot mounts a path.
func Read(f host.Files, p string) (Mount, error) {
	p = path.Clean(p)
	m := Mount{Path: p, Unit: unitfile.MountUnit(p)}
	entries, err := read(f, &m)
	if err != nil {
		return m, err
	}
	var entry *Entry
	for _, e := range entries {
		if e.Path != p {
			continue
		}
		if entry == nil {
			entry = &e
		} else {
			m.Ignored = append(m.Ignored, e)
		}
	}
	for _, b := range Builtins() {
		if b.Path == p {
			m.API = true
			m.Origin, m.Options = BuiltIn, b.Options
			if entry != nil {
				m.Origin, m.Entry, m.Options = Table, *entry, entry.Options
			}
			return m, nil
		}
	}
	return m, m.unit(f, entry)
}

func read(f host.Files, m *Mount) ([]Entry, error) {
	content, err := f.ReadFile(File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", File, err)
	}
	m.Table = true
	return Parse(content), nil
}

// unit decides between a mount unit and an entry. The unit that the generator makes of an entry is
// weaker than one in /etc or /run and stronger than one in /usr; drop-ins apply to either.
func (m *Mount) unit(f host.Files, entry *Entry) error {
	u, err := unitfile.Load(f, m.Unit)
	absent := errors.Is(err, unitfile.ErrNotFound)
	if err != nil && !absent {
		return err
	}
	strong := !absent && (strings.HasPrefix(u.Fragment, "/etc/") || strings.HasPrefix(u.Fragment, "/run/"))
	switch {
	case strong && u.Masked:
		return nil
	case entry != nil && !strong:
		if u, err = unitfile.LoadDropIns(f, m.Unit); err != nil {
			return err
		}
		m.Origin, m.Entry, m.Options = Table, *entry, entry.Options
	case absent || u.Masked:
		return nil
	default:
		st, err := unitfile.Look(f, m.Unit)
		if err != nil {
			return err
		}
		if len(st.Wants) == 0 {
			return nil
		}
		m.Origin = Unit
		m.Winner = unitfile.Assignment{Path: u.Fragment}
	}
	if a, ok := u.Last("Mount", "Options"); ok {
		m.Origin, m.Winner, m.Options = Unit, a, nil
		if a.Value != "" {
			m.Options = strings.Split(strings.ReplaceAll(a.Value, "%%", "%"), ",")
		}
	}
	return nil
}

// opposites pairs each option with the one that takes it back.
func opposites() [][2]string {
	return [][2]string{{"nodev", "dev"}, {"nosuid", "suid"}, {"noexec", "exec"}, {"ro", "rw"}, {"noatime", "atime"}}
}

// Has reports whether a list of options has the effect of one option. Later options override earlier
// ones, and user, users, owner and group bring restrictions with them, as mount(8) says.
func Has(options []string, want string) bool {
	has := false
	for _, o := range options {
		switch {
		case o == want:
			has = true
		case opposite(o) == want:
			has = false
		case o == "user" || o == "users" || strings.HasPrefix(o, "user="):
			has = has || want == "nodev" || want == "nosuid" || want == "noexec"
		case o == "owner" || o == "group":
			has = has || want == "nodev" || want == "nosuid"
		}
	}
	return has
}

func opposite(o string) string {
	for _, p := range opposites() {
		if o == p[0] {
			return p[1]
		}
		if o == p[1] {
			return p[0]
		}
	}
	return ""
}

// Add gives a list of options that has the effect of all of want, with the smallest difference:
// what takes a wanted option back goes, and what is missing comes last.
func Add(options, want []string) []string {
	out := slices.DeleteFunc(slices.Clone(options), func(o string) bool {
		return o == "" || slices.Contains(want, opposite(o))
	})
	for _, w := range want {
		if !Has(out, w) {
			out = append(out, w)
		}
	}
	return out
}
