package hosttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// State is a running state in memory. Changes act on it.
type State struct {
	Kernel    string                    // as uname -r
	Sysctls   map[string]string         // key with slashes
	Loaded    []string                  // modules
	LinkNames []string                  // network interfaces
	MountList []host.Mount              // in mount order
	Units     map[string]host.UnitState // others are not-found
}

// Running is State, or nil without one.
func (f *Fake) Running() host.Running {
	if f.State == nil {
		return nil
	}
	return running{f.State}
}

type running struct{ state *State }

func (r running) Kernel() string { return r.state.Kernel }

func (r running) Sysctl(key string) (string, error) {
	value, ok := r.state.Sysctls[key]
	if !ok {
		return "", fmt.Errorf("cannot read sysctl %s: %w", key, fs.ErrNotExist)
	}
	return value, nil
}

func (r running) SysctlGlob(pattern string) ([]string, error) {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(r.state.Sysctls)) {
		if matchPath(pattern, key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

func matchPath(pattern, path string) bool {
	patterns, names := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(patterns) != len(names) {
		return false
	}
	for i := range names {
		if !host.Match(patterns[i], names[i]) {
			return false
		}
	}
	return true
}

func (r running) Modules() ([]string, error) {
	return slices.Sorted(slices.Values(r.state.Loaded)), nil
}

func (r running) Links() ([]string, error) {
	return slices.Sorted(slices.Values(r.state.LinkNames)), nil
}

func (r running) Mounts() ([]host.Mount, error) { return slices.Clone(r.state.MountList), nil }

func (r running) Unit(_ context.Context, name string) (host.UnitState, error) {
	if unit, ok := r.state.Units[name]; ok {
		return unit, nil
	}
	return host.UnitState{Load: "not-found", Active: "inactive", Sub: "dead"}, nil
}

// SetSysctl sets a key that State has.
func (f *Fake) SetSysctl(key, value string) error {
	if f.State == nil {
		return f.Offline.SetSysctl(key, value)
	}
	if _, ok := f.State.Sysctls[key]; !ok {
		return fmt.Errorf("cannot set running sysctl %s: %w", key, fs.ErrNotExist)
	}
	f.State.Sysctls[key] = value
	return nil
}

// UnloadModule takes a module out of State.
func (f *Fake) UnloadModule(name string) error {
	if f.State == nil {
		return f.Offline.UnloadModule(name)
	}
	i := slices.Index(f.State.Loaded, name)
	if i < 0 {
		return fmt.Errorf("cannot unload module %s: %w", name, fs.ErrNotExist)
	}
	f.State.Loaded = slices.Delete(f.State.Loaded, i, i+1)
	return nil
}

// Remount gives the topmost mount at path the options, which take the place of their opposites.
func (f *Fake) Remount(path string, options []string) error {
	if f.State == nil {
		return f.Offline.Remount(path, options)
	}
	for i, m := range slices.Backward(f.State.MountList) {
		if m.Path == path {
			f.State.MountList[i].Options = merge(m.Options, options)
			return nil
		}
	}
	return fmt.Errorf("cannot remount %s: not mounted", path)
}

func merge(options, add []string) []string {
	merged := slices.DeleteFunc(slices.Clone(options), func(o string) bool {
		return slices.Contains(add, o) || slices.Contains(add, opposite(o))
	})
	return append(merged, add...)
}

func opposite(option string) string {
	switch option {
	case "ro":
		return "rw"
	case "rw":
		return "ro"
	}
	if on, off := strings.CutPrefix(option, "no"); off {
		return on
	}
	return "no" + option
}

// ChangeUnit makes the links that systemctl makes, and changes State where there is one.
func (f *Fake) ChangeUnit(ctx context.Context, name string, action rule.UnitAction) error {
	if f.State == nil {
		return f.Offline.ChangeUnit(ctx, name, action)
	}
	unit, known := f.State.Units[name]
	if action == rule.StartUnit || action == rule.StopUnit {
		if !known || unit.Load == "not-found" || unit.Load == "masked" && action == rule.StartUnit {
			return fmt.Errorf("cannot %s unit %s: it is not loaded", action, name)
		}
	} else {
		// A unit may stand in State alone.
		err := f.Offline.ChangeUnit(ctx, name, action)
		if err != nil && !(known && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	switch action {
	case rule.StartUnit:
		unit.Active, unit.Sub = "active", "running"
	case rule.StopUnit:
		unit.Active, unit.Sub = "inactive", "dead"
	case rule.EnableUnit:
		unit.File = "enabled"
	case rule.DisableUnit:
		unit.File = "disabled"
	case rule.MaskUnit:
		unit.Load, unit.File = "masked", "masked"
	case rule.UnmaskUnit:
		unit.Load, unit.File = "loaded", "disabled"
	}
	if f.State.Units == nil {
		f.State.Units = map[string]host.UnitState{}
	}
	f.State.Units[name] = unit
	return nil
}
