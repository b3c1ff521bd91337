package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/gate"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Judge decides whether a report is good enough: by a policy or, without one, by its being compliant;
// and by a baseline that it must not fall behind. The zero Judge asks for compliance alone.
type Judge struct {
	policy   *gate.Policy
	baseline *compare.Baseline
	// Inputs are the policy and the baseline, with the digests of what was read.
	Inputs []Resource
}

// LoadJudge reads the files of a policy and a baseline, either of which may be empty.
func LoadJudge(policy, baseline string) (*Judge, error) {
	j := &Judge{}
	if policy != "" {
		data, err := j.read("policy", policy)
		if err == nil {
			j.policy, err = gate.Parse(policy, data)
		}
		if err != nil {
			return nil, err
		}
	}
	if baseline != "" {
		data, err := j.read("baseline", baseline)
		if err != nil {
			return nil, err
		}
		b, err := compare.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("%w (%s)", err, baseline)
		}
		j.baseline = &b
	}
	return j, nil
}

// read reads a file once, so that the digest is that of what decides.
func (j *Judge) read(kind, file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", kind, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, report.MaxSize+1))
	if err == nil && len(data) > report.MaxSize {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", kind, err)
	}
	sum := sha256.Sum256(data)
	j.Inputs = append(j.Inputs, Input(kind+"/"+filepath.Base(file), hex.EncodeToString(sum[:])))
	return data, nil
}

// Asks reports whether there is a policy or a baseline, which need the report itself.
func (j *Judge) Asks() bool { return j.policy != nil || j.baseline != nil }

// HasPolicy reports whether a policy decides about outcomes, instead of plain compliance.
func (j *Judge) HasPolicy() bool { return j.policy != nil }

// Refusals lists every reason for which the report is not good enough.
func (j *Judge) Refusals(r *report.Report, now time.Time) []string {
	var list []string
	switch {
	case j.policy != nil:
		for _, x := range j.policy.Judge(r, now) {
			list = append(list, x.String())
		}
	case len(r.Results) == 0:
		list = append(list, "the report has no results")
	case !r.Looked():
		list = append(list, "nothing was looked at: the report's controls are not applicable to the machine")
	case !r.Compliant:
		failed := Evidence{Report: r}.testResult().FailedTests
		list = append(list, fmt.Sprintf("the machine is not compliant: %d rules deviate: %s", len(failed), some(failed)))
	default:
		for _, res := range r.Results {
			// It was in force when the machine was looked at.
			if res.Outcome == rule.Waived && res.Waiver.Waiver.Expired(now) {
				list = append(list, fmt.Sprintf("the waiver of rule %s expired on %s", res.Rule, res.Waiver.Expires))
			}
		}
	}
	if j.baseline != nil {
		for _, d := range compare.Between(*j.baseline, compare.Of(r)).Regressions {
			list = append(list, fmt.Sprintf("worse than the baseline: %s: %s: %s, was %s", d.Kind.Words(), d.Subject(), d.New, d.Old))
		}
	}
	return list
}
