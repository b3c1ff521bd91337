package pam

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Modules finds module files as libpam does.
type Modules struct {
	files host.Files
	dirs  []string
}

// FindModules looks up the directories that hold modules: /usr/lib/security and its kind, and
// Debian's and Ubuntu's one for each architecture.
func FindModules(files host.Files) Modules {
	m := Modules{files: files}
	for _, base := range []string{"/lib", "/usr/lib", "/lib64", "/usr/lib64"} {
		m.add(base + "/security")
		entries, err := files.ReadDir(base)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if strings.Contains(e.Name(), "-linux-") {
				m.add(base + "/" + e.Name() + "/security")
			}
		}
	}
	return m
}

func (m *Modules) add(dir string) {
	if info, err := m.files.Stat(dir); err == nil && info.Mode.IsDir() {
		m.dirs = append(m.dirs, dir)
	}
}

// Path gives the file of a module as a line names it; empty when none is installed.
func (m Modules) Path(module string) string {
	candidates := []string{}
	switch {
	case module == "" || strings.IndexByte(module, 0) >= 0:
	case strings.HasPrefix(module, "/"):
		// $ISA stands for the directory of other architectures and is "." or ../../lib/security
		candidates = append(candidates, path.Clean(strings.ReplaceAll(module, "$ISA", ".")))
	default:
		for _, dir := range m.dirs {
			candidates = append(candidates, path.Join(dir, module))
		}
	}
	for _, file := range candidates {
		if info, err := m.files.Stat(file); err == nil && info.Mode.IsRegular() {
			return file
		}
	}
	return ""
}

// Mentions reports whether the module's file holds a string: the way to tell whether this build of a
// module reads a configuration file that older ones do not know.
func (m Modules) Mentions(module, text string) (bool, error) {
	file := m.Path(module)
	if file == "" {
		return false, nil
	}
	b, err := m.files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return bytes.Contains(b, []byte(text)), nil
}

// Base is the name of a module without its directory, as rules name it.
func Base(module string) string {
	if i := strings.LastIndexByte(module, '/'); i >= 0 {
		return module[i+1:]
	}
	return module
}
