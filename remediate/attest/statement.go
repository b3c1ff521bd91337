package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// StatementType is the in-toto Statement v1.
const StatementType = "https://in-toto.io/Statement/v1"

// Predicate types that this project emits.
const (
	TestResultType = "https://in-toto.io/attestation/test-result/v0.1"
	SVRType        = "https://in-toto.io/attestation/svr/v0.2"
	VSAType        = "https://slsa.dev/verification_summary/v1"
	ReportType     = report.Schema // the predicate is the whole report
)

// Types are the predicate types by the short names that command lines and file names use.
func Types() []struct{ Name, URI string } {
	return []struct{ Name, URI string }{
		{"report", ReportType}, {"test-result", TestResultType}, {"svr", SVRType}, {"vsa", VSAType},
	}
}

// Statement says something (the predicate) about artifacts (the subjects).
type Statement struct {
	Type          string          `json:"_type"`
	Subject       []Subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

// Subject is an artifact, by a name that is a hint and digests (by algorithm, in lower-case hex) that count.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// Resource is in-toto's ResourceDescriptor, as far as it is used here.
type Resource struct {
	Name        string            `json:"name,omitempty"`
	URI         string            `json:"uri,omitempty"`
	Digest      map[string]string `json:"digest,omitempty"`
	Content     []byte            `json:"content,omitempty"`
	MediaType   string            `json:"mediaType,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

func newStatement(subjects []Subject, predicateType string, predicate any) (*Statement, error) {
	raw, err := encode(predicate)
	if err != nil {
		return nil, fmt.Errorf("cannot make a statement: %w", err)
	}
	s := &Statement{Type: StatementType, Subject: subjects, PredicateType: predicateType, Predicate: raw}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("cannot make a statement: %w", err)
	}
	return s, nil
}

// encode is JSON on one line without the escapes that encoding/json makes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// parseStatement reads the payload of an envelope. Unknown fields are passed over, as in-toto asks.
func parseStatement(payload []byte) (*Statement, error) {
	var s Statement
	if err := json.Unmarshal(payload, &s); err != nil {
		return nil, fmt.Errorf("cannot read statement: %w", err)
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("cannot accept statement: %w", err)
	}
	return &s, nil
}

var hexDigest = regexp.MustCompile(`^[0-9a-f]+$`)

func (s *Statement) validate() error {
	switch {
	case s.Type != StatementType:
		return fmt.Errorf("its type is %q, not %q", s.Type, StatementType)
	case s.PredicateType == "":
		return errors.New("it has no predicate type")
	case len(s.Subject) == 0:
		return errors.New("it is about nothing: it has no subject")
	case len(s.Predicate) == 0 || s.Predicate[0] != '{':
		return errors.New("its predicate is not an object")
	}
	for _, subject := range s.Subject {
		if len(subject.Digest) == 0 {
			return fmt.Errorf("its subject %q has no digest", subject.Name)
		}
		for algorithm, digest := range subject.Digest {
			if !hexDigest.MatchString(digest) || algorithm == "sha256" && len(digest) != 64 {
				return fmt.Errorf("the %s of its subject %q is not a digest in lower-case hex", algorithm, subject.Name)
			}
		}
	}
	return nil
}
