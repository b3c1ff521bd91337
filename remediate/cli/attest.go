package cli

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// keyFlags say what signs.
type keyFlags struct {
	files       []string
	envs        []string
	passwordEnv string
	command     []string
	public      string
}

func (f *keyFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.files, "key", nil, "file with a private key in PEM, ECDSA P-256 or Ed25519; repeats")
	flags.StringArrayVar(&f.envs, "key-env", nil, "environment variable with such a key; repeats")
	flags.StringVar(&f.passwordEnv, "key-password-env", "", "environment variable with the password of an encrypted key")
	flags.StringArrayVar(&f.command, "sign-command", nil, "program that signs instead: bytes in, signature out; repeats for its arguments")
	flags.StringVar(&f.public, "public-key", "", "file with the public key that belongs to --sign-command")
}

// load gives the signers, the first of which signs the bundle.
func (f *keyFlags) load(s Streams) ([]attest.Signer, error) {
	var sources []attest.KeySource
	for _, file := range f.files {
		sources = append(sources, attest.KeySource{File: file, PasswordEnv: f.passwordEnv})
	}
	for _, env := range f.envs {
		sources = append(sources, attest.KeySource{Env: env, PasswordEnv: f.passwordEnv})
	}
	if len(f.command) > 0 || f.public != "" {
		sources = append(sources, attest.KeySource{Command: f.command, PublicFile: f.public, Stderr: s.Err})
	}
	if len(sources) == 0 {
		return nil, errors.New("cannot sign: there is nothing to sign with (--key, --key-env or --sign-command)")
	}
	var signers []attest.Signer
	for _, source := range sources {
		signer, err := source.Load()
		if err != nil {
			return nil, err
		}
		signers = append(signers, signer)
	}
	return signers, nil
}

// attestFlags are those of "attest".
type attestFlags struct {
	targetFlags
	keyFlags
	subjects    []string
	from        string
	output      string
	verifier    string
	resourceURI string
	policy      string
	baseline    string
}

