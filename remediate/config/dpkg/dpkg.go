// Package dpkg reads dpkg's record of installed packages without dpkg. It has no opinions and changes
// nothing.
//
// The facts are those of deb-control(5) for the fields, of dpkg(1) for the states, and of dpkg's
// lib/dpkg/parse.c for how the file is read: one stanza a package and architecture, field names in any
// case, continuation lines that start with a space or tab. Images without dpkg (distroless) have a
// file for each package below status.d.
package dpkg

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Status is dpkg's file, and StatusDir the directory that images without dpkg have.
const (
	Status    = "/var/lib/dpkg/status"
	StatusDir = "/var/lib/dpkg/status.d"
)

// Package is a package that dpkg knows of.
type Package struct {
	Name, Version, Arch string
	Want, Flag, State   string // the words of Status: "install ok installed"
	Essential           bool   // or protected
	Depends             []Alternatives
	Provides            []string
	Line                int    // of its stanza, 1-based
	Path                string // of the file that the stanza is in
	status              string
}

// Alternatives are the packages of which one is enough.
type Alternatives []string

// Installed reports whether files of the package that run are there: it is installed, or it is unpacked
// and will be configured. What is left of a package that was removed (config-files) is not.
func (p Package) Installed() bool {
	switch p.State {
	case "installed", "unpacked", "half-configured", "half-installed", "triggers-awaited", "triggers-pending":
		return true
	}
	return false
}

// Configured reports whether the package is wholly installed and works. One that only waits for a
// trigger does.
func (p Package) Configured() bool {
	return p.Flag == "ok" && (p.State == "installed" || p.State == "triggers-pending" || p.State == "triggers-awaited")
}

// Held reports whether the package is kept from being changed.
func (p Package) Held() bool { return p.Want == "hold" }

// StatusText is the Status field as it stands.
func (p Package) StatusText() string { return p.status }

// DB is all that dpkg knows of, in the order of its files.
type DB struct {
	Packages []Package
}

// Read reads every package. An error that is fs.ErrNotExist says that dpkg has no record here.
func Read(files host.Files) (*DB, error) {
	return host.Once(files, readKey{}, func() (*DB, error) { return read(files) })
}

type readKey struct{}

func read(files host.Files) (*DB, error) {
	var db DB
	found := false
	content, err := files.ReadFile(Status)
	switch {
	case err == nil:
		found = true
		if db.Packages, err = Parse(Status, content); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot read the installed packages: %w", err)
	}
	entries, err := files.ReadDir(StatusDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the installed packages: %w", err)
	}
	for _, e := range entries {
		// Checksums of a package's files stand beside its stanza.
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), ".md5sums") {
			continue
		}
		file := path.Join(StatusDir, e.Name())
		content, err := files.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read the installed packages: %w", err)
		}
		more, err := Parse(file, content)
		if err != nil {
			return nil, err
		}
		for _, p := range more {
			if p.status == "" { // a package of such an image is there, or has no file
				p.Want, p.Flag, p.State, p.status = "install", "ok", "installed", "install ok installed"
			}
			db.Packages = append(db.Packages, p)
		}
		found = true
	}
	if !found {
		return nil, fmt.Errorf("cannot read the installed packages: %w", fs.ErrNotExist)
	}
	return &db, nil
}

// Parse takes a status file apart.
func Parse(file string, content []byte) ([]Package, error) {
	var out []Package
	var p Package
	var field string // the last one, which lines that are indented continue
	var value []byte
	open := false
	flush := func() error {
		if !open {
			return nil
		}
		p.set(field, value)
		if p.Name == "" {
			return fmt.Errorf("%s:%d: the stanza has no field Package", file, p.Line)
		}
		out = append(out, p)
		p, field, value, open = Package{}, "", nil, false
		return nil
	}
	line := 0
	for len(content) > 0 {
		line++
		text, rest, _ := bytes.Cut(content, []byte("\n"))
		content = rest
		text = bytes.TrimRight(text, " \t\r")
		switch {
		case len(text) == 0:
			if err := flush(); err != nil {
				return nil, err
			}
			continue
		case text[0] == '#':
			continue
		case text[0] == ' ' || text[0] == '\t':
			if !open {
				return nil, fmt.Errorf("%s:%d: a continuation without a field", file, line)
			}
			if joins(field) {
				value = append(append(slices.Clip(value), ' '), bytes.TrimSpace(text)...)
			}
			continue
		}
		name, v, ok := bytes.Cut(text, []byte(":"))
		if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("%s:%d: not a field and its value", file, line)
		}
		if open {
			p.set(field, value)
		} else {
			open = true
			p.Line, p.Path = line, file
		}
		field, value = known(name), bytes.TrimSpace(v)
	}
	return out, flush()
}

