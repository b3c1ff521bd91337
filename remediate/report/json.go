package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// SchemaJSON is the JSON Schema of a report.
//
//go:embed schema.json
var SchemaJSON []byte

// MaxSize bounds a report that is read, in bytes.
const MaxSize = 32 << 20

// JSON writes the report, indented, with a line feed at the end.
func JSON(w io.Writer, r *Report) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return err
	}
	_, err := w.Write(InertJSON(b.Bytes()))
	return err
}

// Parse reads a report that may come from anywhere: it is size-limited, has no unknown field, and its
// parts agree with each other.
func Parse(data []byte) (*Report, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("cannot read report: larger than %d bytes", MaxSize)
	}
	if err := checkSchema(data); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var r Report
	if err := d.Decode(&r); err != nil {
		return nil, fmt.Errorf("cannot read report: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("cannot read report: something follows it")
	}
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("cannot accept report: %w", err)
	}
	return &r, nil
}

// checkSchema looks at the version before anything else: to somebody with a newer report, an unknown
// field would say nothing.
func checkSchema(data []byte) error {
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&head); err != nil {
		return fmt.Errorf("cannot read report: %w", err)
	}
	if head.Schema == nil {
		return errors.New("cannot read report: it names no schema, so it is no report of harden")
	}
	if *head.Schema != Schema {
		return fmt.Errorf("cannot read report: its schema is %q, and this version reads %q", *head.Schema, Schema)
	}
	return nil
}

func (r *Report) validate() error {
	if !slices.Contains([]Action{Check, Apply, Attest}, r.Action) {
		return fmt.Errorf("unknown action %q", r.Action)
	}
	if r.Tool.Name == "" || r.Profile.Name == "" || r.Profile.Digest == "" {
		return errors.New("tool or profile is not named")
	}
	var counted Summary
	compliant := true
	for i, res := range r.Results {
		if res.Rule == "" || !slices.Contains(rule.Outcomes(), res.Outcome) {
			return fmt.Errorf("result %d has no rule or an unknown outcome %q", i+1, res.Outcome)
		}
		if res.Severity != "" && !slices.Contains(profile.Severities(), res.Severity) {
			return fmt.Errorf("result of rule %s: unknown severity %q", res.Rule, res.Severity)
		}
		if (res.Outcome == rule.Waived) != (res.Underlying != "") || res.Outcome == rule.Waived && res.Waiver == nil {
			return fmt.Errorf("result of rule %s: waiver and outcome do not agree", res.Rule)
		}
		if res.Outside != nil && (res.Outcome != rule.NotApplicable || res.Outside.Reason == "" || res.Outside.Owner == "") {
			return fmt.Errorf("result of rule %s: it says that it is not applicable, without a reason and owner or with another outcome", res.Rule)
		}
		counted.count(res.Outcome)
		switch res.Outcome {
		case rule.Fail, rule.Error, rule.NotObservable:
			compliant = false
		}
	}
	if counted != r.Summary {
		return errors.New("the summary does not count the results")
	}
	if (compliant && r.Interrupted == "") != r.Compliant {
		return errors.New("compliant does not follow from the results")
	}
	return nil
}
