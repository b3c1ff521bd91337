package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// DefaultVerifier is who says so in an SVR or a VSA, unless the operator has an id of its own. The
// version is that of the logic that decides.
const DefaultVerifier = "https://github.com/nodeimage/packer-plugin-harden/verifier/v1"

// Results of a test-result and a VSA.
const (
	passed = "PASSED"
	warned = "WARNED"
	failed = "FAILED"
)

// Properties of an SVR and levels of a VSA.
const (
	// Compliant: no rule of the profile failed, erred or could not be observed without a waiver.
	Compliant = "HARDEN_COMPLIANT"
	// WithoutWaivers: the same, and no rule was waived or left for a person to judge.
	WithoutWaivers = "HARDEN_WITHOUT_WAIVERS"
)

// Evidence is what statements are made from.
type Evidence struct {
	Subjects []Subject
	// Report is nil where there is none that can be trusted. Then Missing says why not, in words that
	// may be published.
	Report  *report.Report
	Missing string
	// Refused says that the operator's policy does not let the artifact pass, whatever the report says.
	Refused bool
	// Inputs are the files that shaped the run beside the profile: the operator's profiles and waivers,
	// the baseline, the policy. Names start with what they are: "waivers/team.hcl".
	Inputs   []Resource
	RunID    string
	Time     time.Time // when the statement is made, by the clock of who makes it
	Verifier string    // DefaultVerifier if empty
	// ResourceURI names the artifact in a VSA; without one, no VSA is made.
	ResourceURI string
}

// Named is a statement with the short name of its type.
type Named struct {
	Name      string
	Statement *Statement
}

