package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

func checkCommand(s Streams) *cobra.Command {
	var t targetFlags
	var out outputFlags
	var policy policyFlags
	var attest bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look at every rule of a profile, and change nothing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := out.check(); err != nil {
				return err
			}
			if err := policy.load(); err != nil {
				return err
			}
			if out.baseline != "" {
				if _, err := readBaseline(out.baseline); err != nil {
					return err
				}
			}
			if err := t.needRoot("check"); err != nil {
				return err
			}
			on, err := t.open()
			if err != nil {
				return err
			}
			defer on.close()
			action := report.Check
			if attest {
				action = report.Attest
			}
			r, err := t.check(cmd.Context(), s, on, action)
			if err != nil {
				return err
			}
			c, err := out.compared(r)
			if err != nil {
				return err
			}
			if err := out.writeCompared(s, r, c); err != nil {
				return err
			}
			if err := policy.verdict(s, r); err != nil {
				return err
			}
			if c != nil && len(c.Regressions) > 0 {
				return errNotCompliant
			}
			return nil
		},
	}
	t.register(cmd)
	out.register(cmd)
	policy.register(cmd)
	out.registerBaseline(cmd, "baseline or report to compare with: a regression is not compliant")
	cmd.Flags().BoolVar(&attest, "attest", false, "mark the report as evidence about an image")
	return cmd
}

// check makes the report of a read-only run.
func (f *targetFlags) check(ctx context.Context, s Streams, on *target, action report.Action) (*report.Report, error) {
	started := time.Now()
	findings, err := engine.Check(ctx, on.profile, on.writer, engine.Options{
		Require: on.require, Now: started, Progress: progress(s.Err),
	})
	if err != nil {
		return nil, err
	}
	var journals []journal.Run
	if action == report.Attest {
		if journals, err = journal.Runs(on.writer); err != nil {
			return nil, fmt.Errorf("cannot tell whether old contents are kept on the machine: %w", err)
		}
	}
	name, err := on.tool()
	if err != nil {
		return nil, err
	}
	return report.New(report.Run{
		Action: action, Tool: name, Profile: on.profile, Host: on.writer, Require: on.require,
		Started: started, Finished: time.Now(), Nonce: f.nonce, RunID: f.runID, Findings: findings, Journals: journals,
	}), nil
}
