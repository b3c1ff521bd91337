package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func versionCommand(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version, and the sha256 by which reports name this program",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t, err := tool()
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "%s %s %s/%s sha256:%s\n", t.Name, t.Version, runtime.GOOS, runtime.GOARCH, t.Digest)
			return nil
		},
	}
}
