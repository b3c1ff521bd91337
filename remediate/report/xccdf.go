package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// xccdfName is the reverse-DNS part that XCCDF 1.2 asks for in every identifier.
const xccdfName = "io.github.nodeimage"

type xccdfBenchmark struct {
	XMLName     xml.Name        `xml:"http://checklists.nist.gov/xccdf/1.2 Benchmark"`
	ID          string          `xml:"id,attr"`
	Resolved    bool            `xml:"resolved,attr"`
	Lang        string          `xml:"xml:lang,attr"`
	Status      xccdfStatus     `xml:"status"`
	Title       string          `xml:"title"`
	Description string          `xml:"description"`
	Version     string          `xml:"version"`
	Metadata    xccdfMetadata   `xml:"metadata"`
	Profile     xccdfProfile    `xml:"Profile"`
	Rules       []xccdfRule     `xml:"Rule"`
	Test        xccdfTestResult `xml:"TestResult"`
}

type xccdfMetadata struct {
	Title string `xml:"http://purl.org/dc/elements/1.1/ title"`
}

type xccdfStatus struct {
	Date string `xml:"date,attr"`
	Text string `xml:",chardata"`
}

type xccdfProfile struct {
	ID     string        `xml:"id,attr"`
	Title  string        `xml:"title"`
	Select []xccdfSelect `xml:"select"`
}

type xccdfSelect struct {
	ID       string `xml:"idref,attr"`
	Selected bool   `xml:"selected,attr"`
}

type xccdfRule struct {
	ID          string       `xml:"id,attr"`
	Selected    bool         `xml:"selected,attr"`
	Severity    string       `xml:"severity,attr"`
	Title       string       `xml:"title"`
	Description string       `xml:"description"`
	Idents      []xccdfIdent `xml:"ident"`
	Check       xccdfCheck   `xml:"check"`
}

type xccdfCheck struct {
	System string `xml:"system,attr"`
}

type xccdfIdent struct {
	System string `xml:"system,attr"`
	ID     string `xml:",chardata"`
}

type xccdfTestResult struct {
	ID        string        `xml:"id,attr"`
	Start     string        `xml:"start-time,attr"`
	End       string        `xml:"end-time,attr"`
	System    string        `xml:"test-system,attr"`
	Version   string        `xml:"version,attr"`
	Benchmark xccdfRef      `xml:"benchmark"`
	Title     string        `xml:"title"`
	Identity  xccdfIdentity `xml:"identity"`
	Profile   xccdfIDRef    `xml:"profile"`
	Target    string        `xml:"target"`
	Facts     []xccdfFact   `xml:"target-facts>fact"`
	Results   []xccdfResult `xml:"rule-result"`
	Score     xccdfScore    `xml:"score"`
}

type xccdfRef struct {
	Href string `xml:"href,attr"`
	ID   string `xml:"id,attr"`
}

type xccdfIdentity struct {
	Authenticated bool   `xml:"authenticated,attr"`
	Privileged    bool   `xml:"privileged,attr"`
	Name          string `xml:",chardata"`
}

type xccdfIDRef struct {
	ID string `xml:"idref,attr"`
}

