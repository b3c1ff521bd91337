package host

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// linker is what enabling and disabling units offline needs.
type linker interface {
	Files
	symlink(path, target string) error
	Remove(path string) error
}

// changeUnitFiles makes and removes the links in /etc/systemd/system that systemctl --root makes and
// removes. Directories that become empty stay.
func changeUnitFiles(l linker, name string, action rule.UnitAction) error {
	err := func() error {
		unit, ok := parseUnitName(name)
		if !ok {
			return errors.New("not a unit name")
		}
		switch action {
		case rule.EnableUnit:
			return enableUnit(l, unit)
		case rule.DisableUnit:
			return disableUnit(l, unit)
		case rule.MaskUnit:
			return maskUnit(l, unit)
		case rule.UnmaskUnit:
			return unmaskUnit(l, unit)
		}
		return ErrNotRunning
	}()
	if err != nil {
		return fmt.Errorf("cannot %s unit %s: %w", action, name, err)
	}
	return nil
}

// link is a symbolic link that enabling makes.
type link struct{ path, target string }

func enableUnit(l linker, name unitName) error {
	units, err := withAlso(l, name, false)
	if err != nil {
		return err
	}
	if units[0].masked {
		return errors.New("it is masked")
	}
	// All of it is worked out before the first link is made.
	var links []link
	for _, u := range units {
		if u.masked || u.absent {
			continue
		}
		more, err := u.links()
		if err != nil {
			return err
		}
		links = append(links, more...)
	}
	if len(links) == 0 {
		return errors.New("its unit file has no [Install] settings that enable it")
	}
	for _, k := range links {
		if err := makeLink(l, k); err != nil {
			return err
		}
	}
	return nil
}

// withAlso gives a unit and those that its [Install] section names in Also=, each once. Only the
// first one has to exist.
func withAlso(files Files, name unitName, config bool) ([]installable, error) {
	first, err := findUnit(files, name, config)
	if err != nil {
		return nil, err
	}
	units := []installable{first}
	seen := map[unitName]bool{name: true, first.name: true}
	for i := 0; i < len(units); i++ {
		for _, s := range units[i].install.also {
			expanded, _ := units[i].withInstance().expand(s)
			also, ok := parseUnitName(expanded)
			if !ok {
				return nil, fmt.Errorf("%s: Also=%s is not a unit name", units[i].path, s)
			}
			if seen[also] {
				continue
			}
			seen[also] = true
			unit, err := findUnit(files, also, config)
			if errors.Is(err, fs.ErrNotExist) {
				unit, err = installable{name: also, absent: true}, nil
			}
			if err != nil {
				return nil, fmt.Errorf("%s: Also=%s: %w", units[i].path, s, err)
			}
			units = append(units, unit)
		}
	}
	return units, nil
}

// withInstance is the name that a template's own DefaultInstance makes.
func (u installable) withInstance() unitName {
	n := u.name
	if n.isTemplate() {
		n.instance = u.install.defaultInstance
	}
	return n
}

// links lists the links that the unit's [Install] section asks for.
func (u installable) links() ([]link, error) {
	var links []link
	for _, s := range u.install.alias {
		alias, err := u.expand("Alias", s)
		if err != nil {
			return nil, err
		}
		if alias.isTemplate() {
			alias.instance = u.name.instance
		}
		if alias.suffix != u.name.suffix || alias.template != u.name.template || alias.instance != u.name.instance {
			return nil, fmt.Errorf("%s: Alias=%s cannot stand for this unit", u.path, s)
		}
		if alias != u.name {
			links = append(links, link{unitConfigDir + "/" + alias.String(), u.path})
		}
	}
	for _, by := range []struct {
		key, dir string
		units    []string
	}{
		{"WantedBy", ".wants", u.install.wantedBy},
		{"RequiredBy", ".requires", u.install.requiredBy},
		{"UpheldBy", ".upholds", u.install.upheldBy},
	} {
		for _, s := range by.units {
			target, err := u.expand(by.key, s)
			if err != nil {
				return nil, err
			}
			name := u.withInstance()
			if name.isTemplate() && !target.template { // an instance will do, as for systemctl
				return nil, fmt.Errorf("it is a template without an instance, and %s is not a template", target)
			}
			links = append(links, link{unitConfigDir + "/" + target.String() + by.dir + "/" + name.String(), u.path})
		}
	}
	return links, nil
}

