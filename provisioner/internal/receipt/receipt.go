// Package receipt is the note that a provisioner leaves for the post-processor of the same build: which
// report it accepted from the machine, and what it had asked for.
//
// The two run in different processes, and a report alone does not tell whether it is this build's: it
// may be of an earlier run, of an earlier provisioner, or of an attempt before one that failed. The
// receipt is replaced by "started" before the machine is touched, and says "attested" only after a
// report was accepted and everything else went well. Whatever goes wrong in between, also a plugin that
// is killed, leaves a receipt that vouches for nothing.
package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// Schema names the version of the form. Both sides are the same plugin.
const Schema = "https://github.com/nodeimage/packer-plugin-harden/schema/receipt/v1"

// FileName is the receipt's, in the folder of a build's reports. It is no report, and should not be listed as one.
const FileName = ".receipt"

const (
	maxSize = 1 << 20 // bytes of a receipt that is read

	started  = "started"
	attested = "attested"
	failed   = "failed"
)

// Receipt is about one run of a provisioner.
type Receipt struct {
	Schema  string    `json:"schema"`
	Build   string    `json:"build"`  // the builder's type and name
	RunID   string    `json:"run_id"` // the Packer run
	State   string    `json:"state"`
	Time    time.Time `json:"time"` // when the state was reached, by the build host's clock
	Inputs  []Input   `json:"inputs"`
	Binary  string    `json:"binary,omitempty"`  // sha256 of the binary that was uploaded
	Profile string    `json:"profile,omitempty"` // digest of the profile that was accepted
	Nonce   string    `json:"nonce,omitempty"`
	Report  string    `json:"report,omitempty"` // sha256 of the report's file
}

// Input is a file of the operator's that shaped the run.
type Input struct {
	Name   string `json:"name"` // "profile/x.hcl" or "waivers/x.hcl"
	SHA256 string `json:"sha256"`
}

// Start leaves a receipt that vouches for nothing yet.
func Start(dir, build, runID string) (*Receipt, error) {
	r := &Receipt{Schema: Schema, Build: build, RunID: runID, State: started, Inputs: []Input{}}
	return r, r.write(dir)
}

// Finish leaves the receipt of a run that ended, for the report in the given file if it attested.
func (r *Receipt) Finish(dir string, accepted *report.Report, file string) error {
	r.State = failed
	if accepted != nil {
		data, err := read(file, report.MaxSize)
		if err != nil {
			return errors.Join(fmt.Errorf("cannot vouch for the report: %w", err), r.write(dir))
		}
		r.State, r.Report = attested, digest(data)
		r.Nonce, r.Profile, r.Binary = accepted.Nonce, accepted.Profile.Digest, accepted.Tool.Digest
	}
	return r.write(dir)
}

func (r *Receipt) write(dir string) error {
	r.Time = time.Now().UTC()
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the receipt: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot write the receipt: %w", err)
	}
	f, err := os.CreateTemp(dir, FileName+".*")
	if err != nil {
		return fmt.Errorf("cannot write the receipt: %w", err)
	}
	defer os.Remove(f.Name()) // does nothing once it has its name
	_, err = f.Write(append(data, '\n'))
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, FileName))
	}
	if err != nil {
		return fmt.Errorf("cannot write the receipt: %w", err)
	}
	return nil
}

// Claim gives the report that belongs to this run of this build, with its receipt. Any error means
// that there is none, and its text may be published: it has nothing from the machine in it, nor a
// path of the build host.
func Claim(dir, build, runID string) (*Receipt, *report.Report, error) {
	data, err := read(filepath.Join(dir, FileName), maxSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, errors.New("no provisioner harden or harden-attest ran in this build, or with another report_dir")
	}
	if err != nil {
		return nil, nil, errors.New("the receipt of the attestation cannot be read")
	}
	var r Receipt
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&r) != nil || r.Schema != Schema {
		return nil, nil, errors.New("the receipt of the attestation is damaged")
	}
	switch {
	case runID == "":
		return nil, nil, errors.New("the id of this Packer run is not known, so no report can be told from an old one")
	case r.RunID != runID:
		return nil, nil, errors.New("no attestation belongs to this Packer run: the last one is of another run")
	case r.Build != build:
		return nil, nil, errors.New("the attestation is of another build of the template")
	case r.State == started:
		return &r, nil, errors.New("the last attestation of this build did not come to its end")
	case r.State != attested:
		return &r, nil, errors.New("the last provisioner harden or harden-attest of this build failed without a report that can be trusted")
	}
	accepted, err := r.report(filepath.Join(dir, string(report.Attest)+".json"))
	return &r, accepted, err
}

// report reads the file again and compares it with what the provisioner accepted.
func (r *Receipt) report(file string) (*report.Report, error) {
	data, err := read(file, report.MaxSize)
	if err != nil {
		return nil, errors.New("the attestation's report cannot be read")
	}
	if digest(data) != r.Report {
		return nil, errors.New("the attestation's report was changed after the provisioner had accepted it")
	}
	got, err := report.Parse(data)
	if err != nil {
		return nil, errors.New("the attestation's report is not valid")
	}
	for _, same := range []struct{ what, got, want string }{
		{"action", string(got.Action), string(report.Attest)},
		{"Packer run id", got.RunID, r.RunID},
		{"nonce", got.Nonce, r.Nonce},
		{"profile digest", got.Profile.Digest, r.Profile},
		{"binary's digest", got.Tool.Digest, r.Binary},
	} {
		if same.got != same.want || same.want == "" {
			return nil, fmt.Errorf("the %s of the attestation's report is not the one that was asked for", same.what)
		}
	}
	return got, nil
}

// read reads a regular file of at most limit bytes.
func read(file string, limit int64) ([]byte, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", file, limit)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", file, limit)
	}
	return data, err
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

var notIn = regexp.MustCompile(`[^0-9A-Za-z._-]+`)

// Folder names the folder of a build's reports. Several builds of one template run at once and share
// report_dir. A source's name is unique only within its type in HCL2, and in a legacy template the name
// is often the type.
func Folder(kind, name string) string {
	folder := name
	if kind != "" && kind != name && !strings.HasPrefix(name, kind+".") {
		folder = kind + "." + name
	}
	folder = strings.Trim(notIn.ReplaceAllString(folder, "_"), ".")
	if folder == "" {
		return "build"
	}
	return folder
}
