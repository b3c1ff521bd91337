package report

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// oscalVersion is the version of the model that is written: OSCAL's assessment results.
const oscalVersion = "1.1.3"

// oscalNamespace is where the names of our own properties live.
const oscalNamespace = projectURI + "/ns/oscal"

type oscalDocument struct {
	Results oscalAssessment `json:"assessment-results"`
}

type oscalAssessment struct {
	UUID     string          `json:"uuid"`
	Metadata oscalMetadata   `json:"metadata"`
	ImportAP oscalHref       `json:"import-ap"`
	Results  []oscalResult   `json:"results"`
	Back     oscalBackMatter `json:"back-matter"`
}

type oscalMetadata struct {
	Title        string `json:"title"`
	LastModified string `json:"last-modified"`
	Version      string `json:"version"`
	OscalVersion string `json:"oscal-version"`
}

type oscalHref struct {
	Href string `json:"href"`
}

type oscalBackMatter struct {
	Resources []oscalResource `json:"resources"`
}

type oscalResource struct {
	UUID        string      `json:"uuid"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Props       []oscalProp `json:"props"`
}

type oscalProp struct {
	Name  string `json:"name"`
	NS    string `json:"ns"`
	Value string `json:"value"`
}

type oscalResult struct {
	UUID         string             `json:"uuid"`
	Title        string             `json:"title"`
	Description  string             `json:"description"`
	Start        string             `json:"start"`
	End          string             `json:"end"`
	Props        []oscalProp        `json:"props"`
	Reviewed     oscalReviewed      `json:"reviewed-controls"`
	Observations []oscalObservation `json:"observations,omitempty"`
	Risks        []oscalRisk        `json:"risks,omitempty"`
	Findings     []oscalFinding     `json:"findings,omitempty"`
}

type oscalReviewed struct {
	Selections []oscalSelection `json:"control-selections"`
}

type oscalSelection struct {
	Include []oscalControl `json:"include-controls,omitempty"`
	Exclude []oscalControl `json:"exclude-controls,omitempty"`
	All     *struct{}      `json:"include-all,omitempty"`
}

type oscalControl struct {
	ID string `json:"control-id"`
}

type oscalObservation struct {
	UUID        string          `json:"uuid"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Props       []oscalProp     `json:"props"`
	Methods     []string        `json:"methods"`
	Evidence    []oscalEvidence `json:"relevant-evidence,omitempty"`
	Collected   string          `json:"collected"`
}

type oscalEvidence struct {
	Description string `json:"description"`
}

