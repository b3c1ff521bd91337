package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	projectURI  = "https://github.com/nodeimage/packer-plugin-harden"
	// targetBase names the root of the machine, which paths of locations are relative to.
	targetBase = "TARGET"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool              sarifTool                `json:"tool"`
	Invocations       []sarifInvocation        `json:"invocations"`
	AutomationDetails sarifAutomation          `json:"automationDetails"`
	BaseIDs           map[string]sarifArtifact `json:"originalUriBaseIds"`
	ColumnKind        string                   `json:"columnKind"`
	Results           []sarifResult            `json:"results"`
	Properties        map[string]any           `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string         `json:"id"`
	ShortDescription sarifText      `json:"shortDescription"`
	FullDescription  sarifText      `json:"fullDescription"`
	Help             sarifText      `json:"help"`
	Configuration    *sarifConfig   `json:"defaultConfiguration,omitempty"`
	Properties       map[string]any `json:"properties,omitempty"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Start         string              `json:"startTimeUtc"`
	End           string              `json:"endTimeUtc"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level          string       `json:"level"`
	Message        sarifText    `json:"message"`
	AssociatedRule sarifRuleRef `json:"associatedRule"`
}

type sarifRuleRef struct {
	ID    string `json:"id"`
	Index int    `json:"index"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifArtifact struct {
	URI         string     `json:"uri,omitempty"`
	URIBaseID   string     `json:"uriBaseId,omitempty"`
	Description *sarifText `json:"description,omitempty"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Kind         string             `json:"kind"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Related      []sarifLocation    `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Properties   map[string]any     `json:"properties"`
}

type sarifLocation struct {
	Physical *sarifPhysical `json:"physicalLocation,omitempty"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	Message  *sarifText     `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine int        `json:"startLine"`
	Snippet   *sarifText `json:"snippet,omitempty"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string         `json:"kind"`
	Status        string         `json:"status"`
	Justification string         `json:"justification"`
	Properties    map[string]any `json:"properties"`
}

// SARIF writes SARIF 2.1.0 for code scanning: a result for every rule that does not simply pass, at
// the file and line on the target that decides. Locations are relative to the base TARGET, the root of
// the machine. Waived results are there, suppressed. A control that is about something else is among the rules,
// with the reason as its help, and has no result: code scanning would make an alert of it.
func SARIF(w io.Writer, r *Report) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: Printable(r.Tool.Name), Version: Printable(r.Tool.Version), InformationURI: projectURI, Rules: []sarifRule{},
		}},
		AutomationDetails: sarifAutomation{Printable(r.Profile.Name) + "/" + string(r.Action) + "/"},
		BaseIDs:           map[string]sarifArtifact{targetBase: {Description: &sarifText{"the root of the machine that was looked at: " + Printable(hostName(r.Host))}}},
		ColumnKind:        "unicodeCodePoints",
		Results:           []sarifResult{},
		Properties:        map[string]any{"compliant": r.Compliant, "profileDigest": Printable(r.Profile.Digest), "benchmark": Printable(r.Profile.Benchmark), "require": Printable(r.Require)},
	}
	call := sarifInvocation{Successful: true, Start: stamp(r.Started), End: stamp(r.Finished)}
	for i, res := range r.Results {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(res))
		if res.Outcome == rule.Error {
			call.Successful = false
			call.Notifications = append(call.Notifications, sarifNotification{"error", sarifText{fill(res.Message)}, sarifRuleRef{Printable(res.Rule), i}})
		}
		if res.Outcome != rule.Pass && res.Outcome != rule.NotApplicable {
			run.Results = append(run.Results, sarifResultOf(i, res))
		}
	}
	run.Invocations = []sarifInvocation{call}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRuleOf(res Result) sarifRule {
	tags := []string{"security"}
	for _, c := range res.Controls {
		tags = append(tags, Printable(c.Benchmark+" "+c.ID))
	}
	help := "Expected: " + fill(res.Expected)
	if res.Outside != nil {
		help = "Not applicable: " + fill(res.Message)
	}
	out := sarifRule{
		ID: Printable(res.Rule), ShortDescription: sarifText{fill(res.Title)}, FullDescription: sarifText{fill(res.Heading())},
		Help: sarifText{help}, Properties: map[string]any{"tags": tags},
	}
	if score := sarifScore(res.Severity); score != "" {
		out.Properties["security-severity"] = score
		out.Configuration = &sarifConfig{sarifLevel(res.Severity)}
	}
	return out
}

// sarifScore is the number by which GitHub sorts alerts: from 7.0 on it shows high, from 4.0 on medium, and low below.
func sarifScore(severity string) string {
	switch severity {
	case "high":
		return "8.0"
	case "medium":
		return "5.0"
	case "low":
		return "2.0"
	}
	return ""
}

// sarifLevel is the level of a failure. Where nobody said how grave it is, it is an error.
func sarifLevel(severity string) string {
	switch severity {
	case "medium":
		return "warning"
	case "low":
		return "note"
	}
	return "error"
}

func sarifResultOf(index int, res Result) sarifResult {
	out := sarifResult{
		RuleID: Printable(res.Rule), RuleIndex: index, Kind: "fail", Level: sarifLevel(res.Severity), Message: sarifText{fill(res.Message)},
		Locations: []sarifLocation{}, Properties: map[string]any{"outcome": res.Outcome},
	}
	found := res.Outcome
	if found == rule.Waived {
		found = res.Underlying
	}
	switch found {
	case rule.Error, rule.NotObservable:
		out.Kind, out.Level = "open", "none"
	case rule.Manual:
		out.Kind, out.Level = "review", "none"
	}
	for i, s := range res.Places() {
		l := sarifLocationOf(s)
		if i == 0 {
			out.Locations = append(out.Locations, l)
			continue
		}
		l.Message = &sarifText{"says something as well"}
		if s.Wins {
			l.Message.Text = "decides as well"
		}
		out.Related = append(out.Related, l)
	}
	var logical []sarifLogical
	for _, p := range res.Resources {
		logical = append(logical, sarifLogical{Printable(p.Kind + "/" + p.Name), "resource"})
	}
	if len(logical) > 0 {
		if len(out.Locations) == 0 {
			out.Locations = append(out.Locations, sarifLocation{})
		}
		out.Locations[0].Logical = logical
	}
	sum := sha256.Sum256([]byte(res.Rule))
	out.Fingerprints = map[string]string{"hardenRule/v1": hex.EncodeToString(sum[:])}
	if res.Outcome == rule.Waived {
		w := res.Waiver
		out.Suppressions = []sarifSuppression{{
			Kind: "external", Status: "accepted", Justification: fill(waiverText(*w)),
			Properties: map[string]any{"reason": w.Reason, "owner": Printable(w.Owner), "expires": Printable(w.Expires), "origin": w.Origin},
		}}
	}
	return out
}

func sarifLocationOf(s rule.Source) sarifLocation {
	p := sarifPhysical{Artifact: sarifArtifact{URI: relativeURI(s.Path), URIBaseID: targetBase}}
	if s.Line > 0 {
		p.Region = &sarifRegion{StartLine: s.Line}
		if s.Text != "" {
			p.Region.Snippet = &sarifText{Printable(s.Text)}
		}
	}
	return sarifLocation{Physical: &p}
}

// relativeURI is a path of the target relative to its root, escaped.
func relativeURI(path string) string {
	u := url.URL{Path: strings.TrimLeft(strings.ToValidUTF8(path, "\ufffd"), "/")}
	return u.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// fill is text where a format wants some.
func fill(s string) string {
	if s = strings.TrimSpace(Printable(s)); s == "" {
		return "-"
	}
	return s
}
