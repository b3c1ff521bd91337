package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// confirm has the running sshd read its configuration again. Unless ask then says that a new login works,
// the run is undone and sshd reads the old one.
func (done *Applied) confirm(ctx context.Context, w host.Writer, j *journal.Journal, ask func(context.Context) error) error {
	err := reload(ctx, w)
	if err == nil {
		if err = ask(ctx); err == nil {
			return nil
		}
	}
	// Also when the run is cancelled: the worst place to stop is here.
	ctx = context.WithoutCancel(ctx)
	err = fmt.Errorf("cannot log in again after sshd has read its new configuration, so the changes are undone: %w", err)
	result, undoErr := j.Undo(ctx)
	for _, l := range result.Left {
		undoErr = errors.Join(undoErr, fmt.Errorf("cannot undo %s: %s", l.Target, l.Reason))
	}
	if undoErr == nil {
		done.Steps = nil
	}
	return errors.Join(err, undoErr, reload(ctx, w))
}

// reload leaves a server that does not run alone: the next connection starts it.
func reload(ctx context.Context, w host.Writer) error {
	running := w.Running()
	if running == nil {
		return fmt.Errorf("cannot reload sshd: %w", host.ErrNotRunning)
	}
	for _, name := range []string{"ssh.service", "sshd.service"} {
		u, err := running.Unit(ctx, name)
		if err != nil {
			return fmt.Errorf("cannot reload sshd: %w", err)
		}
		if u.Load == "loaded" && u.Active == "active" {
			if err := w.ChangeUnit(ctx, name, rule.ReloadUnit); err != nil {
				return fmt.Errorf("cannot reload sshd: %w", err)
			}
			return nil
		}
	}
	return nil
}
