package cli

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// verifyFlags are those of "verify".
type verifyFlags struct {
	keys          []string
	threshold     int
	subjects      []string
	digests       []string
	builderID     string
	artifactID    string
	predicate     string
	profileDigest string
	policy        string
	baseline      string
}

func verifyCommand(s Streams) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify --key PUB.pem --subject FILE STATEMENT",
		Short: "Verify a signed statement about an artifact",
		Long: `verify checks the signature of a statement (an envelope or a Sigstore bundle), that it is
about the given artifact, its type, the profile, and the outcomes: by a policy if one is given,
and otherwise nothing may deviate without a waiver. It says every reason for which it refuses.

Exit status: 0 accepted; 1 refused; 2 could not tell: bad usage, a file that can't be read.`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return f.run(s, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keys, "key", nil, "file with a public key in PEM; repeats")
	flags.IntVar(&f.threshold, "threshold", 1, "how many of the keys must have signed")
	flags.StringArrayVar(&f.subjects, "subject", nil, "file that the statement must be about; repeats")
	flags.StringArrayVar(&f.digests, "subject-digest", nil, "sha256:HEX that the statement must be about; repeats")
	flags.StringVar(&f.builderID, "builder-id", "", "with --artifact-id: an artifact without files, by Packer's builder id")
	flags.StringVar(&f.artifactID, "artifact-id", "", "with --builder-id: the artifact's id")
	flags.StringVar(&f.predicate, "type", "", "predicate type that is required: report, test-result, svr, vsa (default: any of them)")
	flags.StringVar(&f.profileDigest, "profile-digest", "", "sha256 of the profile that is required, as `harden profile show` prints it")
	flags.StringVar(&f.policy, "policy", "", "file with the policy that the report must satisfy")
	flags.StringVar(&f.baseline, "baseline", "", "file with the baseline that the report must not fall behind")
	return cmd
}

func (f *verifyFlags) run(s Streams, file string) error {
	want, keys, err := f.expectation()
	if err != nil {
		return err
	}
	judge, err := attest.LoadJudge(f.policy, f.baseline)
	if err != nil {
		return err
	}
	// Given a report, the judge says whether its outcomes are good enough.
	want.AnyOutcome = true
	data, err := readStatement(file)
	if err != nil {
		return err
	}

	refusals, claim := f.check(data, keys, want)
	switch {
	case claim == nil:
	case claim.Report != nil:
		refusals = append(refusals, judge.Refusals(claim.Report, time.Now())...)
	case judge.Asks():
		refusals = append(refusals, "it does not hold the report, which a policy or a baseline needs (use the statement of type report)")
	}
	if len(refusals) == 0 {
		said := "it says PASSED"
		if claim.Report != nil {
			said = claim.Report.Profile.Name + ": " + claim.Report.Summary.String()
		}
		fmt.Fprintf(s.Out, "accepted: %s\n", report.Printable(said))
		return nil
	}
	for _, reason := range refusals {
		fmt.Fprintf(s.Out, "refused: %s\n", report.Printable(reason))
	}
	return errNotCompliant
}

// check gives the reasons that need no policy. What is not signed is not looked into.
func (f *verifyFlags) check(data []byte, keys []attest.PublicKey, want attest.Expect) ([]string, *attest.Claim) {
	envelope, err := attest.ParseEnvelope(data)
	if err != nil {
		return []string{err.Error()}, nil
	}
	statement, err := attest.Open(envelope, keys, f.threshold)
	if err != nil {
		return []string{err.Error()}, nil
	}
	return statement.Check(want)
}

// expectation is what the statement has to be about, and who has to have signed it.
func (f *verifyFlags) expectation() (attest.Expect, []attest.PublicKey, error) {
	var want attest.Expect
	if len(f.keys) == 0 {
		return want, nil, errors.New("cannot verify: there is no --key")
	}
	if f.threshold < 1 || f.threshold > len(f.keys) {
		return want, nil, fmt.Errorf("cannot verify: --threshold %d with %d keys", f.threshold, len(f.keys))
	}
	var keys []attest.PublicKey
	for _, file := range f.keys {
		key, err := attest.ReadPublicKey(file)
		if err != nil {
			return want, nil, err
		}
		keys = append(keys, key)
	}

	for _, t := range attest.Types() {
		if f.predicate == t.Name || f.predicate == t.URI {
			want.Type = t.URI
		}
	}
	if f.predicate != "" && want.Type == "" {
		return want, nil, fmt.Errorf("cannot verify --type %q: it is report, test-result, svr or vsa", f.predicate)
	}
	if f.profileDigest != "" {
		digest, err := sha256Of(f.profileDigest)
		if err != nil {
			return want, nil, fmt.Errorf("cannot read --profile-digest: %w", err)
		}
		want.ProfileDigest = digest
	}
	return want, keys, f.about(&want)
}

func (f *verifyFlags) about(want *attest.Expect) error {
	for _, file := range f.subjects {
		digest, err := attest.FileDigest(file)
		if err != nil {
			return fmt.Errorf("cannot read the subject: %w", err)
		}
		want.Subjects = append(want.Subjects, digest)
	}
	for _, text := range f.digests {
		digest, err := sha256Of(text)
		if err != nil {
			return fmt.Errorf("cannot read --subject-digest: %w", err)
		}
		want.Subjects = append(want.Subjects, digest)
	}
	if (f.builderID == "") != (f.artifactID == "") {
		return errors.New("cannot verify: --builder-id and --artifact-id belong together")
	}
	if f.builderID != "" {
		x, err := attest.IdentitySubject(f.builderID, f.artifactID, nil)
		if err != nil {
			return err
		}
		want.Subjects = append(want.Subjects, x.Digest["sha256"])
	}
	if len(want.Subjects) == 0 {
		return errors.New("cannot verify: say what the statement must be about (--subject, --subject-digest, or --builder-id and --artifact-id)")
	}
	return nil
}

// sha256Of reads a digest with or without the word sha256 before it.
func sha256Of(text string) (string, error) {
	digest := strings.ToLower(strings.TrimPrefix(text, "sha256:"))
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("%q is not a sha256: 64 hexadecimal digits", text)
	}
	return digest, nil
}

func readStatement(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read statement: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, attest.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read statement: %w", err)
	}
	return data, nil
}
