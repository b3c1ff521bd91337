package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// ReloadSSHD has the running sshd read its configuration again. Unless confirm then says that a new login
// works, everything is undone and sshd reads the old one.
func ReloadSSHD(ctx context.Context, w host.Writer, undo, confirm func(context.Context) error) error {
	err := reload(ctx, w)
	if err == nil {
		if err = confirm(ctx); err == nil {
			return nil
		}
	}
	// Also when the run is cancelled: the worst place to stop is here.
	ctx = context.WithoutCancel(ctx)
	err = fmt.Errorf("cannot log in again after sshd has read its new configuration, so the changes are undone: %w", err)
	return errors.Join(err, undo(ctx), reload(ctx, w))
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

// Revert puts the files that steps wrote back as they were, the last one first. What it cannot put back
// is in the error.
func Revert(w host.Writer, steps []plan.Step) error {
	var errs []error
	for _, s := range slices.Backward(steps) {
		if err := revert(w, s); err != nil {
			errs = append(errs, fmt.Errorf("cannot undo what rule %s did to %s: %w", strings.Join(s.Rules, ", "), s.Target, err))
		}
	}
	return errors.Join(errs...)
}

func revert(w host.Writer, s plan.Step) error {
	switch {
	case s.Write == nil:
		return errors.New("only the contents of files are put back")
	case s.Write.OverLink:
		return errors.New("it was a link")
	}
	now, err := w.ReadFile(s.Target)
	if err != nil {
		return err
	}
	if !s.Write.Secret && !bytes.Equal(now, s.Write.After) {
		return errors.New("somebody else has changed it since")
	}
	if !s.Write.Existed {
		return w.Remove(s.Target)
	}
	return w.Replace(s.Target, s.Write.Before, s.Write.Create)
}
