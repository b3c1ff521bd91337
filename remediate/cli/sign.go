package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

func signCommand(s Streams) *cobra.Command {
	var keys keyFlags
	cmd := &cobra.Command{
		Use:   "sign --key KEY.pem STATEMENT.json",
		Short: "Add a signature to a statement that somebody else has signed",
		Long: `sign adds a signature to the envelope of a statement, for a release that two people have to
sign and no machine has both keys of. It says what is signed; whether that is so is for harden
verify to tell, before. A Sigstore bundle holds one signature, so none can be added to it.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return sign(cmd.Context(), s, keys, args[0]) },
	}
	keys.register(cmd)
	return cmd
}

func sign(ctx context.Context, s Streams, keys keyFlags, file string) error {
	signers, err := keys.load(s)
	if err != nil {
		return err
	}
	data, err := readStatement(file)
	if err != nil {
		return err
	}
	envelope, err := attest.ParseEnvelope(data)
	if err != nil {
		return err
	}
	if attest.IsBundle(data) {
		return errors.New("cannot sign: a Sigstore bundle holds exactly one signature; add yours to the envelope that it was made from")
	}
	for _, signer := range signers {
		statement, err := attest.Countersign(ctx, envelope, signer)
		if err != nil {
			return err
		}
		claim, err := statement.Claim()
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Err, "signed: %s about %s: %s\n", report.Printable(statement.PredicateType), report.Printable(statement.About()), report.Printable(claim.String()))
	}
	data, err = envelope.JSON()
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", file, err)
	}
	return writeFile(file, data)
}
