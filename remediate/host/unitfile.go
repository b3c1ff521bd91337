package host

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

const unitConfigDir = "/etc/systemd/system"

// unitDirs are the directories of unit files, the first one wins: systemd.unit(5). Directories of
// generators are left out, as systemctl --root leaves them out.
var unitDirs = []string{
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/run/systemd/transient",
	unitConfigDir,
	"/etc/systemd/system.attached",
	"/run/systemd/system",
	"/run/systemd/system.attached",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
}

// installable is a unit with what its [Install] section asks for.
type installable struct {
	name    unitName
	path    string // of the unit file
	masked  bool
	absent  bool // there is no such file; only its name is known
	install installSection
}

type installSection struct {
	alias, wantedBy, requiredBy, upheldBy, also []string
	defaultInstance                             string
}

var errLinked = errors.New("it is an alias or a link in " + unitConfigDir)

// findUnit finds a unit's file and follows aliases to the unit that they stand for. Through a link
// of the administrator it goes only where config allows it.
func findUnit(files Files, name unitName, config bool) (installable, error) {
	const maxAliases = 8
	for range maxAliases {
		file, err := lookUpUnit(files, name)
		if err != nil {
			return installable{}, err
		}
		real, err := files.Resolve(file)
		if err != nil {
			return installable{}, err
		}
		info, err := files.Stat(real)
		if err != nil && real != "/dev/null" {
			return installable{}, err
		}
		// Only emptiness masks: a real system's /dev/null is a device, an unpacked one's may be absent.
		if real == "/dev/null" || info.Mode.IsRegular() && info.Size == 0 {
			return installable{name: name, path: file, masked: true}, nil
		}
		target, ok := parseUnitName(path.Base(real))
		if ok && target.template && name.instance != "" {
			target.instance = name.instance
		}
		if ok && target != name && slices.Contains(unitDirs, path.Dir(real)) {
			if !config && strings.HasPrefix(file, "/etc/") {
				return installable{}, errLinked
			}
			name = target
			continue
		}
		section, err := readInstall(files, name, file)
		return installable{name: name, path: file, install: section}, err
	}
	return installable{}, errors.New("too many aliases")
}

// lookUpUnit finds the file of a unit, or of its template.
func lookUpUnit(files Files, name unitName) (string, error) {
	names := []unitName{name}
	if name.instance != "" {
		names = append(names, name.of())
	}
	for _, n := range names {
		for _, dir := range unitDirs {
			file := dir + "/" + n.String()
			_, err := files.Lstat(file)
			if err == nil {
				return file, nil
			}
			if !absent(err) {
				return "", err
			}
		}
	}
	return "", fmt.Errorf("no unit file of that name: %w", fs.ErrNotExist)
}

// readInstall reads the [Install] section of a unit file and of its drop-ins.
func readInstall(files Files, name unitName, file string) (installSection, error) {
	var section installSection
	dropIns, err := unitDropIns(files, name)
	if err != nil {
		return section, err
	}
	for _, f := range append([]string{file}, dropIns...) {
		content, err := files.ReadFile(f)
		if err != nil {
			return section, err
		}
		section.add(string(content))
	}
	return section, nil
}

// unitDropIns lists the drop-ins of a unit in the order of their names. One in an earlier directory
// hides those of the same name.
func unitDropIns(files Files, name unitName) ([]string, error) {
	names := []string{name.String()}
	if name.instance != "" {
		names = append(names, name.of().String())
	}
	found := map[string]string{}
	for _, dir := range unitDirs {
		for _, n := range names {
			entries, err := files.ReadDir(dir + "/" + n + ".d")
			if absent(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				if _, hidden := found[e.Name()]; !hidden && strings.HasSuffix(e.Name(), ".conf") {
					found[e.Name()] = dir + "/" + n + ".d/" + e.Name()
				}
			}
		}
	}
	var paths []string
	for _, n := range slices.Sorted(maps.Keys(found)) {
		real, err := files.Resolve(found[n])
		if err != nil {
			return nil, err
		}
		if real != "/dev/null" {
			paths = append(paths, found[n])
		}
	}
	return paths, nil
}

// add reads the text of a unit file, syntax as in systemd.syntax(7).
func (s *installSection) add(text string) {
	inInstall := false
	for line := range unitLines(text) {
		if strings.HasPrefix(line, "[") {
			inInstall = line == "[Install]"
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || !inInstall {
			continue
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key == "DefaultInstance" {
			s.defaultInstance = value
			continue
		}
		list := s.list(key)
		switch {
		case list == nil:
		case value == "":
			*list = nil
		default:
			*list = append(*list, unitWords(value)...)
		}
	}
}

func (s *installSection) list(key string) *[]string {
	switch key {
	case "Alias":
		return &s.alias
	case "WantedBy":
		return &s.wantedBy
	case "RequiredBy":
		return &s.requiredBy
	case "UpheldBy":
		return &s.upheldBy
	case "Also":
		return &s.also
	}
	return nil
}

// unitLines gives the lines with their continuations joined, without comments and blank lines.
func unitLines(text string) func(func(string) bool) {
	return func(yield func(string) bool) {
		joined, open := "", false
		for line := range strings.SplitSeq(text, "\n") {
			trimmed := strings.TrimSpace(line)
			if strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
				continue // also between a line and its continuation
			}
			if head, more := strings.CutSuffix(strings.TrimRight(line, "\r"), `\`); more {
				joined, open = joined+head+" ", true
				continue
			}
			if whole := strings.TrimSpace(joined + line); whole != "" && !yield(whole) {
				return
			}
			joined, open = "", false
		}
		if whole := strings.TrimSpace(joined); open && whole != "" {
			yield(whole)
		}
	}
}

// unitWords splits a list of names; a name may be quoted.
func unitWords(value string) []string {
	words := strings.Fields(value)
	for i, w := range words {
		words[i] = strings.Trim(w, `"'`)
	}
	return words
}
