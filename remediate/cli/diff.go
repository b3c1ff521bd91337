package cli

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/annotate"
	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
)

func diffCommand(s Streams) *cobra.Command {
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what became worse, better or different between two reports or baselines",
		Long: `diff compares two reports, or a baseline and a report: OLD and NEW, or NEW with --baseline.
What became worse is listed apart; a control that vanished is a regression.

Exit status: 0 no regressions, 1 regressions, 2 could not tell.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.checkPlain("a comparison"); err != nil {
				return err
			}
			if (out.baseline == "") != (len(args) == 2) {
				return fmt.Errorf("cannot compare: name two files, or one file and --baseline")
			}
			before := out.baseline
			if before == "" {
				before = args[0]
			}
			old, err := readBaseline(before)
			if err != nil {
				return err
			}
			now, err := readBaseline(args[len(args)-1])
			if err != nil {
				return err
			}
			return out.writeComparison(s, compare.Between(old, now))
		},
	}
	out.registerFormats(cmd, plainFormats())
	out.registerAnnotate(cmd)
	out.registerBaseline(cmd, "the baseline or report to compare with, instead of OLD")
	return cmd
}

func (f *outputFlags) writeComparison(s Streams, c compare.Comparison) error {
	var b bytes.Buffer
	write := c.Text
	switch f.format {
	case "json":
		write = c.JSON
	case "markdown":
		write = c.Markdown
	}
	if err := write(&b); err != nil {
		return fmt.Errorf("cannot write the comparison: %w", err)
	}
	if err := f.deliver(s, b.Bytes()); err != nil {
		return err
	}
	if err := f.annotations(s, annotate.Comparison(c)); err != nil {
		return err
	}
	if len(c.Regressions) > 0 {
		return errNotCompliant
	}
	return nil
}

func baselineCommand(s Streams) *cobra.Command {
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "baseline REPORT",
		Short: "Reduce a report to a baseline that people review, a line for each rule",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := readReport(args[0])
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := compare.Of(r).Write(&b); err != nil {
				return fmt.Errorf("cannot write the baseline: %w", err)
			}
			return out.deliver(s, b.Bytes())
		},
	}
	cmd.Flags().StringVar(&out.output, "output", "", "write the baseline to this file instead of standard output")
	return cmd
}
