package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/root"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Live is the machine that this process runs on. Where no init runs (a chroot or a container build)
// it has no running state, and its units are changed as those of an offline root.
type Live struct {
	tree
	info    Info
	running *running
}

var _ Writer = (*Live)(nil)

// OpenLive opens the machine that this process runs on.
func OpenLive() (*Live, error) {
	r, err := root.Open("/")
	if err != nil {
		return nil, err
	}
	l := &Live{tree: tree{r}}
	if l.info, err = Identify(l.tree); err != nil {
		r.Close()
		return nil, err
	}
	l.info.Mode = ModeLive
	l.info.Arch = runtime.GOARCH
	if booted() {
		if l.running, err = openRunning(); err != nil {
			r.Close()
			return nil, err
		}
	}
	return l, nil
}

// booted reports whether systemd runs this system, as sd_booted(3) does, and that it is this root
// that it runs. In a chroot /run may be the outer system's.
func booted() bool {
	info, err := os.Lstat("/run/systemd/system")
	if err != nil || !info.IsDir() {
		return false
	}
	mine, err := os.Stat("/")
	if err != nil {
		return false
	}
	first, err := os.Stat("/proc/1/root/.")
	if errors.Is(err, fs.ErrPermission) {
		return true // only root may look, and only root can be in a chroot that matters
	}
	return err == nil && os.SameFile(mine, first)
}

// Close releases the root and the connection to systemd.
func (l *Live) Close() error {
	var err error
	if l.running != nil {
		err = l.running.close()
	}
	return errors.Join(err, l.root.Close())
}

// Info identifies the machine.
func (l *Live) Info() Info { return l.info }

// Running is nil where no init runs.
func (l *Live) Running() Running {
	if l.running == nil {
		return nil
	}
	return l.running
}

// Programs runs the machine's own programs.
func (l *Live) Programs() Programs { return programs{} }

// ChangeUnit asks systemd, or makes the links where none runs.
func (l *Live) ChangeUnit(ctx context.Context, name string, action rule.UnitAction) error {
	if l.running == nil {
		return changeUnitFiles(l.tree, name, action)
	}
	if _, ok := parseUnitName(name); !ok {
		return fmt.Errorf("cannot %s unit %q: not a unit name", action, name)
	}
	if err := l.running.systemd.change(ctx, name, action); err != nil {
		return fmt.Errorf("cannot %s unit %s: %w", action, name, err)
	}
	return nil
}

// SetSysctl writes below /proc/sys.
func (l *Live) SetSysctl(key, value string) error {
	err := ErrNotRunning
	if l.running != nil {
		err = l.running.setSysctl(key, value)
	}
	if err != nil {
		return fmt.Errorf("cannot set running sysctl %s: %w", key, err)
	}
	return nil
}

// UnloadModule takes a module out of the kernel. One that is in use stays, and is an error.
func (l *Live) UnloadModule(name string) error {
	err := ErrNotRunning
	if l.running != nil {
		err = unix.DeleteModule(strings.ReplaceAll(name, "-", "_"), unix.O_NONBLOCK)
	}
	if err != nil {
		return fmt.Errorf("cannot unload module %s: %w", name, err)
	}
	return nil
}

// Remount changes the options that a mount has for itself, and keeps the others.
func (l *Live) Remount(path string, options []string) error {
	err := ErrNotRunning
	if l.running != nil {
		err = remount(path, options)
	}
	if err != nil {
		return fmt.Errorf("cannot remount %s: %w", path, err)
	}
	return nil
}
