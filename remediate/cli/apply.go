package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/version"
)

func applyCommand(s Streams) *cobra.Command {
	a := apply{streams: s}
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Bring the profile's state about, look again, and report",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.run(cmd.Context()) },
	}
	a.target.register(cmd)
	a.accounts.register(cmd)
	a.reload.register(cmd)
	a.out.register(cmd)
	a.policy.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&a.keep, "keep-journal", true, "keep what stood there before, so that harden undo can take the run back; otherwise the journals of all runs are removed")
	a.registerLock(cmd)
	flags.StringVar(&a.deprovision, "deprovision-command", "", "shell command to run between apply and a final check; both reports then go to standard output as frames")
	flags.StringVar(&a.cleanup, "cleanup", "", "directory to remove before the deprovision command")
	return cmd
}

type apply struct {
	streams     Streams
	target      targetFlags
	out         outputFlags
	accounts    accountFlags
	reload      reloadFlags
	policy      policyFlags
	deprovision string
	cleanup     string
	keep        bool
	lockFlags
}

func (a *apply) run(ctx context.Context) error {
	if err := a.out.check(); err != nil {
		return err
	}
	if err := a.accounts.check(); err != nil {
		return err
	}
	if err := a.reload.check(); err != nil {
		return err
	}
	if err := a.policy.load(); err != nil {
		return err
	}
	if err := a.target.needRoot("change"); err != nil {
		return err
	}
	if a.deprovision == "" && a.cleanup != "" {
		return fmt.Errorf("cannot use --cleanup without --deprovision-command")
	}
	if a.deprovision != "" && a.target.nonce == "" {
		return fmt.Errorf("cannot use --deprovision-command without --nonce: it names the frames")
	}
	on, err := a.target.open()
	if err != nil {
		return err
	}
	defer on.close()
	if a.reload.reload && on.writer.Running() == nil {
		return fmt.Errorf("cannot use --reload-sshd: nothing runs here")
	}
	applied, err := a.apply(ctx, on)
	if applied == nil {
		return err
	}
	if a.deprovision == "" {
		if writeErr := a.out.write(a.streams, applied); writeErr != nil {
			return errors.Join(err, writeErr)
		}
		if err != nil {
			return err
		}
		return a.policy.verdict(a.streams, applied)
	}
	if err != nil {
		return errors.Join(err, a.frame("apply", applied))
	}
	return a.deprovisionAndAttest(ctx, on, applied)
}

// apply changes the machine. Once it has begun to, there is a report even of a run that did not come to its
// end, of how the machine was left.
func (a *apply) apply(ctx context.Context, on *target) (*report.Report, error) {
	accounts, err := a.accounts.find(on.writer)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	done, err := engine.Apply(ctx, on.profile, on.writer, engine.Options{
		Require: on.require, Now: started, Progress: progress(a.streams.Err),
		Accounts: accounts, OnLockout: engine.OnLockout(a.accounts.onLockout),
		Journal: journal.Options{Keep: a.keep, LockTimeout: a.timeout, Tool: version.Version(), Profile: on.profile.Name},
		Confirm: a.reload.proof(a.streams, on.writer),
	})
	showUndone(a.streams.Err, done.Undone)
	findings := done.After
	if err != nil {
		if len(done.Steps) == 0 && len(done.Pending) == 0 {
			return nil, err
		}
		err = fmt.Errorf("%w (%d changes were made, %d were not; the next apply, or harden undo, takes them back)", err, len(done.Steps), len(done.Pending))
		findings = lookAgain(ctx, on, started)
	}
	for _, f := range findings {
		if f.Refused != "" {
			fmt.Fprintf(a.streams.Err, "rule %s is left out, because it %s\n", f.Rule.ID, report.Printable(f.Refused))
		}
	}
	journals, listErr := journal.Runs(on.writer)
	name, toolErr := on.tool()
	if toolErr != nil {
		return nil, errors.Join(err, toolErr)
	}
	if err == nil {
		err = listErr
	}
	return report.New(report.Run{
		Action: report.Apply, Tool: name, Profile: on.profile, Host: on.writer, Require: on.require,
		Started: started, Finished: time.Now(), Nonce: a.target.nonce, RunID: a.target.runID,
		Findings: findings, Steps: done.Steps, Pending: done.Pending, Interrupted: err, Undone: done.Undone, Journals: journals,
	}), err
}

// lookAgain finds how a run that was cut short has left the machine. Looking is quick, and changes nothing.
func lookAgain(ctx context.Context, on *target, now time.Time) []engine.Finding {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	findings, err := engine.Check(ctx, on.profile, on.writer, engine.Options{Require: on.require, Now: now})
	if err != nil {
		return nil // the report then has no results, and is not compliant
	}
	return findings
}

// showUndone tells what of interrupted runs could not be taken back.
func showUndone(w io.Writer, results []journal.Result) {
	for _, r := range results {
		for _, l := range r.Left {
			fmt.Fprintf(w, "undo: %s is not as it was before run %d: %s\n", report.Printable(l.Target), r.Run.Number, report.Printable(l.Reason))
		}
	}
}

// deprovisionAndAttest is for images whose login user goes away: nobody could log in to attest
// afterwards, so this process does, and hands both reports over on standard output.
func (a *apply) deprovisionAndAttest(ctx context.Context, on *target, applied *report.Report) error {
	if err := a.frame("apply", applied); err != nil {
		return err
	}
	// An image that did not come out right is kept as it is, so that somebody can log in and look.
	if err := a.policy.verdict(a.streams, applied); err != nil {
		return err
	}
	if a.cleanup != "" {
		if err := os.RemoveAll(a.cleanup); err != nil {
			return fmt.Errorf("cannot clean up before deprovisioning: %w", err)
		}
	}
	// The command is the operator's own, from the template: a shell reads it as it was written.
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", a.deprovision)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = a.streams.Err, a.streams.Err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cannot deprovision: %w", err)
	}
	attested, err := a.target.check(ctx, a.streams, on, report.Attest)
	if err != nil {
		return err
	}
	if err := a.frame("attest", attested); err != nil {
		return err
	}
	return a.policy.verdict(a.streams, attested)
}

func (a *apply) frame(name string, r *report.Report) error {
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return report.WriteFrame(a.streams.Out, name, a.target.nonce, b.Bytes())
}