// Statements are what there is to say: a test-result always, the report if there is one, an SVR on a
// pass only, a VSA if it was asked for.
func Statements(e Evidence) ([]Named, error) {
	if r := e.Report; r != nil {
		// The report may come from anywhere, and its digests become those of the statement.
		if !sha256Hex.MatchString(r.Profile.Digest) || r.Tool.Digest != "" && !sha256Hex.MatchString(r.Tool.Digest) {
			return nil, errors.New("cannot make a statement: the digest of the report's profile or tool is not a sha256 in hex")
		}
	}
	var list []Named
	add := func(name, predicateType string, predicate any) error {
		s, err := newStatement(e.Subjects, predicateType, predicate)
		list = append(list, Named{name, s})
		return err
	}
	err := add("test-result", TestResultType, e.testResult())
	if err == nil && e.Report != nil {
		err = add("report", ReportType, e.Report)
	}
	if err == nil && e.pass() {
		err = add("svr", SVRType, e.svr())
	}
	if err == nil && e.ResourceURI != "" {
		err = add("vsa", VSAType, e.vsa())
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

func (e Evidence) pass() bool { return e.Report != nil && compliant(e.Report) && !e.Refused }

// compliant does not take a report that looked at nothing for a good one.
func compliant(r *report.Report) bool { return r.Compliant && r.Looked() }

type testResult struct {
	Result        string     `json:"result"`
	Configuration []Resource `json:"configuration"`
	PassedTests   []string   `json:"passedTests"`
	WarnedTests   []string   `json:"warnedTests"`
	FailedTests   []string   `json:"failedTests"`
}

// missingTest is the failed test where there is no report.
const missingTest = "attestation"

// testResult has a test for each rule that applies. A waived rule and one that a person must judge are
// warnings: somebody should look before relying on them.
func (e Evidence) testResult() testResult {
	t := testResult{passed, e.configuration(), []string{}, []string{}, []string{}}
	if e.Report == nil {
		t.Result, t.FailedTests = failed, []string{missingTest}
		return t
	}
	for _, r := range e.Report.Results {
		switch r.Outcome {
		case rule.Pass:
			t.PassedTests = append(t.PassedTests, r.Rule)
		case rule.Waived, rule.Manual:
			t.WarnedTests = append(t.WarnedTests, r.Rule)
		case rule.NotApplicable:
		default:
			t.FailedTests = append(t.FailedTests, r.Rule)
		}
	}
	switch {
	case !compliant(e.Report):
		t.Result = failed
	case len(t.WarnedTests) > 0:
		t.Result = warned
	}
	return t
}

type svr struct {
	Verifier    svrVerifier `json:"verifier"`
	TimeCreated string      `json:"timeCreated"`
	Properties  []string    `json:"properties"`
}

type svrVerifier struct {
	ID       string     `json:"id"`
	Policies []Resource `json:"policies"`
}

func (e Evidence) svr() svr {
	return svr{svrVerifier{e.verifier(), e.configuration()}, stamp(e.Time), e.properties()}
}

func (e Evidence) verifier() string {
	if e.Verifier == "" {
		return DefaultVerifier
	}
	return e.Verifier
}

// properties claim nothing about a benchmark's level: the selection of rules may leave out some of its
// controls, and only the profile's digest tells.
func (e Evidence) properties() []string {
	list := []string{Compliant}
	if e.Report.Summary.Waived+e.Report.Summary.Manual == 0 {
		list = append(list, WithoutWaivers)
	}
	return list
}

type vsa struct {
	Verifier           vsaVerifier `json:"verifier"`
	TimeVerified       string      `json:"timeVerified"`
	ResourceURI        string      `json:"resourceUri"`
	Policy             Resource    `json:"policy"`
	InputAttestations  []Resource  `json:"inputAttestations,omitempty"`
	VerificationResult string      `json:"verificationResult"`
	VerifiedLevels     []string    `json:"verifiedLevels"`
}

type vsaVerifier struct {
	ID string `json:"id"`
}

func (e Evidence) vsa() vsa {
	v := vsa{
		Verifier: vsaVerifier{e.verifier()}, TimeVerified: stamp(e.Time), ResourceURI: e.ResourceURI,
		Policy:             Resource{URI: "urn:harden:profile:unknown"},
		VerificationResult: failed, VerifiedLevels: []string{failed},
	}
	if e.Report != nil {
		v.Policy = Resource{URI: "urn:harden:profile:" + url.PathEscape(e.Report.Profile.Name), Digest: sha(e.Report.Profile.Digest)}
	}
	if e.pass() {
		v.VerificationResult, v.VerifiedLevels = passed, e.properties()
	}
	return v
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func sha(digest string) map[string]string { return map[string]string{"sha256": digest} }

// Names of the resources in a configuration.
const (
	profileName   = "profile"
	variablesName = "variables"
	waiversName   = "waivers"
	binaryName    = "harden"
	reportName    = "report"
	runName       = "packer-run"
	missingName   = "missing"
)

var (
	sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)
	uuid      = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

// contentLimit is how large in-toto wants content in a descriptor to be at most, in bytes.
const contentLimit = 1000

// configuration lists what decided the outcome, each with a digest.
func (e Evidence) configuration() []Resource {
	var list []Resource
	if r := e.Report; r != nil {
		about := map[string]string{"name": r.Profile.Name, "version": r.Profile.Version, "benchmark": r.Profile.Benchmark, "require": r.Require}
		if r.Profile.Level != 0 {
			about["level"] = strconv.Itoa(r.Profile.Level)
		}
		list = append(list,
			Resource{Name: profileName, Digest: sha(r.Profile.Digest), Annotations: about},
			inline(variablesName, orEmpty(r.Profile.Variables)),
			inline(waiversName, waiversOf(r)),
			Resource{Name: binaryName, Digest: sha(r.Tool.Digest), Annotations: map[string]string{"version": r.Tool.Version}},
			digestOf(reportName, r),
		)
		if r.Tool.Digest == "" { // a report from elsewhere need not say
			list = slices.DeleteFunc(list, func(x Resource) bool { return x.Name == binaryName })
		}
	} else {
		list = append(list, Resource{Name: missingName, Content: []byte(e.Missing), MediaType: "text/plain; charset=utf-8"})
	}
	list = append(list, e.Inputs...)
	if uuid.MatchString(e.RunID) {
		list = append(list, Resource{Name: runName, URI: "urn:uuid:" + strings.ToLower(e.RunID)})
	}
	return list
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type waived struct {
	Rule string `json:"rule"`
	report.Waiver
}

func waiversOf(r *report.Report) []waived {
	list := []waived{}
	for _, res := range r.Results {
		if res.Waiver != nil {
			list = append(list, waived{res.Rule, *res.Waiver})
		}
	}
	return list
}

// inline is a value by the digest of its JSON, and the JSON itself where it is small.
func inline(name string, v any) Resource {
	r := digestOf(name, v)
	if data, err := encode(v); err == nil && len(data) <= contentLimit {
		r.Content = data
	}
	return r
}

// digestOf is a value by the digest of its JSON: on one line, as it stands in a statement. What is given
// to it always has such a form.
func digestOf(name string, v any) Resource {
	data, err := encode(v)
	if err != nil {
		data = nil
	}
	sum := sha256.Sum256(data)
	return Resource{Name: name, Digest: sha(hex.EncodeToString(sum[:])), MediaType: "application/json"}
}

// Input is a file that shaped a run.
func Input(name, digest string) Resource { return Resource{Name: name, Digest: sha(digest)} }
