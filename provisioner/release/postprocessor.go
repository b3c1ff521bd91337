package release

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/packer/registry/image"
	"github.com/hashicorp/packer-plugin-sdk/packerbuilderdata"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/receipt"
	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// PostProcessor is "harden-attestation".
type PostProcessor struct{ config Config }

var _ packersdk.PostProcessor = (*PostProcessor)(nil)

// ConfigSpec is the HCL2 form of the configuration.
func (p *PostProcessor) ConfigSpec() hcldec.ObjectSpec {
	return p.config.FlatMapstructure().HCL2Spec()
}

// Configure reads and checks the configuration: a key that can't be used should not be found out after
// an hour of building. HCL2 may configure twice, so nothing here has a side effect but masking.
func (p *PostProcessor) Configure(raws ...any) error {
	if err := config.Decode(&p.config, &config.DecodeOpts{
		PluginType:         "packer.post-processor.harden-attestation",
		Interpolate:        true,
		InterpolateContext: &p.config.ctx,
	}, raws...); err != nil {
		return err
	}
	c := &p.config
	if len(c.SignCommand) == 1 && c.SignCommand[0] == "" { // a legacy template has no other way to leave a list out
		c.SignCommand = nil
	}
	if c.ReportDir == "" {
		c.ReportDir = "harden-reports"
	}
	if c.OutputDir == "" {
		c.OutputDir = filepath.Join(c.ReportDir, p.folder(), "statements")
	}

	var errs *packersdk.MultiError
	var signers []attest.Signer
	for i, s := range p.signers() {
		if unknown(append([]string{s.PrivateKeyFile, s.PrivateKeyEnv, s.PrivateKeyPasswordEnv, s.PublicKeyFile}, s.SignCommand...)...) {
			continue
		}
		signer, err := s.load()
		if err == nil {
			signers = append(signers, signer)
			err = attest.CheckSigners(signers)
		}
		if err != nil {
			if i > 0 {
				err = fmt.Errorf("also_sign: %w", err)
			}
			errs = packersdk.MultiErrorAppend(errs, err)
		}
	}
	if !unknown(c.Policy, c.Baseline) {
		if _, err := attest.LoadJudge(c.Policy, c.Baseline); err != nil {
			errs = packersdk.MultiErrorAppend(errs, err)
		}
	}
	for _, o := range []struct{ option, value string }{{"verifier_id", c.VerifierID}, {"resource_uri", c.ResourceURI}} {
		if o.value == "" || unknown(o.value) {
			continue
		}
		if u, err := url.Parse(o.value); err != nil || !u.IsAbs() {
			errs = packersdk.MultiErrorAppend(errs, fmt.Errorf("%s: %q is not a URI", o.option, o.value))
		}
	}
	if errs != nil && len(errs.Errors) > 0 {
		return errs
	}
	return nil
}

// unknown reports whether one of the values will only be known later. Until then templates have words
// in its place.
func unknown(values ...string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return strings.Contains(v, "<no value>") || strings.Contains(v, "<unknown>") || strings.Contains(v, packerbuilderdata.PlaceholderMsg)
	})
}

// signers are all who sign, the one of the bundle first.
func (p *PostProcessor) signers() []Signer {
	return append([]Signer{p.config.Signer}, p.config.AlsoSign...)
}

func (s Signer) load() (attest.Signer, error) {
	return attest.KeySource{
		File: s.PrivateKeyFile, Env: s.PrivateKeyEnv, PasswordEnv: s.PrivateKeyPasswordEnv,
		Command: s.SignCommand, PublicFile: s.PublicKeyFile,
		Mask: func(secret string) { packersdk.LogSecretFilter.Set(secret) },
	}.Load()
}

// folder names this build as the provisioners do.
func (p *PostProcessor) folder() string {
	return receipt.Folder(p.config.PackerBuilderType, p.config.PackerBuildName)
}

// PostProcess makes the statements and passes the artifact on. The artifact is kept, whatever the
// template says, because the statements are about it.
func (p *PostProcessor) PostProcess(ctx context.Context, ui packersdk.Ui, artifact packersdk.Artifact) (packersdk.Artifact, bool, bool, error) {
	if err := p.attest(ctx, ui, artifact); err != nil {
		return nil, true, true, err
	}
	return artifact, true, true, nil
}

