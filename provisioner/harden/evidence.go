package harden

import (
	"errors"
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/remote"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// accept reads a report that came from the target and makes sure that it is the answer to what was
// asked: this run, this binary, this profile, every rule of it. Anything else is no report.
func (j *job) accept(data []byte, action report.Action, nonce string, status remote.Status) (*report.Report, error) {
	r, err := report.Parse(data)
	if err != nil {
		return nil, err
	}
	for _, same := range []struct{ what, got, want string }{
		{"nonce", r.Nonce, nonce},
		{"action", string(r.Action), string(action)},
		{"run id", r.RunID, j.build.runID},
		{"binary's digest", r.Tool.Digest, j.digest},
		{"required state", r.Require, j.Require},
	} {
		if same.got != same.want {
			return nil, fmt.Errorf("the report's %s is %q and should be %q", same.what, same.got, same.want)
		}
	}
	if r.Finished.Before(r.Started) {
		return nil, errors.New("the report ends before it starts")
	}
	if err := j.acceptProfile(r); err != nil {
		return nil, err
	}
	if status.Known && (status.Code == 0) != r.Compliant {
		return nil, fmt.Errorf("the report says compliant = %t and the exit status is %d", r.Compliant, status.Code)
	}
	return r, nil
}

func (j *job) acceptProfile(r *report.Report) error {
	if r.Profile.Digest != j.want.Digest {
		if j.RemoteBinary == "" {
			return fmt.Errorf("the report is about profile %s with digest %s, and asked was %s with digest %s",
				remote.Clean(r.Profile.Name), remote.Clean(r.Profile.Digest), j.want.Name, j.want.Digest)
		}
		// Another binary ships profiles of its own, and its checksum pins them.
		j.ui.Error("remote_binary has another version of the profile than this plugin")
		if len(r.Results) == 0 {
			return errors.New("the report has no results")
		}
		return nil
	}
	got := map[string]int{}
	for _, res := range r.Results {
		got[res.Rule]++
	}
	var asked []string
	for _, r := range j.want.Rules {
		asked = append(asked, r.ID)
	}
	for _, c := range j.want.Outside() {
		asked = append(asked, c.ReportID())
	}
	for _, id := range asked {
		if got[id] != 1 {
			return fmt.Errorf("the report has %d results of rule %s and should have one", got[id], id)
		}
	}
	if len(got) != len(asked) {
		return errors.New("the report has results of rules that were not asked for")
	}
	return nil
}
