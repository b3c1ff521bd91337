package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/remediate/root"
)

// Node is described at Restorer.
func (t tree) Node(path string) (Node, error) { return t.root.Node(path) }

// Vault is described at Restorer.
func (t tree) Vault(name string, create bool) (Vault, error) {
	below := stateName
	if name != "" {
		below += "/" + name
	}
	v, err := t.root.OpenVault(stateParent, below, create)
	if err != nil {
		return nil, err
	}
	return vault{v, t.root}, nil
}

// Restore is described at Restorer.
func (t tree) Restore(path string, want Node, from Vault, name string) error {
	if from == nil {
		return t.root.Restore(path, want, nil, "")
	}
	v, ok := from.(vault)
	if !ok {
		return fmt.Errorf("cannot restore %s: what is kept is not of this machine", path)
	}
	return t.root.Restore(path, want, v.Vault, name)
}

// RemoveTemps is described at Restorer.
func (t tree) RemoveTemps(dir string) error { return t.root.RemoveTemps(dir) }

// vault is a Vault that knows the root whose files it keeps.
type vault struct {
	*root.Vault
	root *root.Root
}

func (v vault) Keep(path, name string) error { return v.Vault.Keep(v.root, path, name) }

// Lock is a lock of the directory that is the root: nothing is left in it.
func (o *Offline) Lock() (func() error, error) { return o.root.Lock("") }

// ReloadUnits does nothing: there is no systemd.
func (o *Offline) ReloadUnits(context.Context) error { return nil }

// LoadModule cannot be done offline.
func (o *Offline) LoadModule(_ context.Context, name string) error {
	return fmt.Errorf("cannot load module %s: %w", name, ErrNotRunning)
}

// lockFile is in memory, and no other user can open it. Anybody could lock the root directory.
const lockFile = "/run/harden.lock"

// Lock is described at Restorer. In a chroot, /run may be part of an image, and nothing is left there.
func (l *Live) Lock() (func() error, error) {
	if l.running == nil {
		return l.root.Lock("")
	}
	return l.root.Lock(lockFile)
}

// ReloadUnits is described at Restorer.
func (l *Live) ReloadUnits(ctx context.Context) error {
	if l.running == nil {
		return nil
	}
	return l.running.systemd.reload(ctx)
}

// LoadModule asks modprobe, which knows the files.
func (l *Live) LoadModule(ctx context.Context, name string) error {
	err := ErrNotRunning
	if l.running != nil {
		var output []byte
		var status int
		output, status, err = l.Programs().Run(ctx, "modprobe", "--", name)
		if err == nil && status != 0 {
			err = errors.New(lastLines(string(output)))
		}
	}
	if err != nil {
		return fmt.Errorf("cannot load module %s: %w", name, err)
	}
	return nil
}
