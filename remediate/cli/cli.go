// Package cli is the command line of harden: flags, exit statuses, and where output goes. What a
// command means lives in the packages below it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/gate"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/version"
)

// Exit statuses. They are a contract: a pipeline tells "not compliant" from "could not tell".
const (
	ExitCompliant    = 0 // or nothing to do
	ExitNotCompliant = 1 // or changes pending
	ExitUnknown      = 2 // bad usage, a bad profile, a rule in error
)

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// errNotCompliant ends a command that worked and whose answer is no.
var errNotCompliant = errors.New("not compliant")

// Main runs one command and returns its exit status. Ctrl-C and SIGTERM stop it at a safe point.
func Main(args []string, s Streams) int {
	stopping := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup: the caller wants the run to outlive its session
		stopping = append(stopping, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), stopping...)
	defer stop()
	// Progress goes to whoever called, and a session that ends must not end an apply halfway. A result
	// that can't be written is still an error.
	signal.Ignore(syscall.SIGPIPE)
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return ExitCompliant
	case errors.Is(err, errNotCompliant):
		return ExitNotCompliant
	}
	// A profile's diagnostics bring their own layout; nothing else in an error may reach the terminal
	// unescaped.
	fmt.Fprintf(s.Err, "harden: %s\n", printableLines(err.Error()))
	return ExitUnknown
}

func newRoot(s Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "harden",
		Short: "Harden a node image, and attest what it does",
		Long: `harden brings a host or a root file system into the state that a profile asks for,
and checks that state with the same code.

Exit status: 0 compliant or nothing to do; 1 not compliant, changes pending, or regressions;
2 could not tell: bad usage, a bad profile, or a rule in error.`,
		Version:       version.Version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.AddCommand(
		checkCommand(s), planCommand(s), applyCommand(s), undoCommand(s), profileCommand(s), explainCommand(s), reportCommand(s),
		diffCommand(s), baselineCommand(s),
		attestCommand(s), signCommand(s), verifyCommand(s),
		versionCommand(s),
	)
	return root
}

// policyFlags name a policy that decides in the place of plain compliance.
type policyFlags struct {
	file   string
	policy *gate.Policy
}

func (f *policyFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "policy", "", "file with the policy that decides the exit status (default: the machine must be compliant)")
}

// load reads the policy before any work is done.
func (f *policyFlags) load() (err error) {
	if f.file != "" {
		f.policy, err = gate.Load(f.file)
	}
	return err
}

// verdict is that of the policy, with every reason to refuse, or the report's own without one.
func (f *policyFlags) verdict(s Streams, r *report.Report) error {
	if f.policy == nil {
		return verdict(r)
	}
	refusals := f.policy.Judge(r, time.Now())
	for _, x := range refusals {
		fmt.Fprintf(s.Err, "refused: %s\n", x)
	}
	if len(refusals) > 0 {
		return errNotCompliant
	}
	fmt.Fprintf(s.Err, "accepted by the policy %s\n", report.Printable(f.file))
	return nil
}

// verdict turns a report's answer into the error that Main turns into an exit status.
func verdict(r *report.Report) error {
	switch {
	case r.Summary.Error > 0:
		return fmt.Errorf("could not tell: %d rules are in error", r.Summary.Error)
	case !r.Compliant:
		return errNotCompliant
	}
	return nil
}
