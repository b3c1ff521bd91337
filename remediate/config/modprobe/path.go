package modprobe

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// searchPath is the directories that the installed kmod reads and that outlive a boot, the most
// important one first. kmod 29 added /usr/local/lib, and 31 reads both /usr/lib and /lib.
func searchPath(files host.Files) ([]string, error) {
	version, err := libkmod(files)
	if err != nil {
		return nil, err
	}
	dirs := []string{Dir}
	if version >= libkmod29 {
		dirs = append(dirs, "/usr/local/lib/modprobe.d")
	}
	lib, err := files.Resolve("/lib/modprobe.d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot resolve /lib/modprobe.d: %w", err)
	}
	if merged := err == nil && lib == "/usr/lib/modprobe.d"; merged || version >= libkmod31 {
		dirs = append(dirs, "/usr/lib/modprobe.d")
		if merged {
			return dirs, nil
		}
	}
	return append(dirs, "/lib/modprobe.d"), nil
}

// The minor and micro version of libkmod.so.2 in those releases of kmod, as minor*1000+micro.
const (
	libkmod29   = 3007
	libkmod31   = 4001
	libkmodSome = 1 << 30 // not found: taken for a current one
)

// libkmod finds which libkmod is installed, from the name that libkmod.so.2 leads to.
func libkmod(files host.Files) (int, error) {
	for _, top := range []string{"/lib", "/usr/lib", "/usr/lib64", "/lib64"} {
		dirs := []string{top}
		entries, err := files.ReadDir(top)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("cannot list %s: %w", top, err)
		}
		for _, e := range entries {
			if strings.Contains(e.Name(), "-linux-gnu") {
				dirs = append(dirs, top+"/"+e.Name())
			}
		}
		for _, dir := range dirs {
			target, err := files.Readlink(dir + "/libkmod.so.2")
			if err != nil {
				continue // not here; that there is none at all is an answer too
			}
			if v, ok := soVersion(target[strings.LastIndexByte(target, '/')+1:]); ok {
				return v, nil
			}
		}
	}
	return libkmodSome, nil
}

func soVersion(name string) (int, bool) {
	minor, micro, ok := strings.Cut(strings.TrimPrefix(name, "libkmod.so.2."), ".")
	if !ok {
		return 0, false
	}
	a, err := strconv.Atoi(minor)
	if err != nil {
		return 0, false
	}
	b, err := strconv.Atoi(micro)
	return a*1000 + b, err == nil
}
