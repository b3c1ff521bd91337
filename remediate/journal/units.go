package journal

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// unitDir is where the links are that enabling, disabling and masking make and remove.
const unitDir = "/etc/systemd/system"

// unitLinks describes everything below unitDir that changes of units can be about: links, directories and
// empty files. It gives the directory without links on the way.
func unitLinks(on host.Writer) (string, []place, error) {
	dir, err := on.Resolve(unitDir)
	if err != nil {
		return "", nil, err
	}
	links, err := linksBelow(on, dir)
	slices.SortFunc(links, func(a, b place) int { return cmp.Compare(a.Path, b.Path) })
	return dir, links, err
}

func linksBelow(on host.Writer, dir string) ([]place, error) {
	entries, err := on.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var links []place
	for _, e := range entries {
		file := dir + "/" + e.Name()
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		switch {
		case info.IsDir():
			n, err := on.Node(file)
			if err != nil {
				return nil, err
			}
			below, err := linksBelow(on, file)
			if err != nil {
				return nil, err
			}
			links = append(append(links, place{text(file), stateOf(n)}), below...)
		case info.Mode()&fs.ModeSymlink != 0:
			link, err := link(on, file, info)
			if err != nil {
				return nil, err
			}
			links = append(links, place{text(file), link})
		case info.Mode().IsRegular() && info.Size() == 0:
			n, err := on.Node(file)
			if err != nil {
				return nil, err
			}
			links = append(links, place{text(file), stateOf(n)})
		}
	}
	return links, nil
}

// link describes a link in a directory that was just read: there are many, and Node takes its time.
func link(on host.Writer, file string, info fs.FileInfo) (state, error) {
	owned, err := on.Lstat(file)
	if err != nil {
		return state{}, err
	}
	target, err := on.Readlink(file)
	return state{
		Mode: owned.Mode, UID: owned.UID, GID: owned.GID, Size: info.Size(), ModTime: info.ModTime().UnixNano(), Target: text(target),
	}, err
}

// difference lists the places of two that differ, as they are in the second.
func difference(before, after []place) []place {
	var differ []place
	for _, a := range after {
		if !sameLink(at(before, a.Path), a.State) {
			differ = append(differ, a)
		}
	}
	for _, b := range before {
		if at(after, b.Path).Absent {
			differ = append(differ, place{b.Path, state{Absent: true}})
		}
	}
	return differ
}

// at is the state of a path in a sorted list.
func at(list []place, file text) state {
	i, found := slices.BinarySearchFunc(list, file, func(p place, f text) int { return cmp.Compare(p.Path, f) })
	if !found {
		return state{Absent: true}
	}
	return list[i].State
}

// sameLink compares what a change of units is about.
func sameLink(a, b state) bool {
	return a.Absent == b.Absent && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID && a.Target == b.Target
}