func attestCommand(s Streams) *cobra.Command {
	var f attestFlags
	cmd := &cobra.Command{
		Use:   "attest --subject FILE --key KEY.pem --output STATEMENT.json",
		Short: "Check, and make signed statements about an artifact",
		Long: `attest looks at every rule as check does, and makes signed in-toto statements about the
artifact. With --report it makes them from a stored report instead.

STATEMENT.json holds the whole report. Beside it are STATEMENT.test-result.json, on a pass
STATEMENT.svr.json, and with --resource-uri STATEMENT.vsa.json; each also as a Sigstore
bundle, *.sigstore.json. A machine that is not compliant is attested as that.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, s) },
	}
	f.targetFlags.register(cmd)
	f.keyFlags.register(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.subjects, "subject", nil, "file that the statement is about; repeats")
	flags.StringVar(&f.from, "report", "", "use this stored report instead of looking (with --nonce and --run-id, it must repeat them)")
	flags.StringVar(&f.output, "output", "", "file for the statement, ending in .json")
	flags.StringVar(&f.policy, "policy", "", "file with the policy that decides whether the artifact passes (default: it must be compliant)")
	flags.StringVar(&f.baseline, "baseline", "", "file with the baseline that the artifact must not fall behind")
	flags.StringVar(&f.verifier, "verifier-id", "", "URI of who verified, in an SVR and a VSA (default: harden's own)")
	flags.StringVar(&f.resourceURI, "resource-uri", "", "URI of the artifact; asks for a SLSA verification summary too")
	return cmd
}

func (f *attestFlags) run(cmd *cobra.Command, s Streams) error {
	switch {
	case len(f.subjects) == 0:
		return errors.New("cannot attest: there is no --subject for the statement to be about")
	case !strings.HasSuffix(f.output, ".json") || filepath.Base(f.output) == ".json":
		return errors.New("cannot attest: --output must name a file that ends in .json")
	}
	for _, uri := range []string{f.verifier, f.resourceURI} {
		if u, err := url.Parse(uri); uri != "" && (err != nil || !u.IsAbs()) {
			return fmt.Errorf("cannot attest: %q is not a URI", uri)
		}
	}
	// Before the work: what can't be signed in the end need not be looked at.
	signers, err := f.keyFlags.load(s)
	if err != nil {
		return err
	}
	judge, err := attest.LoadJudge(f.policy, f.baseline)
	if err != nil {
		return err
	}
	inputs, err := f.inputs()
	if err != nil {
		return err
	}
	base := strings.TrimSuffix(f.output, ".json")
	for _, t := range attest.Types() {
		if err := attest.Remove(statementFile(base, t.Name)); err != nil {
			return err
		}
	}
	subjects, err := attest.FileSubjects(f.subjects)
	if err != nil {
		return err
	}
	r, err := f.evidence(cmd, s)
	if err != nil {
		return err
	}
	now := time.Now()
	refusals := judge.Refusals(r, now)
	list, err := attest.Statements(attest.Evidence{
		Subjects: subjects, Report: r, RunID: r.RunID, Time: now, Verifier: f.verifier, ResourceURI: f.resourceURI,
		Inputs: append(inputs, judge.Inputs...), Refused: len(refusals) > 0,
	})
	if err != nil {
		return err
	}
	for _, named := range list {
		envelope, err := attest.Sign(cmd.Context(), named.Statement, signers...)
		if err != nil {
			return err
		}
		if err := attest.Write(statementFile(base, named.Name), envelope, signers[0].Public()); err != nil {
			return err
		}
	}
	for _, x := range subjects {
		fmt.Fprintf(s.Err, "attest: %s, sha256 %s: %s\n", report.Printable(x.Name), x.Digest["sha256"], r.Summary)
	}
	for _, reason := range refusals {
		fmt.Fprintf(s.Err, "attest: refused: %s\n", report.Printable(reason))
	}
	switch {
	case !judge.HasPolicy() && r.Summary.Error > 0:
		return verdict(r)
	case len(refusals) > 0:
		return errNotCompliant
	}
	return nil
}

// inputs are the operator's own files that shape what is asked, each with its digest.
func (f *attestFlags) inputs() ([]attest.Resource, error) {
	var list []attest.Resource
	add := func(kind, file string) error {
		digest, err := attest.FileDigest(file)
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", kind, err)
		}
		list = append(list, attest.Input(kind+"/"+filepath.Base(file), digest))
		return nil
	}
	for _, p := range f.profiles {
		if strings.ContainsAny(p, `/\`) || strings.HasSuffix(p, ".hcl") { // as remediate/profile tells files from names
			if err := add("profile", p); err != nil {
				return nil, err
			}
		}
	}
	for _, file := range f.waivers {
		if err := add("waivers", file); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// statementFile is where a statement of that type goes: the report, from which all else follows, has
// the plain name.
func statementFile(base, name string) string {
	if name == "report" {
		return base + ".json"
	}
	return base + "." + name + ".json"
}

// evidence is the stored report, or that of a check done now.
func (f *attestFlags) evidence(cmd *cobra.Command, s Streams) (*report.Report, error) {
	if f.from != "" {
		r, err := readReport(f.from)
		if err != nil {
			return nil, err
		}
		for _, same := range []struct{ what, got, want string }{{"nonce", r.Nonce, f.nonce}, {"run id", r.RunID, f.runID}} {
			if same.want != "" && same.got != same.want {
				return nil, fmt.Errorf("cannot attest: the report's %s is %q and should be %q", same.what, same.got, same.want)
			}
		}
		if r.Action == report.Apply {
			return nil, errors.New("cannot attest: the report is of an apply; only one that looked and changed nothing is evidence")
		}
		return r, nil
	}
	if err := f.needRoot("attest"); err != nil {
		return nil, err
	}
	on, err := f.open()
	if err != nil {
		return nil, err
	}
	defer on.close()
	return f.check(cmd.Context(), s, on, report.Attest)
}
