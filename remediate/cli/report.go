package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

func reportCommand(s Streams) *cobra.Command {
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Turn a stored report into another format",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := out.check(); err != nil {
				return err
			}
			r, err := readReport(args[0])
			if err != nil {
				return err
			}
			c, err := out.compared(r)
			if err != nil {
				return err
			}
			return out.writeCompared(s, r, c)
		},
	}
	out.register(cmd)
	out.registerBaseline(cmd, "also show what changed since this baseline or report")
	return cmd
}

func readReport(path string) (*report.Report, error) {
	data, err := readLimited(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read report: %w", err)
	}
	return report.Parse(data)
}

// readBaseline reads a baseline, or a report as one.
func readBaseline(path string) (compare.Baseline, error) {
	data, err := readLimited(path)
	if err != nil {
		return compare.Baseline{}, fmt.Errorf("cannot read baseline: %w", err)
	}
	b, err := compare.Parse(data)
	if err != nil {
		return b, fmt.Errorf("%w (%s)", err, path)
	}
	return b, nil
}

func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, report.MaxSize+1))
}