func (u installable) expand(key, s string) (unitName, error) {
	expanded, ok := u.withInstance().expand(s)
	if !ok {
		return unitName{}, fmt.Errorf("%s: %s=%s has an unknown specifier", u.path, key, s)
	}
	name, ok := parseUnitName(expanded)
	if !ok {
		return unitName{}, fmt.Errorf("%s: %s=%s is not a unit name", u.path, key, s)
	}
	return name, nil
}

// makeLink makes a link unless one stands there that leads to the same file. It replaces nothing.
func makeLink(l linker, k link) error {
	info, err := l.Lstat(k.path)
	if absent(err) {
		return l.symlink(k.path, k.target)
	}
	if err != nil {
		return err
	}
	if info.Mode&fs.ModeSymlink == 0 {
		return fmt.Errorf("%s stands in the way", k.path)
	}
	target, err := l.Readlink(k.path)
	if err != nil {
		return err
	}
	if target == k.target {
		return nil
	}
	have, err := l.Resolve(k.path)
	if err != nil {
		return fmt.Errorf("%s stands in the way: %w", k.path, err)
	}
	want, err := l.Resolve(k.target)
	if err != nil {
		return err
	}
	if have != want {
		return fmt.Errorf("%s is a link to %s already", k.path, target)
	}
	return nil
}

func disableUnit(l linker, name unitName) error {
	marked := map[string]bool{}
	units, err := withAlso(l, name, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		// The package is gone; links that it left would come to life with it.
		marked[name.String()] = true
	case err != nil:
		return err
	}
	for _, u := range units {
		if !u.masked {
			marked[u.name.String()] = true
		}
	}
	// A removed link can be what another one leads to, so look again until nothing is found.
	for {
		removed, err := removeLinks(l, unitConfigDir, marked)
		if err != nil {
			return err
		}
		if !removed {
			return nil
		}
	}
}

// removeLinks removes links below a directory that have a marked name, are of an instance of one, or
// lead to one. A mask stays: systemctl takes an instance's mask away when its template is disabled,
// which would let it start.
func removeLinks(l linker, dir string, marked map[string]bool) (bool, error) {
	entries, err := l.ReadDir(dir)
	if absent(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	removed := false
	for _, e := range entries {
		file := dir + "/" + e.Name()
		if e.IsDir() {
			below, err := removeLinks(l, file, marked)
			if err != nil {
				return false, err
			}
			removed = removed || below
			continue
		}
		name, ok := parseUnitName(e.Name())
		if !ok || e.Type()&fs.ModeSymlink == 0 {
			continue
		}
		target, err := leadsTo(l, file)
		if err != nil {
			return false, err
		}
		if text, err := l.Readlink(file); err != nil || text == "/dev/null" {
			continue
		}
		if !marked[e.Name()] && !marked[name.of().String()] && !marked[path.Base(target)] && !marked[target] {
			continue
		}
		if err := l.Remove(file); err != nil {
			return false, err
		}
		marked[file] = true
		removed = true
	}
	return removed, nil
}

// leadsTo gives the end of a link, also of one that leads nowhere.
func leadsTo(files Files, file string) (string, error) {
	real, err := files.Resolve(file)
	if absent(err) {
		return files.Readlink(file)
	}
	return real, err
}

func maskUnit(l linker, name unitName) error {
	return makeLink(l, link{unitConfigDir + "/" + name.String(), "/dev/null"})
}

func unmaskUnit(l linker, name unitName) error {
	file := unitConfigDir + "/" + name.String()
	info, err := l.Lstat(file)
	if absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	masked := info.Mode.IsRegular() && info.Size == 0
	if info.Mode&fs.ModeSymlink != 0 {
		target, err := leadsTo(l, file)
		if err != nil {
			return err
		}
		masked = target == "/dev/null"
	}
	if !masked {
		return nil
	}
	return l.Remove(file)
}
