package host

import (
	"context"
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/remediate/root"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Offline is a mounted or unpacked root file system. It has no running state, and no program of it
// is run.
type Offline struct {
	tree
	info Info
}

var _ Writer = (*Offline)(nil)

// OpenRoot opens the root file system in dir.
func OpenRoot(dir string) (*Offline, error) {
	r, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	info, err := Identify(tree{r})
	if err != nil {
		r.Close()
		return nil, err
	}
	info.Mode = ModeRoot
	info.Arch = binaryArch(tree{r})
	return &Offline{tree: tree{r}, info: info}, nil
}

// Close releases the root.
func (o *Offline) Close() error { return o.root.Close() }

// Info identifies the machine.
func (o *Offline) Info() Info { return o.info }

// Running is nil: nothing runs.
func (o *Offline) Running() Running { return nil }

// Programs is nil: an offline root may be of another architecture, and it is not to be trusted.
func (o *Offline) Programs() Programs { return nil }

// SetSysctl cannot be done offline.
func (o *Offline) SetSysctl(key, _ string) error {
	return fmt.Errorf("cannot set running sysctl %s: %w", key, ErrNotRunning)
}

// UnloadModule cannot be done offline.
func (o *Offline) UnloadModule(name string) error {
	return fmt.Errorf("cannot unload module %s: %w", name, ErrNotRunning)
}

// Remount cannot be done offline.
func (o *Offline) Remount(path string, _ []string) error {
	return fmt.Errorf("cannot remount %s: %w", path, ErrNotRunning)
}

// ChangeUnit makes and removes the links that systemctl --root makes and removes. Starting and
// stopping cannot be done offline.
func (o *Offline) ChangeUnit(_ context.Context, name string, action rule.UnitAction) error {
	return changeUnitFiles(o.tree, name, action)
}
