package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
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
	a.out.register(cmd)
	a.policy.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&a.account, "account", os.Getenv("SUDO_USER"), "account that must still be able to log in (default: who called sudo)")
	flags.StringVar(&a.accountAddr, "account-addr", "", "address that the account logs in from")
	flags.StringVar(&a.deprovision, "deprovision-command", "", "shell command to run between apply and a final check; both reports then go to standard output as frames")
	flags.StringVar(&a.cleanup, "cleanup", "", "directory to remove before the deprovision command")
	return cmd
}

type apply struct {
	streams     Streams
	target      targetFlags
	out         outputFlags
	policy      policyFlags
	account     string
	accountAddr string
	deprovision string
	cleanup     string
}

func (a *apply) run(ctx context.Context) error {
	if err := a.out.check(); err != nil {
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
	applied, err := a.apply(ctx, on)
	if err != nil {
		return err
	}
	if a.deprovision == "" {
		if err := a.out.write(a.streams, applied); err != nil {
			return err
		}
		return a.policy.verdict(a.streams, applied)
	}
	return a.deprovisionAndAttest(ctx, on, applied)
}

func (a *apply) apply(ctx context.Context, on *target) (*report.Report, error) {
	name, err := on.tool()
	if err != nil {
		return nil, err
	}
	account, err := findAccount(on.writer, a.account, a.accountAddr)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	done, err := engine.Apply(ctx, on.profile, on.writer, engine.Options{
		Require: on.require, Now: started, Account: account, Progress: progress(a.streams.Err),
	})
	if err != nil {
		if len(done.Steps) > 0 {
			return nil, fmt.Errorf("%w (%d changes had been made)", err, len(done.Steps))
		}
		return nil, err
	}
	return report.New(report.Run{
		Action: report.Apply, Tool: name, Profile: on.profile, Host: on.writer, Require: on.require,
		Started: started, Finished: time.Now(), Nonce: a.target.nonce, RunID: a.target.runID,
		Findings: done.After, Steps: done.Steps,
	}), nil
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
