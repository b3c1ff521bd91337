package attest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// Claim is what one of this project's statements says, whatever its type.
type Claim struct {
	Pass          bool
	ProfileDigest string         // empty where the statement does not name it
	Failed        []string       // rules, where the statement names them
	Missing       string         // why there was no report to make the statement from
	Report        *report.Report // nil unless the predicate is a report
}

// String is the claim in a line.
func (c *Claim) String() string {
	switch {
	case c.Report != nil:
		return c.Report.Summary.String()
	case c.Pass:
		return "PASSED"
	case c.Missing != "":
		return "FAILED, " + c.Missing
	}
	return "FAILED"
}

// Claim reads the predicate.
func (s *Statement) Claim() (*Claim, error) {
	c, err := s.claim()
	if err != nil {
		return nil, fmt.Errorf("cannot read the predicate %s: %w", s.PredicateType, err)
	}
	return c, nil
}

func (s *Statement) claim() (*Claim, error) {
	switch s.PredicateType {
	case ReportType:
		r, err := report.Parse(s.Predicate)
		if err != nil {
			return nil, err
		}
		c := &Claim{Pass: compliant(r), ProfileDigest: r.Profile.Digest, Report: r}
		c.Failed = Evidence{Report: r}.testResult().FailedTests
		return c, nil
	case TestResultType:
		var t testResult
		if err := json.Unmarshal(s.Predicate, &t); err != nil {
			return nil, err
		}
		c := &Claim{Pass: (t.Result == passed || t.Result == warned) && len(t.FailedTests) == 0, Failed: t.FailedTests}
		c.ProfileDigest = find(t.Configuration, profileName).Digest["sha256"]
		c.Missing = string(find(t.Configuration, missingName).Content)
		return c, nil
	case SVRType:
		var v svr
		if err := json.Unmarshal(s.Predicate, &v); err != nil {
			return nil, err
		}
		return &Claim{Pass: slices.Contains(v.Properties, Compliant), ProfileDigest: find(v.Verifier.Policies, profileName).Digest["sha256"]}, nil
	case VSAType:
		var v vsa
		if err := json.Unmarshal(s.Predicate, &v); err != nil {
			return nil, err
		}
		return &Claim{
			Pass:          v.VerificationResult == passed && slices.Contains(v.VerifiedLevels, Compliant),
			ProfileDigest: v.Policy.Digest["sha256"],
		}, nil
	}
	return nil, errors.New("it is of no type that harden makes")
}

func find(list []Resource, name string) Resource {
	i := slices.IndexFunc(list, func(r Resource) bool { return r.Name == name })
	if i < 0 {
		return Resource{}
	}
	return list[i]
}

// Expect is what a statement has to be about.
type Expect struct {
	// Subjects are sha256 digests in hex, each of which must be a subject's.
	Subjects []string
	// Type is the predicate type; any of harden's own if empty.
	Type string
	// ProfileDigest is the sha256 of the profile that must have been asked for; any if empty.
	ProfileDigest string
	// AnyOutcome leaves it to a Judge whether what a report says is good enough. A statement that only
	// sums up is still refused when it does not pass.
	AnyOutcome bool
}

// Check gives every reason for which the statement is refused. Its signature is not looked at here: a
// statement comes from Open. The claim is nil when the predicate can't be read.
func (s *Statement) Check(want Expect) (refusals []string, c *Claim) {
	refuse := func(format string, args ...any) { refusals = append(refusals, fmt.Sprintf(format, args...)) }

	for _, digest := range want.Subjects {
		if !slices.ContainsFunc(s.Subject, func(x Subject) bool { return x.Digest["sha256"] == digest }) {
			refuse("it is not about the given artifact: no subject has the sha256 %s (it is about %s)", digest, s.About())
		}
	}
	if want.Type != "" && s.PredicateType != want.Type {
		refuse("its predicate type is %s, and %s is required", s.PredicateType, want.Type)
	}
	c, err := s.Claim()
	if err != nil {
		refuse("%s", err)
		return refusals, nil
	}
	if want.ProfileDigest != "" && c.ProfileDigest != want.ProfileDigest {
		got := c.ProfileDigest
		if got == "" {
			got = "not named in it"
		}
		refuse("the digest of its profile is %s, and %s is required", got, want.ProfileDigest)
	}
	switch {
	case c.Pass, want.AnyOutcome && c.Report != nil:
	case c.Missing != "":
		refuse("it says FAILED: %s", c.Missing)
	case len(c.Failed) > 0:
		refuse("it says FAILED: %d rules deviate: %s", len(c.Failed), some(c.Failed))
	default:
		refuse("it says FAILED")
	}
	return refusals, c
}

// About names the subjects.
func (s *Statement) About() string {
	var list []string
	for _, x := range s.Subject {
		list = append(list, fmt.Sprintf("%s sha256 %s", x.Name, x.Digest["sha256"]))
	}
	return some(list)
}

// some joins the first few of a list.
func some(list []string) string {
	const few = 10
	if len(list) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
	}
	return strings.Join(list, ", ")
}
