package modprobe

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Modules is where the installed kernels keep their modules, one directory each.
const Modules = "/lib/modules"

// Kernel is one installed kernel.
type Kernel struct {
	Release  string
	Dir      string
	Softdeps []Entry // what depmod found in the modules themselves
}

// Kernels lists the installed kernels by release. A directory that holds neither an index of
// depmod's nor any modules is a leftover.
func Kernels(files host.Files) ([]Kernel, error) {
	return host.Once(files, kernelsKey{}, func() ([]Kernel, error) { return kernels(files) })
}

type kernelsKey struct{}

func kernels(files host.Files) ([]Kernel, error) {
	entries, err := files.ReadDir(Modules)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", Modules, err)
	}
	var kernels []Kernel
	for _, entry := range entries {
		dir := Modules + "/" + entry.Name()
		info, err := files.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot look at %s: %w", dir, err)
		}
		if !info.Mode.IsDir() || !hasAny(files, dir, "modules.dep", "modules.builtin", "kernel", "modules.dep.bin") {
			continue
		}
		k := Kernel{Release: entry.Name(), Dir: dir}
		if k.Softdeps, err = loadFile(files, dir+"/"+softdepName, softdepName); err != nil {
			return nil, err
		}
		kernels = append(kernels, k)
	}
	return kernels, nil
}

func hasAny(files host.Files, dir string, names ...string) bool {
	for _, name := range names {
		if _, err := files.Stat(dir + "/" + name); err == nil {
			return true
		}
	}
	return false
}

// Presence is whether a kernel has a module.
type Presence string

const (
	Absent   Presence = "absent"
	Loadable Presence = "loadable"
	BuiltIn  Presence = "built in"
	Unknown  Presence = "unknown" // the kernel has modules and no index of them
)

// Place is the line that says so.
type Place struct {
	Path string
	Line int
	Text string
}

// Find looks a module up in a kernel's indexes. A module that has a file is in modules.dep wherever
// below the directory it stands (kernel, updates, extra): modprobe knows no other.
func (k Kernel) Find(files host.Files, module string) (Presence, Place, error) {
	module = Underscores(module)
	builtin := k.Dir + "/modules.builtin"
	place, _, err := find(files, builtin, module)
	if err != nil || place.Line > 0 {
		return BuiltIn, place, err
	}
	dep := k.Dir + "/modules.dep"
	place, there, err := find(files, dep, module)
	switch {
	case err != nil:
		return "", Place{}, err
	case place.Line > 0:
		return Loadable, place, nil
	case !there:
		return Unknown, Place{Path: dep}, nil
	}
	return Absent, Place{Path: dep}, nil
}

// find looks for a module in a file whose lines start with the path of a module.
func find(files host.Files, path, module string) (place Place, there bool, err error) {
	content, err := files.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Place{}, false, nil
	}
	if err != nil {
		return Place{}, false, fmt.Errorf("cannot read %s: %w", path, err)
	}
	for i, line := range strings.Split(string(content), "\n") {
		file, _, _ := strings.Cut(line, ":")
		if file != "" && moduleName(file) == module {
			if len(line) > len(file) {
				line = line[:len(file)+1] // a module may have a hundred dependencies
			}
			return Place{Path: path, Line: i + 1, Text: line}, true, nil
		}
	}
	return Place{Path: path}, true, nil
}

// moduleName turns kernel/net/snd-pcm.ko.zst into snd_pcm.
func moduleName(path string) string {
	name := path[strings.LastIndexByte(path, '/')+1:]
	name, _, _ = strings.Cut(name, ".")
	return strings.ReplaceAll(name, "-", "_")
}
