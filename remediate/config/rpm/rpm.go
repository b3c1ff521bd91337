// Package rpm reads rpm's database of installed packages without rpm. It knows the SQLite form, which
// rpm has had since 4.16; it has no opinions and changes nothing.
//
// The facts are those of rpm's lib/backend/sqlite.c (tables Packages, Name, Providename, Requirename)
// and lib/rpmtag.h, and of SQLite's description of its file format.
package rpm

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Dirs lists where distributions keep the database.
func Dirs() []string { return []string{"/var/lib/rpm", "/usr/lib/sysimage/rpm"} }

// ErrOtherForm says that there is a database in a form that is not read here.
var ErrOtherForm = errors.New("the rpm database is not in SQLite form")

// Package is an installed package.
type Package struct {
	Name, Version, Release string
	Summary                string
	Installed              time.Time // zero when unknown
}

// DB is the open database.
type DB struct {
	// Path is the database's file.
	Path string

	part     host.Part
	db       *database
	packages uint32 // the first page of the table of packages
}

// Open opens the database; an error that is fs.ErrNotExist says that there is none, and ErrOtherForm
// that it is in Berkeley DB's or rpm's own form.
func Open(files host.Files) (*DB, error) {
	for _, dir := range Dirs() {
		path := dir + "/rpmdb.sqlite"
		part, err := host.OpenPart(files, path)
		if err == nil {
			return open(files, path, part)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, other := range []string{"Packages", "Packages.db"} {
			if _, err := files.Stat(dir + "/" + other); err == nil {
				return nil, fmt.Errorf("cannot read %s/%s: %w", dir, other, ErrOtherForm)
			}
		}
	}
	return nil, fmt.Errorf("no rpm database: %w", fs.ErrNotExist)
}

func open(files host.Files, path string, part host.Part) (*DB, error) {
	fail := func(err error) (*DB, error) {
		part.Close()
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	if info, err := files.Stat(path + "-journal"); err == nil && info.Size > 0 {
		return fail(errors.New("a change of the database was not finished: rpmdb.sqlite-journal is not empty"))
	}
	log, err := files.ReadFile(path + "-wal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	size, err := part.Size()
	if err != nil {
		return fail(err)
	}
	db, err := openDatabase(part, size, log)
	if err != nil {
		return fail(err)
	}
	first, err := db.table("Packages")
	if err == nil && first == 0 {
		err = errors.New("there is no table Packages")
	}
	if err != nil {
		return fail(err)
	}
	return &DB{Path: path, part: part, db: db, packages: first}, nil
}

// Close closes the file.
func (d *DB) Close() error { return d.part.Close() }

func (d *DB) wrap(err error) error { return fmt.Errorf("cannot read %s: %w", d.Path, err) }

// entry is a row of one of rpm's index tables: a name, and the package it is about.
type entry struct {
	key string
	pkg int64
}

// index reads one of rpm's index tables.
func (d *DB) index(name string) ([]entry, error) {
	first, err := d.db.table(name)
	if err != nil {
		return nil, d.wrap(err)
	}
	if first == 0 {
		return nil, d.wrap(fmt.Errorf("there is no table %s", name))
	}
	var out []entry
	for r, err := range d.db.rows(first) {
		if err != nil {
			return nil, d.wrap(err)
		}
		if len(r.values) < 2 {
			return nil, d.wrap(errCorrupt)
		}
		id, ok := r.values[1].(int64)
		if !ok {
			return nil, d.wrap(errCorrupt)
		}
		out = append(out, entry{string(text(r.values[0])), id})
	}
	return out, nil
}

// Names lists the names of all installed packages, sorted, each once.
func (d *DB) Names() ([]string, error) {
	entries, err := d.index("Name")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.key)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Find lists the installed packages that have one of the names.
func (d *DB) Find(names ...string) ([]Package, error) {
	entries, err := d.index("Name")
	if err != nil {
		return nil, err
	}
	var out []Package
	for _, e := range entries {
		if !slices.Contains(names, e.key) {
			continue
		}
		h, err := d.header(e.pkg)
		if err != nil {
			return nil, err
		}
		out = append(out, describe(h))
	}
	slices.SortFunc(out, func(a, b Package) int {
		return strings.Compare(a.Name+" "+a.Version+"-"+a.Release, b.Name+" "+b.Version+"-"+b.Release)
	})
	return out, nil
}

func describe(h header) Package {
	p := Package{Name: h.text(tagName), Version: h.text(tagVersion), Release: h.text(tagRelease), Summary: h.text(tagSummary)}
	if at := h.ints(tagInstallTime); len(at) > 0 {
		p.Installed = time.Unix(int64(at[0]), 0).UTC()
	}
	return p
}

func (d *DB) header(id int64) (header, error) {
	r, ok, err := d.db.find(d.packages, id)
	switch {
	case err != nil:
		return header{}, d.wrap(err)
	case !ok || len(r.values) < 2:
		return header{}, d.wrap(fmt.Errorf("package %d is in an index and not in the table of packages", id))
	}
	h, err := parseHeader(text(r.values[1]))
	if err != nil {
		return header{}, d.wrap(err)
	}
	return h, nil
}

// Packages lists all installed packages by name.
func (d *DB) Packages() ([]Package, error) {
	var out []Package
	for r, err := range d.db.rows(d.packages) {
		if err != nil {
			return nil, d.wrap(err)
		}
		if len(r.values) < 2 {
			return nil, d.wrap(errCorrupt)
		}
		h, err := parseHeader(text(r.values[1]))
		if err != nil {
			return nil, d.wrap(err)
		}
		out = append(out, describe(h))
	}
	slices.SortFunc(out, func(a, b Package) int {
		return strings.Compare(a.Name+" "+a.Version+"-"+a.Release, b.Name+" "+b.Version+"-"+b.Release)
	})
	return out, nil
}

// Providers lists the installed packages that provide a capability, sorted.
func (d *DB) Providers(capability string) ([]string, error) {
	provides, err := d.index("Providename")
	if err != nil {
		return nil, err
	}
	names, err := d.nameOf()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range provides {
		if e.key == capability {
			out = append(out, names[e.pkg])
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (d *DB) nameOf() (map[int64]string, error) {
	entries, err := d.index("Name")
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, e := range entries {
		names[e.pkg] = e.key
	}
	return names, nil
}

// Dependents lists the installed packages that would lack something without the named ones, and
// those that would lack something without these, sorted. Versions are not compared, and a file is
// taken to have one owner: rpm itself has the last word.
func (d *DB) Dependents(names ...string) ([]string, error) {
	nameOf, err := d.nameOf()
	if err != nil {
		return nil, err
	}
	provides, err := d.index("Providename")
	if err != nil {
		return nil, err
	}
	requires, err := d.index("Requirename")
	if err != nil {
		return nil, err
	}
	gone := map[int64]bool{}
	var next []int64
	for id, name := range nameOf {
		if slices.Contains(names, name) {
			gone[id] = true
			next = append(next, id)
		}
	}
	files := map[string]bool{}
	var out []string
	for len(next) > 0 {
		for _, id := range next {
			h, err := d.header(id)
			if err != nil {
				return nil, err
			}
			for _, f := range h.files() {
				files[f] = true
			}
		}
		next = nil
		had, has := map[string]bool{}, map[string]bool{}
		for _, e := range provides {
			if gone[e.pkg] {
				had[e.key] = true
			} else {
				has[e.key] = true
			}
		}
		for _, e := range requires {
			if gone[e.pkg] || has[e.key] || !had[e.key] && !files[e.key] {
				continue
			}
			gone[e.pkg] = true
			next = append(next, e.pkg)
			out = append(out, nameOf[e.pkg])
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
