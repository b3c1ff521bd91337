package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     string     `xml:"time,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr"`
	Hostname   string          `xml:"hostname,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	ClassName string        `xml:"classname,attr"`
	Name      string        `xml:"name,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitProblem `xml:"failure"`
	Error     *junitProblem `xml:"error"`
	Skipped   *junitProblem `xml:"skipped"`
	Out       string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes the XML that pipelines show as tests: a rule is a test case. What cannot be observed
// is a failure, as it is for compliance; what is waived, not applicable or for a person is skipped.
func JUnit(w io.Writer, r *Report) error {
	took := fmt.Sprintf("%.3f", max(0, r.Finished.Sub(r.Started).Seconds()))
	suite := junitSuite{
		Name: Printable(r.Profile.Name), Tests: len(r.Results), Time: took,
		Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"), Hostname: Printable(hostName(r.Host)),
		Properties: []junitProperty{
			{"action", string(r.Action)}, {"benchmark", Printable(r.Profile.Benchmark)},
			{"profile.version", Printable(r.Profile.Version)}, {"profile.digest", Printable(r.Profile.Digest)},
			{"require", Printable(r.Require)}, {"tool", Printable(r.Tool.Name + " " + r.Tool.Version)},
		},
	}
	for _, res := range r.Results {
		c := junitCase{ClassName: suite.Name, Name: Printable(res.Rule) + ": " + res.Heading(), Time: "0"}
		details := strings.Join(res.Details(), "\n")
		problem := &junitProblem{Message: Printable(res.Message), Type: string(res.Outcome), Text: details}
		switch res.Outcome {
		case rule.Fail, rule.NotObservable:
			c.Failure = problem
			suite.Failures++
		case rule.Error:
			c.Error = problem
			suite.Errors++
		case rule.Pass:
			c.Out = details
		default:
			c.Skipped = &junitProblem{Message: Printable(string(res.Outcome) + ": " + reason(res))}
			c.Out = details
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	return writeXML(w, junitSuites{
		Name: "harden", Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Skipped: suite.Skipped,
		Time: took, Suite: suite,
	})
}

func writeXML(w io.Writer, doc any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
