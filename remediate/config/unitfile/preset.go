package unitfile

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Preset is the line of a preset file that decides a unit, or no line: then systemd enables.
type Preset struct {
	Enable bool
	Path   string
	Line   int
	Text   string
}

// PresetDirs lists the directories of preset files, the strongest first.
func PresetDirs() []string {
	return []string{"/etc/systemd/system-preset", "/run/systemd/system-preset", "/usr/local/lib/systemd/system-preset", "/usr/lib/systemd/system-preset", "/lib/systemd/system-preset"}
}

// FindPreset says what presets decide for a unit: files in order of name, whatever the directory, a
// name of a stronger directory hides the others, and the first line that matches decides.
func FindPreset(f host.Files, unit string) (Preset, error) {
	byName := map[string]string{}
	var names []string
	for _, dir := range PresetDirs() {
		entries, err := f.ReadDir(dir)
		if absent(err) {
			continue
		}
		if err != nil {
			return Preset{}, fmt.Errorf("cannot read %s: %w", dir, err)
		}
		for _, e := range entries {
			if _, ok := byName[e.Name()]; ok || !strings.HasSuffix(e.Name(), ".preset") {
				continue
			}
			byName[e.Name()] = path.Join(dir, e.Name())
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range names {
		p := byName[name]
		if masked, err := isMask(f, p); err != nil {
			return Preset{}, err
		} else if masked {
			continue
		}
		content, err := f.ReadFile(p)
		if err != nil {
			return Preset{}, fmt.Errorf("cannot read %s: %w", p, err)
		}
		if ps, ok := matchPreset(p, content, unit); ok {
			return ps, nil
		}
	}
	return Preset{Enable: true}, nil
}

func matchPreset(p string, content []byte, unit string) (Preset, bool) {
	for i, line := range strings.Split(string(content), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") || strings.HasPrefix(fields[0], ";") {
			continue
		}
		verb := fields[0]
		if verb != "enable" && verb != "disable" && verb != "ignore" {
			continue
		}
		match := fnmatch(fields[1], unit)
		if !match && verb == "enable" && IsTemplate(fields[1]) && Template(unit) == fields[1] {
			// "enable foo@.service a b" is about the instances that it lists.
			match = slices.Contains(fields[2:], Instance(unit))
		}
		if match {
			return Preset{Enable: verb == "enable", Path: p, Line: i + 1, Text: strings.TrimSpace(line)}, true
		}
	}
	return Preset{}, false
}

// fnmatch is path.Match for unit names, which hold no slash; a bad pattern matches nothing.
func fnmatch(pattern, name string) bool {
	pattern = strings.ReplaceAll(pattern, "[!", "[^")
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// FirstBoot reports whether the next boot is a first boot to systemd, which then applies presets:
// machine-id(5) says that /etc/machine-id is missing or says "uninitialized". An empty file is not
// a first boot.
func FirstBoot(f host.Files) (bool, error) {
	content, err := f.ReadFile("/etc/machine-id")
	if absent(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot read /etc/machine-id: %w", err)
	}
	return strings.TrimSpace(string(content)) == "uninitialized", nil
}
