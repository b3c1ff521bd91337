package hosttest

import (
	"context"
	"io/fs"
	"os"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Node has the owner and mode that the test set.
func (f *Fake) Node(path string) (host.Node, error) {
	n, err := f.Offline.Node(path)
	if err != nil || n.Absent {
		return n, err
	}
	info := f.own(path, host.FileInfo{Mode: n.Mode})
	n.Mode, n.UID, n.GID = info.Mode, info.UID, info.GID
	return n, nil
}

// Restore brings owners and modes back beside the files, and the rest on the disk.
func (f *Fake) Restore(path string, want host.Node, from host.Vault, name string) error {
	disk := want
	disk.UID, disk.GID = os.Geteuid(), os.Getegid()
	now, err := f.Offline.Node(path)
	if err != nil {
		return err
	}
	if onlyAttr := from == nil && !want.Absent && !now.Absent && want.Mode&fs.ModeSymlink == 0; !onlyAttr {
		if err := f.Offline.Restore(path, disk, from, name); err != nil {
			return err
		}
	} else if now.Mode.Type() != want.Mode.Type() {
		return host.ErrChanged
	}
	switch {
	case want.Absent:
		delete(f.attrs, path)
	case want.Mode&fs.ModeSymlink == 0:
		f.attrs[path] = rule.Attr{Mode: want.Mode &^ fs.ModeType, UID: want.UID, GID: want.GID}
	}
	return nil
}

// ReloadUnits has State see which units the files mask.
func (f *Fake) ReloadUnits(context.Context) error {
	if f.State == nil {
		return nil
	}
	for name, unit := range f.State.Units {
		target, err := f.Resolve("/etc/systemd/system/" + name)
		switch masked := err == nil && target == "/dev/null"; {
		case masked:
			unit.Load, unit.File = "masked", "masked"
		case unit.Load == "masked":
			unit.Load, unit.File = "loaded", "disabled"
		}
		f.State.Units[name] = unit
	}
	return nil
}

// LoadModule puts a module back into State.
func (f *Fake) LoadModule(ctx context.Context, name string) error {
	if f.State == nil {
		return f.Offline.LoadModule(ctx, name)
	}
	f.State.Loaded = append(f.State.Loaded, name)
	return nil
}