func (p *PostProcessor) attest(ctx context.Context, ui packersdk.Ui, artifact packersdk.Artifact) error {
	if err := p.removeOld(); err != nil {
		return err
	}
	var signers []attest.Signer
	for _, s := range p.signers() {
		signer, err := s.load()
		if err != nil {
			return err
		}
		signers = append(signers, signer)
	}
	judge, err := attest.LoadJudge(p.config.Policy, p.config.Baseline)
	if err != nil {
		return err
	}
	e := attest.Evidence{
		RunID: os.Getenv("PACKER_RUN_UUID"), Time: time.Now(), Verifier: p.config.VerifierID, ResourceURI: p.config.ResourceURI,
	}
	if e.Subjects, err = subjects(artifact); err != nil {
		return err
	}
	note, accepted, missing := receipt.Claim(filepath.Join(p.config.ReportDir, p.folder()), p.folder(), e.RunID)
	e.Report, e.Inputs = accepted, judge.Inputs
	if note != nil {
		for _, in := range note.Inputs {
			e.Inputs = append(e.Inputs, attest.Input(in.Name, in.SHA256))
		}
	}
	var refusals []string
	if missing != nil {
		e.Missing = missing.Error()
		refusals = []string{e.Missing}
	} else {
		refusals = judge.Refusals(accepted, e.Time)
	}
	e.Refused = len(refusals) > 0

	files, err := p.write(ctx, e, signers)
	if err != nil {
		return err
	}
	ui.Say("Statements: " + strings.Join(files, ", "))
	for _, s := range e.Subjects {
		ui.Say(fmt.Sprintf("They are about %s, sha256 %s", report.Printable(s.Name), s.Digest["sha256"]))
	}
	if len(refusals) == 0 {
		ui.Say(fmt.Sprintf("The attestation says %s: %s", word(accepted.Compliant), accepted.Summary))
		return nil
	}
	for _, reason := range refusals {
		ui.Error("Refused: " + report.Printable(reason))
	}
	return fmt.Errorf("the artifact is not fit for release, and its statement says so: %s", report.Printable(refusals[0]))
}

func word(compliant bool) string {
	if compliant {
		return "compliant"
	}
	return "not compliant, which the policy allows"
}

// subjects names the artifact as Packer's own provenance does.
func subjects(artifact packersdk.Artifact) ([]attest.Subject, error) {
	if artifact == nil {
		return nil, errors.New("cannot name the subject: there is no artifact")
	}
	if files := artifact.Files(); len(files) > 0 {
		return attest.FileSubjects(files)
	}
	s, err := attest.IdentitySubject(artifact.BuilderId(), artifact.Id(), artifact.State(image.ArtifactStateURI))
	return []attest.Subject{s}, err
}

func (p *PostProcessor) file(name string) string {
	return filepath.Join(p.config.OutputDir, p.folder()+"."+name+".json")
}

// removeOld takes away the statements of an earlier run: one that passed must not lie where this run
// may leave none.
func (p *PostProcessor) removeOld() error {
	for _, t := range attest.Types() {
		if err := attest.Remove(p.file(t.Name)); err != nil {
			return err
		}
	}
	return nil
}

// write signs everything before it writes anything, and returns the files.
func (p *PostProcessor) write(ctx context.Context, e attest.Evidence, signers []attest.Signer) ([]string, error) {
	list, err := attest.Statements(e)
	if err != nil {
		return nil, err
	}
	envelopes := make([]*attest.Envelope, 0, len(list))
	for _, s := range list {
		envelope, err := attest.Sign(ctx, s.Statement, signers...)
		if err != nil {
			return nil, err
		}
		envelopes = append(envelopes, envelope)
	}
	if err := os.MkdirAll(p.config.OutputDir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot write the statements: %w", err)
	}
	var files []string
	for i, s := range list {
		name := p.file(s.Name)
		if err := attest.Write(name, envelopes[i], signers[0].Public()); err != nil {
			return nil, err
		}
		files = append(files, name, attest.BundleName(name))
	}
	return files, nil
}
