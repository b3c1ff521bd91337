//go:build linux

package lab

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// shapeFiles holds the files of the shapes, and those that several have, as they lie in a root file system.
//
//go:embed all:shapes
var shapeFiles embed.FS

// shape is another system's form, as data: it is applied to the base in the order of its fields. Files come from
// shapes/common, shapes/FAMILY and shapes/NAME, and the rest is what an embedded file can't say.
type shape struct {
	name    string
	family  string // of shapes that share files
	rename  []rename
	remove  []string // patterns of what the other system doesn't have
	links   []link
	dirs    []mode // folders to make, or to give a mode
	modes   []mode // files that are not 0644
	appends []text // to files that must keep what the base wrote
	inserts []text // before a line
	users   []user
	owners  []owner
	extra   func(*tree) error // what is no plain edit; may be nil
}

type (
	rename struct{ from, to string }
	link   struct{ path, target string }
	mode   struct {
		path string
		mode fs.FileMode
	}
	text  struct{ path, before, text string }
	owner struct {
		path     string
		uid, gid int
	}
)

// shapes lists every shape there is.
func shapes() []shape {
	return []shape{ubuntu2204(), ubuntu2404(), azurelinux20(), azurelinux30()}
}

// Shapes names the shapes that a node can have.
func Shapes() []string {
	var names []string
	for _, s := range shapes() {
		names = append(names, s.name)
	}
	return names
}

func findShape(name string) (shape, error) {
	all := shapes()
	i := slices.IndexFunc(all, func(s shape) bool { return s.name == name })
	if i < 0 {
		return shape{}, fmt.Errorf("cannot find shape %q: there are %s", name, strings.Join(Shapes(), ", "))
	}
	return all[i], nil
}

// apply turns a copy of the base into the shape.
func (s shape) apply(t *tree) error {
	for _, r := range s.rename {
		if err := t.rename(r.from, r.to); err != nil {
			return err
		}
	}
	for _, pattern := range slices.Concat(commonRemoves, s.remove) {
		if err := t.remove(pattern); err != nil {
			return err
		}
	}
	for _, folder := range []string{"common", s.family, s.name} {
		files, err := fs.Sub(shapeFiles, "shapes/"+folder)
		if err != nil {
			return err
		}
		if err := t.copyFS(files); err != nil {
			return err
		}
	}
	for _, l := range s.links {
		if err := t.link(l.path, l.target); err != nil {
			return err
		}
	}
	for _, d := range s.dirs {
		if err := t.mkdir(d.path, d.mode); err != nil {
			return err
		}
	}
	for _, e := range s.appends {
		if err := t.appendTo(e.path, e.text); err != nil {
			return err
		}
	}
	for _, e := range s.inserts {
		if err := t.insert(e.path, e.before, e.text); err != nil {
			return err
		}
	}
	for _, u := range s.users {
		if err := addUser(t, u); err != nil {
			return err
		}
	}
	if err := dateAccounts(t, time.Now()); err != nil {
		return err
	}
	for _, o := range s.owners {
		if err := t.own(o.path, o.uid, o.gid); err != nil {
			return err
		}
	}
	if s.extra != nil {
		if err := s.extra(t); err != nil {
			return err
		}
	}
	// Last, so that an edit can't undo a mode.
	for _, m := range slices.Concat(commonModes, s.modes) {
		if err := t.chmod(m.path, m.mode); err != nil {
			return err
		}
	}
	return nil
}

// commonRemoves are what no shape keeps of the base.
var commonRemoves = []string{"etc/debian_version", rpmDatabases}

// commonModes are those of files in shapes/common.
var commonModes = []mode{
	{"etc/sudoers.d/90-cloud-init-users", 0o440},
	{"opt/bin/kubelet", 0o755},
	{"var/lib/kubelet/config.yaml", 0o644},
}
