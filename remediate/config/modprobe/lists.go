package modprobe

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Listed is a module that a list asks to be loaded at boot.
type Listed struct {
	Module string
	Path   string
	Line   int
}

// LoadLists reads the lists of modules to load at boot: modules-load.d(5), Debian's /etc/modules,
// and the one for its initramfs.
func LoadLists(files host.Files) ([]Listed, error) {
	return host.Once(files, loadListsKey{}, func() ([]Listed, error) { return loadLists(files) })
}

type loadListsKey struct{}

func loadLists(files host.Files) ([]Listed, error) {
	var (
		paths = []string{"/etc/modules", "/etc/initramfs-tools/modules"}
		list  []Listed
		seen  = map[string]bool{}
	)
	for _, dir := range []string{"/etc/modules-load.d", "/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d", "/lib/modules-load.d"} {
		entries, err := files.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".conf") && !seen[e.Name()] {
				seen[e.Name()] = true
				paths = append(paths, dir+"/"+e.Name())
			}
		}
	}
	done := map[string]bool{} // Debian links one of modules-load.d to /etc/modules
	for _, path := range paths {
		real, err := files.Resolve(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && (real == "/dev/null" || done[real]) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, err)
		}
		done[real] = true
		content, err := files.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", path, err)
		}
		for i, line := range strings.Split(string(content), "\n") {
			fields := strings.Fields(line)
			if len(fields) == 0 || strings.HasPrefix(fields[0], "#") || strings.HasPrefix(fields[0], ";") {
				continue
			}
			list = append(list, Listed{Module: Underscores(fields[0]), Path: path, Line: i + 1})
		}
	}
	return list, nil
}
