package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Replace records the file that is replaced, where its links lead.
func (j *Journal) Replace(file string, content []byte, create rule.Attr) error {
	real, err := j.on.Resolve(file)
	if err != nil {
		return fmt.Errorf("cannot replace %s: %w", file, err)
	}
	before, err := observe(j.on, real)
	if err != nil {
		return fmt.Errorf("cannot replace %s: %w", file, err)
	}
	after := before
	switch {
	case before.Absent:
		after = created(create)
	case !before.Mode.IsRegular():
		return fmt.Errorf("cannot replace %s: %w", file, host.ErrNotRegular)
	}
	after.SHA256, after.Size = digest(content), int64(len(content))
	return j.file(real, before, after, func() error { return j.on.Replace(real, content, create) })
}

// ReplaceLink records the link that a file takes the place of.
func (j *Journal) ReplaceLink(file string, content []byte, create rule.Attr) error {
	real, before, err := j.itself(file)
	if err != nil {
		return fmt.Errorf("cannot replace %s: %w", file, err)
	}
	after := created(create)
	after.SHA256, after.Size = digest(content), int64(len(content))
	return j.file(real, before, after, func() error { return j.on.ReplaceLink(real, content, create) })
}

// Remove records the file or link that is removed.
func (j *Journal) Remove(file string) error {
	real, before, err := j.itself(file)
	if err != nil {
		return fmt.Errorf("cannot remove %s: %w", file, err)
	}
	if before.Absent || before.Mode.IsDir() {
		return j.on.Remove(file) // fails, and says why
	}
	return j.file(real, before, state{Absent: true}, func() error { return j.on.Remove(real) })
}

// itself is the path of a file or link that is not followed itself.
func (j *Journal) itself(file string) (string, state, error) {
	dir, err := j.on.Resolve(path.Dir(file))
	if err != nil {
		return "", state{}, err
	}
	real := path.Join(dir, path.Base(file))
	before, err := observe(j.on, real)
	return real, before, err
}

func (j *Journal) file(real string, before, after state, change func() error) error {
	dirs, err := j.missingDirs(real)
	if err != nil {
		return err
	}
	return j.around(&entry{Op: opFile, Path: text(real), Before: &before, After: &after, Dirs: dirs}, change)
}

func created(a rule.Attr) state { return state{Mode: a.Mode &^ fs.ModeType, UID: a.UID, GID: a.GID} }

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// observe describes a path. The content of a file that is too large to be configuration has no digest.
func observe(on host.Writer, file string) (state, error) {
	n, err := on.Node(file)
	if err != nil {
		return state{}, err
	}
	s := stateOf(n)
	if n.Absent || !n.Mode.IsRegular() {
		return s, nil
	}
	content, err := on.ReadFile(file)
	if errors.Is(err, host.ErrTooLarge) {
		return s, nil
	}
	if err != nil {
		return state{}, err
	}
	s.SHA256 = digest(content)
	return s, nil
}

// SetAttr records owner and mode of what the path leads to.
func (j *Journal) SetAttr(file string, mode *fs.FileMode, uid, gid *int) error {
	real, err := j.on.Resolve(file)
	if err != nil {
		return fmt.Errorf("cannot set owner or mode of %s: %w", file, err)
	}
	return j.attr(real, mode, uid, gid, func() error { return j.on.SetAttr(real, mode, uid, gid) })
}

// SetAttrOf records owner and mode of exactly the path.
func (j *Journal) SetAttrOf(file string, seen rule.Attr, mode *fs.FileMode, uid, gid *int) error {
	return j.attr(file, mode, uid, gid, func() error { return j.on.SetAttrOf(file, seen, mode, uid, gid) })
}

func (j *Journal) attr(real string, mode *fs.FileMode, uid, gid *int, change func() error) error {
	n, err := j.on.Node(real)
	if err != nil {
		return fmt.Errorf("cannot set owner or mode of %s: %w", real, err)
	}
	if n.Absent {
		return change() // fails, and says why
	}
	before := stateOf(n)
	after := before
	if mode != nil {
		after.Mode = before.Mode.Type() | *mode&^fs.ModeType
	}
	if uid != nil {
		after.UID = *uid
	}
	if gid != nil {
		after.GID = *gid
	}
	return j.around(&entry{Op: opAttr, Path: text(real), Before: &before, After: &after}, change)
}