// known gives the lower-case name of a field that matters here, without making strings of the others.
func known(name []byte) string {
	for _, f := range []string{"package", "status", "version", "architecture", "essential", "protected", "depends", "pre-depends", "provides"} {
		if len(f) == len(name) && strings.EqualFold(f, string(name)) {
			return f
		}
	}
	return ""
}

func joins(field string) bool {
	return field == "depends" || field == "pre-depends" || field == "provides"
}

func (p *Package) set(field string, value []byte) {
	switch field {
	case "package":
		p.Name = strings.ToLower(string(value))
	case "version":
		p.Version = string(value)
	case "architecture":
		p.Arch = string(value)
	case "essential", "protected":
		p.Essential = p.Essential || string(value) == "yes"
	case "status":
		p.status = string(value)
		words := strings.Fields(p.status)
		if len(words) == 3 {
			p.Want, p.Flag, p.State = words[0], words[1], words[2]
		}
	case "depends", "pre-depends":
		p.Depends = append(p.Depends, relations(string(value))...)
	case "provides":
		for _, r := range relations(string(value)) {
			p.Provides = append(p.Provides, r...)
		}
	}
}

// relations takes a list such as "a (>= 1) | b:any, c [amd64]" apart and keeps the names.
func relations(value string) []Alternatives {
	var out []Alternatives
	for clause := range strings.SplitSeq(value, ",") {
		var alternatives Alternatives
		for one := range strings.SplitSeq(clause, "|") {
			one = strings.TrimSpace(one)
			if end := strings.IndexAny(one, " \t:(["); end >= 0 {
				one = one[:end]
			}
			if one != "" {
				alternatives = append(alternatives, strings.ToLower(one))
			}
		}
		if len(alternatives) > 0 {
			out = append(out, alternatives)
		}
	}
	return out
}

// Find lists the packages with a name, of every architecture, whatever their state. The name may carry
// an architecture: libc6:i386.
func (db *DB) Find(name string) []Package {
	name, arch, qualified := strings.Cut(name, ":")
	var out []Package
	for _, p := range db.Packages {
		if p.Name == name && (!qualified || p.Arch == arch) {
			out = append(out, p)
		}
	}
	return out
}

// Providers lists the installed packages that provide a virtual package.
func (db *DB) Providers(name string) []Package {
	var out []Package
	for _, p := range db.Packages {
		if p.Installed() && slices.Contains(p.Provides, name) {
			out = append(out, p)
		}
	}
	return out
}

// Dependents lists the installed packages that would lack a dependency without the named ones, and
// those that would lack something without these, sorted. Versions are not compared: apt has the last
// word.
func (db *DB) Dependents(names ...string) []string {
	gone := map[string]bool{}
	for _, n := range names {
		gone[n] = true
	}
	var out []string
	for grown := true; grown; {
		grown = false
		has := map[string]bool{}
		for _, p := range db.Packages {
			if p.Installed() && !gone[p.Name] {
				has[p.Name] = true
				for _, v := range p.Provides {
					has[v] = true
				}
			}
		}
		for _, p := range db.Packages {
			if gone[p.Name] || !p.Installed() || !db.breaks(p, gone, has) {
				continue
			}
			gone[p.Name] = true
			out = append(out, p.Name)
			grown = true
		}
	}
	slices.Sort(out)
	return out
}

// breaks reports whether a dependency that holds now would not hold any more. One that is broken
// already is nobody's doing.
func (db *DB) breaks(p Package, gone, has map[string]bool) bool {
	for _, d := range p.Depends {
		if slices.ContainsFunc(d, func(n string) bool { return has[n] }) {
			continue
		}
		if slices.ContainsFunc(d, func(n string) bool { return gone[n] || db.providedByGone(n, gone) }) {
			return true
		}
	}
	return false
}

func (db *DB) providedByGone(name string, gone map[string]bool) bool {
	return slices.ContainsFunc(db.Packages, func(p Package) bool {
		return gone[p.Name] && p.Installed() && slices.Contains(p.Provides, name)
	})
}
