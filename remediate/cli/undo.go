package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// lockFlags say for how long another run is waited for.
type lockFlags struct{ timeout time.Duration }

func (f *lockFlags) registerLock(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&f.timeout, "lock-timeout", 0, "how long to wait for another harden that is changing the machine (default: refuse at once)")
}

func undoCommand(s Streams) *cobra.Command {
	u := undo{streams: s}
	cmd := &cobra.Command{
		Use:   "undo",
		Short: "Take back what an apply changed",
		Long: `undo restores files, owners, modes, attributes, links, units and running values as they were before
the last apply, or the one that is named; an apply that was interrupted comes first. It may be interrupted
and run again.

Exit status: 0 everything is as it was; 1 something is not, and the output says what; 2 could not tell.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return u.run(cmd.Context()) },
	}
	u.registerLock(cmd)
	flags := cmd.Flags()
	flags.StringVar(&u.root, "root", "", "the root file system in this directory instead of the running machine")
	flags.IntVar(&u.number, "run", 0, "number of the run, as --list shows it (default: the last one)")
	flags.BoolVar(&u.list, "list", false, "list the runs that can be taken back, and change nothing")
	flags.BoolVar(&u.force, "force", false, "also restore what somebody else has changed since")
	flags.StringVar(&u.format, "format", "text", "text or json")
	return cmd
}

type undo struct {
	streams Streams
	root    string
	number  int
	list    bool
	force   bool
	format  string
	lockFlags
}

func (u *undo) run(ctx context.Context) error {
	if u.format != "text" && u.format != "json" {
		return fmt.Errorf("cannot write the result as %q: it is text or json", u.format)
	}
	if u.list && (u.number != 0 || u.force) {
		return errors.New("cannot use --list with --run or --force: it changes nothing")
	}
	target := targetFlags{root: u.root}
	if err := target.needRoot("change"); err != nil {
		return err
	}
	w, closeHost, err := target.openHost()
	if err != nil {
		return err
	}
	defer closeHost()
	if u.list {
		runs, err := journal.Runs(w)
		if err != nil {
			return err
		}
		return u.write(append([]journal.Run{}, runs...), func(w io.Writer) { listRuns(w, runs) })
	}
	result, err := journal.Undo(ctx, w, journal.UndoOptions{
		Options: journal.Options{LockTimeout: u.timeout}, Run: u.number, Force: u.force,
	})
	if errors.Is(err, journal.ErrNoRun) && u.number == 0 {
		fmt.Fprintf(u.streams.Err, "harden: nothing to undo: %v\n", err)
		return nil
	}
	if err != nil && result.Run.Number == 0 {
		return err
	}
	if writeErr := u.write(result, func(w io.Writer) { showUndo(w, result) }); writeErr != nil || err != nil {
		return errors.Join(err, writeErr)
	}
	if len(result.Left) > 0 {
		return errNotCompliant
	}
	return nil
}

func (u *undo) write(v any, text func(io.Writer)) error {
	var b bytes.Buffer
	if u.format == "json" {
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		b.Write(append(data, '\n'))
	} else {
		text(&b)
	}
	if _, err := u.streams.Out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("cannot write the result: %w", err)
	}
	return nil
}

func listRuns(w io.Writer, runs []journal.Run) {
	if len(runs) == 0 {
		fmt.Fprintln(w, "no apply is recorded here")
	}
	for _, r := range runs {
		fmt.Fprintf(w, "run %d  %s  %s  %d changes  %s\n", r.Number, r.Started.Format("2006-01-02 15:04:05Z"), r.State, r.Changes, report.Printable(r.Profile))
	}
}

func showUndo(w io.Writer, r journal.Result) {
	for _, target := range r.Restored {
		fmt.Fprintf(w, "restored %s\n", report.Printable(target))
	}
	again := false
	for _, l := range r.Left {
		fmt.Fprintf(w, "left     %s: %s\n", report.Printable(l.Target), report.Printable(l.Reason))
		again = again || l.Again
	}
	fmt.Fprintf(w, "run %d: %d restored, %d left\n", r.Run.Number, len(r.Restored), len(r.Left))
	if again {
		fmt.Fprintf(w, "its journal is kept: try again, or restore what others have changed with --run %d --force\n", r.Run.Number)
	}
}
