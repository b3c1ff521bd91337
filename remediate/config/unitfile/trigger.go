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
	dirs, err := searchPath(f)
	if err != nil {
		return nil, err
	}
	stem := strings.TrimSuffix(service, suffix(service))
	var names []string
	for _, dir := range dirs {
		entries, err := f.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			switch suffix(e.Name()) {
			case ".socket", ".timer", ".path":
				if ValidName(e.Name()) && !slices.Contains(names, e.Name()) {
					names = append(names, e.Name())
				}
			}
		}
	}
	slices.Sort(names)
	var list []string
	for _, name := range names {
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
		section, key := "Socket", "Service"
		switch suffix(name) {
		case ".timer":
			section, key = "Timer", "Unit"
		case ".path":
			section, key = "Path", "Unit"
		}
		target := strings.TrimSuffix(name, suffix(name)) + ".service"
		if a, ok := u.Last("Socket", "Accept"); ok && section == "Socket" && truth(a.Value) {
			// One instance of a template for each connection.
			target = strings.TrimSuffix(name, suffix(name)) + "@.service"
		}
		if a, ok := u.Last(section, key); ok && a.Value != "" {
			target = a.Value
		}
		if target == service || Template(service) == target && target != "" || target == stem+"@.service" && suffix(name) == ".socket" {
			list = append(list, name)
		}
	}
	return list, nil
}

func truth(s string) bool {
	switch strings.ToLower(s) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}