type xccdfFact struct {
	Name string `xml:"name,attr"`
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

type xccdfResult struct {
	Rule     string         `xml:"idref,attr"`
	Time     string         `xml:"time,attr"`
	Severity string         `xml:"severity,attr"`
	Weight   string         `xml:"weight,attr"`
	Result   string         `xml:"result"`
	Idents   []xccdfIdent   `xml:"ident"`
	Messages []xccdfMessage `xml:"message"`
	Check    xccdfCheck     `xml:"check"`
}

type xccdfMessage struct {
	Severity string `xml:"severity,attr"`
	Text     string `xml:",chardata"`
}

type xccdfScore struct {
	System  string `xml:"system,attr"`
	Maximum string `xml:"maximum,attr"`
	Value   string `xml:",chardata"`
}

// XCCDF writes an XCCDF 1.2 benchmark document with the rules and the TestResult of this run, so that
// SCAP tools show titles beside results. What is waived is informational, never a pass, with the waiver
// as a message: the standard's override element would say it better, but openscap 1.3 refuses a
// TestResult in which some results have one and others have none.
func XCCDF(w io.Writer, r *Report) error {
	name := xccdfToken(r.Profile.Name)
	finished := xccdfTime(r.Finished)
	profile := "xccdf_" + xccdfName + "_profile_" + name
	benchmark := "xccdf_" + xccdfName + "_benchmark_" + name
	doc := xccdfBenchmark{
		ID: benchmark, Resolved: true, Lang: "en",
		Status:      xccdfStatus{r.Finished.UTC().Format(time.DateOnly), "accepted"},
		Title:       fill(r.Profile.Benchmark),
		Description: "The rules of profile " + fill(r.Profile.Name) + " as harden looked at them. Profile digest (sha256): " + fill(r.Profile.Digest),
		Version:     fill(r.Profile.Version),
		Metadata:    xccdfMetadata{fill(r.Profile.Benchmark)},
		Profile:     xccdfProfile{ID: profile, Title: fill(r.Profile.Name)},
		Test: xccdfTestResult{
			ID: "xccdf_" + xccdfName + "_testresult_" + name, Start: xccdfTime(r.Started), End: finished,
			System: "cpe:/a:nodeimage:harden:" + xccdfToken(r.Tool.Version), Version: fill(r.Profile.Version),
			Benchmark: xccdfRef{"#" + benchmark, benchmark},
			Title:     fill(r.Profile.Name + " on " + hostName(r.Host)),
			Identity:  xccdfIdentity{true, true, "root"}, Profile: xccdfIDRef{profile}, Target: fill(hostName(r.Host)),
		},
	}
	for _, f := range []struct{ name, text string }{
		{"os", r.Host.OS}, {"os:version", r.Host.Version}, {"arch", r.Host.Arch}, {"mode", r.Host.Mode},
		{"kernel", r.Host.Kernel}, {"require", r.Require}, {"action", string(r.Action)}, {"compliant", strconv.FormatBool(r.Compliant)},
	} {
		if f.text != "" {
			doc.Test.Facts = append(doc.Test.Facts, xccdfFact{"urn:nodeimage:harden:fact:" + f.name, "string", Printable(f.text)})
		}
	}
	maximum, value := 0, 0
	for _, res := range r.Results {
		id := "xccdf_" + xccdfName + "_rule_" + xccdfToken(res.Rule)
		var idents []xccdfIdent
		for _, c := range res.Controls {
			idents = append(idents, xccdfIdent{fill(c.Benchmark), fill(c.ID)})
		}
		doc.Profile.Select = append(doc.Profile.Select, xccdfSelect{id, true})
		description := "Expected: " + fill(res.Expected)
		if res.Outside != nil {
			description = "Not applicable: " + fill(res.Message)
		}
		doc.Rules = append(doc.Rules, xccdfRule{ID: id, Selected: true, Severity: xccdfSeverity(res.Severity), Title: fill(res.Heading()), Description: description, Idents: idents, Check: xccdfCheck{projectURI}})
		result := xccdfResult{Rule: id, Time: finished, Severity: xccdfSeverity(res.Severity), Weight: "1.0", Result: xccdfWord(res.Outcome), Idents: idents, Check: xccdfCheck{projectURI}}
		severity := "info"
		switch res.Outcome {
		case rule.Fail, rule.Error, rule.NotObservable:
			severity = "error"
			maximum++
		case rule.Pass:
			maximum++
			value++
		}
		for _, line := range res.Details() {
			result.Messages = append(result.Messages, xccdfMessage{severity, line})
		}
		doc.Test.Results = append(doc.Test.Results, result)
	}
	doc.Test.Score = xccdfScore{"urn:xccdf:scoring:flat-unweighted", fmt.Sprintf("%d.0", max(1, maximum)), fmt.Sprintf("%d.0", value)}
	return writeXML(w, doc)
}

func xccdfWord(o rule.Outcome) string {
	switch o {
	case rule.Pass, rule.Fail, rule.Error:
		return string(o)
	case rule.NotApplicable:
		return "notapplicable"
	case rule.Manual:
		return "notchecked"
	case rule.Waived:
		return "informational"
	}
	return "unknown"
}

// xccdfSeverity is the standard's word, which has one for rules of which nobody said.
func xccdfSeverity(severity string) string {
	if severity == "" {
		return "unknown"
	}
	return severity
}

func xccdfTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// xccdfToken makes a name fit an identifier.
func xccdfToken(s string) string {
	return fill(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, s))
}
