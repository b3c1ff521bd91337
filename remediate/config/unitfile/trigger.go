package unitfile

import (
	"errors"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Triggers lists the units that start another one when something happens: sockets, timers and paths
// that name it (Service=, Unit=) or share its name. The result is in order of name.
func Triggers(f host.Files, service string) ([]string, error) {
	all, err := host.Once(f, triggersKey{}, func() ([]trigger, error) { return triggers(f) })
	if err != nil {
		return nil, err
	}
	stem := strings.TrimSuffix(service, suffix(service))
	var list []string
	for _, t := range all {
		if t.target == service || Template(service) == t.target && t.target != "" || t.target == stem+"@.service" && suffix(t.name) == ".socket" {
			list = append(list, t.name)
		}
	}
	return list, nil
}

type triggersKey struct{}

// trigger is a unit that starts another one.
type trigger struct{ name, target string }

// triggers lists every unit that starts another one, in order of name.
func triggers(f host.Files) ([]trigger, error) {
	dirs, err := searchPath(f)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, dir := range dirs {
		entries, err := f.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			switch suffix(e.Name()) {
			case ".socket", ".timer", ".path":
				if ValidName(e.Name()) {
					names = append(names, e.Name())
				}
			}
		}
	}
	slices.Sort(names)
	var list []trigger
	for _, name := range slices.Compact(names) {
		u, err := Load(f, name)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if u.Masked || u.Name != name {
			continue
		}
		list = append(list, trigger{name, u.starts()})
	}
	return list, nil
}

// starts is the unit that a socket, timer or path starts.
func (u *Unit) starts() string {
	section, key := "Socket", "Service"
	switch suffix(u.Name) {
	case ".timer":
		section, key = "Timer", "Unit"
	case ".path":
		section, key = "Path", "Unit"
	}
	if a, ok := u.Last(section, key); ok && a.Value != "" {
		return a.Value
	}
	stem := strings.TrimSuffix(u.Name, suffix(u.Name))
	if a, ok := u.Last("Socket", "Accept"); ok && section == "Socket" && truth(a.Value) {
		return stem + "@.service" // one instance of a template for each connection
	}
	return stem + ".service"
}

func truth(s string) bool {
	switch strings.ToLower(s) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}