type oscalRisk struct {
	UUID        string      `json:"uuid"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Statement   string      `json:"statement"`
	Props       []oscalProp `json:"props"`
	Status      string      `json:"status"`
	Deadline    string      `json:"deadline,omitempty"`
}

type oscalFinding struct {
	UUID         string             `json:"uuid"`
	Title        string             `json:"title"`
	Description  string             `json:"description"`
	Target       oscalTarget        `json:"target"`
	Observations []oscalObservedRef `json:"related-observations,omitempty"`
	Risks        []oscalRiskRef     `json:"related-risks,omitempty"`
}

type oscalTarget struct {
	Type   string      `json:"type"`
	ID     string      `json:"target-id"`
	Status oscalStatus `json:"status"`
}

type oscalStatus struct {
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Remarks string `json:"remarks"`
}

type oscalObservedRef struct {
	UUID string `json:"observation-uuid"`
}

type oscalRiskRef struct {
	UUID string `json:"risk-uuid"`
}

// OSCAL writes OSCAL assessment results as JSON: an observation a rule, a finding a control, and a
// risk whose deviation is approved for each waiver. A waived control is not satisfied. A control that is about
// something else is excluded from the review, with an observation that says why. Identifiers
// follow from the report, so the same report gives the same document.
func OSCAL(w io.Writer, r *Report) error {
	o := oscalMaker{r: r, seed: r.Profile.Digest + "\x00" + r.Finished.UTC().Format(time.RFC3339Nano) + "\x00" + r.Nonce + "\x00" + string(r.Action)}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(o.document())
}

type oscalMaker struct {
	r    *Report
	seed string
}

// uuid is of version 5, which is made with SHA-1; nothing rests on its strength.
func (o oscalMaker) uuid(kind, name string) string {
	sum := sha1.Sum([]byte(oscalNamespace + "\x00" + o.seed + "\x00" + kind + "\x00" + name))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func (o oscalMaker) document() oscalDocument {
	r := o.r
	end := r.Finished.UTC().Format(time.RFC3339)
	plan := o.uuid("profile", r.Profile.Name)
	resource := oscalResource{
		UUID: plan, Title: fill(r.Profile.Name), Description: "The profile that the machine was looked at with.",
		Props: []oscalProp{prop("profile-version", r.Profile.Version), prop("profile-sha256", r.Profile.Digest), prop("benchmark", r.Profile.Benchmark)},
	}
	for _, v := range r.Profile.Variables {
		resource.Props = append(resource.Props, prop("variable", v.Name+" = "+v.Value))
	}
	result := oscalResult{
		UUID: o.uuid("result", ""), Title: fill(r.Profile.Name + " on " + hostName(r.Host)), Description: r.Summary.String(),
		Start: r.Started.UTC().Format(time.RFC3339), End: end,
		Props: []oscalProp{prop("tool", r.Tool.Name+" "+r.Tool.Version), prop("tool-sha256", r.Tool.Digest), prop("host", hostName(r.Host)),
			prop("host-mode", r.Host.Mode), prop("decides", decides(r.Require)), prop("action", string(r.Action))},
	}
	for _, res := range r.Results {
		result.Observations = append(result.Observations, o.observation(res, end))
		if res.Outcome == rule.Waived {
			result.Risks = append(result.Risks, o.risk(res))
		}
	}
	for _, c := range r.Controls() {
		if c.outside() { // an owner's word is no finding of ours
			continue
		}
		result.Findings = append(result.Findings, o.finding(c))
	}
	result.Reviewed = oscalReviewed{[]oscalSelection{o.selection()}}
	return oscalDocument{oscalAssessment{
		UUID:     o.uuid("document", ""),
		Metadata: oscalMetadata{"Assessment results of " + fill(hostName(r.Host)), end, fill(r.Profile.Version), oscalVersion},
		ImportAP: oscalHref{"#" + plan}, Results: []oscalResult{result}, Back: oscalBackMatter{[]oscalResource{resource}},
	}}
}

func (o oscalMaker) selection() oscalSelection {
	var s oscalSelection
	have := map[string]bool{}
	for _, c := range o.r.Controls() {
		id := oscalID(c.ID)
		switch {
		case have[id]:
		case c.outside():
			s.Exclude = append(s.Exclude, oscalControl{id})
		default:
			s.Include = append(s.Include, oscalControl{id})
		}
		have[id] = true
	}
	if len(s.Include)+len(s.Exclude) == 0 {
		s.All = &struct{}{}
	}
	return s
}

func (o oscalMaker) observation(res Result, collected string) oscalObservation {
	out := oscalObservation{
		UUID: o.uuid("observation", res.Rule), Title: fill(res.Title), Description: fill(res.Message), Methods: []string{"TEST"}, Collected: collected,
		Props: []oscalProp{prop("rule", res.Rule), prop("outcome", string(res.Outcome)), prop("expected", res.Expected)},
	}
	if res.Outside != nil {
		out.Methods = []string{"UNKNOWN"} // whatever its owner does
		out.Props = []oscalProp{prop("rule", res.Rule), prop("outcome", string(res.Outcome)), prop("owner", res.Outside.Owner)}
		if res.Outside.Status != "" {
			out.Props = append(out.Props, prop("owner-status", res.Outside.Status))
		}
	}
	if res.Severity != "" {
		out.Props = append(out.Props, prop("severity", res.Severity))
	}
	if res.Underlying != "" {
		out.Props = append(out.Props, prop("outcome-beneath-waiver", string(res.Underlying)))
	}
	if res.Observed.Persisted != "" {
		out.Props = append(out.Props, prop("persisted", res.Observed.Persisted))
	}
	if res.Observed.Running != "" {
		out.Props = append(out.Props, prop("running", res.Observed.Running))
	}
	for _, s := range res.Places() {
		text := place(s)
		if s.Wins {
			text += " (decides)"
		}
		out.Evidence = append(out.Evidence, oscalEvidence{fill(text)})
	}
	return out
}

func (o oscalMaker) risk(res Result) oscalRisk {
	w := res.Waiver
	out := oscalRisk{
		UUID: o.uuid("risk", res.Rule), Title: fill(res.Title), Description: fill(res.Message), Statement: fill(w.Justification),
		Props:  []oscalProp{prop("rule", res.Rule), prop("waiver-reason", string(w.Reason)), prop("waiver-owner", w.Owner), prop("waiver-origin", string(w.Origin))},
		Status: "deviation-approved",
	}
	if day, err := time.Parse(time.DateOnly, w.Expires); err == nil {
		out.Deadline = day.AddDate(0, 0, 1).Add(-time.Second).Format(time.RFC3339)
	}
	return out
}

func (o oscalMaker) finding(c ControlResult) oscalFinding {
	title := c.Title
	if title == "" {
		title = c.Results[0].Title
	}
	out := oscalFinding{
		UUID: o.uuid("finding", c.Benchmark+"\x00"+c.ID), Title: fill(c.ID + " " + title), Description: fill(c.Benchmark + " " + c.ID),
		Target: oscalTarget{"objective-id", oscalID(c.ID), oscalStatus{"not-satisfied", "other", string(c.Outcome)}},
	}
	switch c.Outcome {
	case rule.Pass, rule.NotApplicable:
		out.Target.Status.State = "satisfied"
		if c.Outcome == rule.Pass {
			out.Target.Status.Reason = "pass"
		}
	case rule.Fail:
		out.Target.Status.Reason = "fail"
	}
	for _, res := range c.Results {
		out.Observations = append(out.Observations, oscalObservedRef{o.uuid("observation", res.Rule)})
		if res.Outcome == rule.Waived {
			out.Risks = append(out.Risks, oscalRiskRef{o.uuid("risk", res.Rule)})
		}
	}
	return out
}

func prop(name, value string) oscalProp { return oscalProp{name, oscalNamespace, fill(value)} }

// oscalID makes a control number a token, which begins with a letter.
func oscalID(id string) string { return "control-" + xccdfToken(id) }