// ChangeUnit records the links of all units, or whether the unit is active.
func (j *Journal) ChangeUnit(ctx context.Context, name string, action rule.UnitAction) error {
	change := func() error { return j.on.ChangeUnit(ctx, name, action) }
	if action == rule.StartUnit || action == rule.StopUnit {
		running := j.on.Running()
		if running == nil {
			return change() // fails, and says why
		}
		unit, err := running.Unit(ctx, name)
		if err != nil {
			return fmt.Errorf("cannot %s unit %s: %w", action, name, err)
		}
		return j.around(&entry{Op: opUnit, Path: text(name), Was: unit.Active, Now: string(action)}, change)
	}
	dir, links, err := j.unitLinks()
	if err != nil {
		return fmt.Errorf("cannot %s unit %s: %w", action, name, err)
	}
	dirs, err := j.missingDirs(dir + "/" + name)
	if err != nil {
		return fmt.Errorf("cannot %s unit %s: %w", action, name, err)
	}
	e := &entry{Op: opUnits, Path: text(name), Links: links, Dirs: dirs}
	j.links = nil
	if err := j.around(e, change); err != nil {
		return err
	}
	if _, j.links, err = unitLinks(j.on); err != nil {
		return err
	}
	return j.finished(e, difference(links, j.links))
}

// unitLinks are those that the last change of a unit has left. A package manager changes them, too.
func (j *Journal) unitLinks() (string, []place, error) {
	if j.links == nil {
		return unitLinks(j.on)
	}
	dir, err := j.on.Resolve(unitDir)
	return dir, j.links, err
}

// SetSysctl records the running value.
func (j *Journal) SetSysctl(key, value string) error {
	change := func() error { return j.on.SetSysctl(key, value) }
	running := j.on.Running()
	if running == nil {
		return change() // fails, and says why
	}
	was, err := running.Sysctl(key)
	if err != nil {
		return fmt.Errorf("cannot set running sysctl %s: %w", key, err)
	}
	return j.around(&entry{Op: opSysctl, Path: text(key), Was: was, Now: value}, change)
}

// UnloadModule records that the module was loaded.
func (j *Journal) UnloadModule(name string) error {
	return j.around(&entry{Op: opModule, Path: text(name)}, func() error { return j.on.UnloadModule(name) })
}

// Remount records which of the options are new.
func (j *Journal) Remount(dir string, options []string) error {
	change := func() error { return j.on.Remount(dir, options) }
	running := j.on.Running()
	if running == nil {
		return change() // fails, and says why
	}
	was, found, err := mountOptions(running, dir)
	if err != nil {
		return fmt.Errorf("cannot remount %s: %w", dir, err)
	}
	if !found {
		return change() // fails, and says why
	}
	e := entry{Op: opMount, Path: text(dir)}
	for _, o := range options {
		if slices.Contains(was, o) {
			continue
		}
		e.Names = append(e.Names, o)
		e.Back = append(e.Back, opposite(o, was))
	}
	return j.around(&e, change)
}

// mountOptions are those of the topmost mount at a path.
func mountOptions(running host.Running, dir string) (options []string, found bool, err error) {
	mounts, err := running.Mounts()
	if err != nil {
		return nil, false, err
	}
	for _, m := range slices.Backward(mounts) {
		if m.Path == dir {
			return m.Options, true, nil
		}
	}
	return nil, false, nil
}

// opposite is the option that a mount had before it got another one.
func opposite(option string, was []string) string {
	switch option {
	case "ro":
		return "rw"
	case "rw":
		return "ro"
	case "noatime", "relatime", "strictatime":
		for _, o := range []string{"noatime", "relatime"} {
			if slices.Contains(was, o) {
				return o
			}
		}
		return "strictatime"
	}
	if on, off := strings.CutPrefix(option, "no"); off {
		return on
	}
	return "no" + option
}

// InstallPackages records the names alone: packages cannot be taken back.
func (j *Journal) InstallPackages(ctx context.Context, names []string) error {
	return j.packages("installed", names, func() error { return j.on.InstallPackages(ctx, names) })
}

// RemovePackages records the names alone: packages cannot be taken back.
func (j *Journal) RemovePackages(ctx context.Context, names, along []string) error {
	return j.packages("removed", names, func() error { return j.on.RemovePackages(ctx, names, along) })
}

func (j *Journal) packages(what string, names []string, change func() error) error {
	e := &entry{Op: opPackages, Path: text(strings.Join(names, " ")), Names: names, Now: what}
	j.links = nil
	if err := j.around(e, change); err != nil {
		return err
	}
	return j.finished(e, nil)
}
