package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var update = flag.Bool("update", false, "rewrite golden files")

// sample has every outcome, and text that a hostile target could have chosen.
func sample() *report.Report {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	control := func(id string, level int) []report.Control {
		return []report.Control{{Benchmark: "CIS X", ID: id, Level: level, Title: "a control"}}
	}
	waiver := rule.Waiver{Reason: rule.AcceptedRisk, Justification: "forwarding is needed", Owner: "aks", Expires: "2027-01-31", Origin: rule.VendorWaiver}
	return &report.Report{
		Schema: report.Schema, Action: report.Check,
		Tool:    report.Tool{Name: "harden", Version: "0.1.0", Digest: strings.Repeat("ab", 32)},
		Profile: report.Profile{Name: "aks-x", Version: "1.0", Benchmark: "CIS X", Digest: strings.Repeat("cd", 32), Variables: []report.Variable{{Name: "umask", Value: "027"}}, Sections: []report.Section{{Benchmark: "CIS X", ID: "1", Title: "base system"}}},
		Host:    report.Host{OS: "ubuntu", Version: "24.04", Name: "Ubuntu 24.04 LTS", Arch: "amd64", Mode: "live", Kernel: "6.8.0"},
		Require: "persisted", Started: at, Finished: at.Add(time.Second), Nonce: "n1", RunID: "run",
		Summary: report.Summary{Pass: 1, Fail: 2, Error: 1, NotApplicable: 2, NotObservable: 1, Waived: 1},
		Results: []report.Result{
			{Rule: "kmod-cramfs-disabled", Controls: control("1.1.1.1", 1), Title: "cramfs cannot be loaded", Severity: "low", Outcome: rule.Pass,
				Message: "no installed kernel has it", Expected: "not loadable", Observed: report.Observed{Persisted: "absent", Running: "not loaded"}},
			{Rule: "ssh-x11", Controls: control("5.1.8", 2), Title: "X11 is not forwarded", Severity: "medium", Outcome: rule.Fail, Message: "X11Forwarding is yes",
				Expected: "X11Forwarding no", Observed: report.Observed{Persisted: "yes"}, RunningDiffers: true,
				Sources: []rule.Source{{Path: "/etc/ssh/sshd_config", Line: 7, Text: "X11Forwarding yes", Wins: true}, {Path: "/etc/ssh/sshd_config", Line: 9, Text: "X11Forwarding no"}}},
			{Rule: "banner", Controls: control("1.6.2", 1), Title: "banner", Outcome: rule.Fail,
				Message: "holds \x1b[31m<script>|alert(1)</script>\x07 and \xff and \u202e", Expected: "a banner"},
			{Rule: "sysctl", Controls: control("3.1", 1), Title: "redirects", Outcome: rule.Error, Message: "cannot read /etc/sysctl.d/x.conf: permission denied", Expected: "0"},
			{Rule: "crontab", Controls: control("2.4", 1), Title: "crontab", Outcome: rule.NotApplicable, Message: "there is no /etc/crontab", Expected: "0600"},
			{Rule: "mount", Controls: control("1.1.2", 1), Title: "mounts", Outcome: rule.NotObservable, Message: "an offline root has no mounts", Expected: "nodev"},
			{Rule: "forward", Controls: append(control("3.3.1", 1), control("3.3.2", 2)...), Title: "forwarding", Severity: "high", Outcome: rule.Waived, Underlying: rule.Fail,
				Message: "net.ipv4.ip_forward is 1", Expected: "0; 0", Waiver: &report.Waiver{Waiver: waiver},
				Resources: []report.Part{{Kind: "sysctl", Name: "a", Outcome: rule.Fail, Message: "is 1", Expected: "0"}, {Kind: "sysctl", Name: "b", Outcome: rule.Pass, Expected: "0"}}},
			{Rule: "cis-x-5.1.1", Controls: control("5.1.1", 1), Title: "few are cluster administrators", Outcome: rule.NotApplicable,
				Message: "it is about the cluster (owner aks, who publishes Depends on Environment)",
				Outside: &rule.Outside{Reason: "it is about the cluster", Owner: "aks", Status: "Depends on Environment"}},
		},
		Changes: []report.Change{{Target: "/etc/issue", Action: "edit file", Rules: []string{"banner"}, Diff: "--- a\n+++ b\n"}},
	}
}

func TestFormats(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"report.json":       func(b *bytes.Buffer) error { return report.JSON(b, sample()) },
		"report.md":         func(b *bytes.Buffer) error { return report.Markdown(b, sample()) },
		"report.txt":        func(b *bytes.Buffer) error { return report.Text(b, sample(), report.TextOptions{}) },
		"report-all.txt":    func(b *bytes.Buffer) error { return report.Text(b, sample(), report.TextOptions{All: true}) },
		"report-cis.txt":    func(b *bytes.Buffer) error { return report.CIS(b, sample()) },
		"report.junit.xml":  func(b *bytes.Buffer) error { return report.JUnit(b, sample()) },
		"report.sarif":      func(b *bytes.Buffer) error { return report.SARIF(b, sample()) },
		"report.xccdf.xml":  func(b *bytes.Buffer) error { return report.XCCDF(b, sample()) },
		"report.oscal.json": func(b *bytes.Buffer) error { return report.OSCAL(b, sample()) },
		"report-colour.txt": func(b *bytes.Buffer) error { return report.Text(b, sample(), report.TextOptions{Color: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAReportOfControlsThatNobodyLookedAtSaysSo: it is neither compliant nor not.
func TestAReportOfControlsThatNobodyLookedAtSaysSo(t *testing.T) {
	r := sample()
	r.Results = r.Results[7:]
	r.Summary, r.Compliant, r.Changes = report.Summary{NotApplicable: 1}, true, nil
	if r.Looked() {
		t.Error("something was looked at")
	}
	for name, tc := range map[string]struct {
		write func(*bytes.Buffer) error
		want  []string
	}{
		"text":     {func(b *bytes.Buffer) error { return report.Text(b, r, report.TextOptions{}) }, []string{"NOT APPLICABLE  aks-x", "5.1.1      few are cluster", "it is about the cluster (owner aks"}},
		"markdown": {func(b *bytes.Buffer) error { return report.Markdown(b, r) }, []string{"# Not applicable: aks-x", "| 5.1.1 | few are cluster administrators | L1 |  | N/A |"}},
		"cis":      {func(b *bytes.Buffer) error { return report.CIS(b, r) }, []string{"notapplicable: 5.1.1 ", "Pass: 0\n", "Not Selected: 1\n", "Score: 0%"}},
		"oscal":    {func(b *bytes.Buffer) error { return report.OSCAL(b, r) }, []string{"exclude-controls", "it is about the cluster"}},
	} {
		var b bytes.Buffer
		if err := tc.write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range tc.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, b.String())
			}
		}
		if strings.Contains(b.String(), "COMPLIANT") || strings.Contains(b.String(), "\"satisfied\"") {
			t.Errorf("%s has a verdict:\n%s", name, b.String())
		}
	}
}

func TestNothingFromATargetControlsATerminal(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":     func(b *bytes.Buffer) error { return report.Text(b, sample(), report.TextOptions{All: true}) },
		"markdown": func(b *bytes.Buffer) error { return report.Markdown(b, sample()) },
		"cis":      func(b *bytes.Buffer) error { return report.CIS(b, sample()) },
		"junit":    func(b *bytes.Buffer) error { return report.JUnit(b, sample()) },
		"sarif":    func(b *bytes.Buffer) error { return report.SARIF(b, sample()) },
		"xccdf":    func(b *bytes.Buffer) error { return report.XCCDF(b, sample()) },
		"oscal":    func(b *bytes.Buffer) error { return report.OSCAL(b, sample()) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"\x1b", "\x07", "\xff", "\u202e", "\r"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s lets %q through", name, bad)
			}
		}
		if (name == "markdown" || name == "junit" || name == "xccdf") && strings.Contains(b.String(), "<script>") {
			t.Error("markdown lets a tag through")
		}
	}
}

func TestNothingFromATargetIsACommandToAPipeline(t *testing.T) {
	for text, want := range map[string]string{
		"##vso[task.setvariable variable=PATH]/evil": `#\x23vso[task.setvariable variable=PATH]/evil`,
		"see ##vso[a.b]":         `see #\x23vso[a.b]`,
		"###vso[a.b]":            `##\x23vso[a.b]`,
		"##\ufe0fvso[a.b]":       "#\\x23\ufe0fvso[a.b]",
		"#\ufe0f#v\ufe0fso[a.b]": "#\ufe0f\\x23v\ufe0fso[a.b]",
		"##VSO[a.b]":             `#\x23VSO[a.b]`,
		"##[group]x":             `#\x23[group]x`,
		"::add-mask::x":          `\x3a:add-mask::x`,
		"\t ::add-mask::x":       "\t \\x3a:add-mask::x",
		"## a heading":           "## a heading",
		"fe80::1 and a::b":       "fe80::1 and a::b",
	} {
		if got := report.Printable(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	// Whatever the form, none of its lines is one.
	r := sample()
	r.Compliant = false
	const command = "##vso[task.setvariable variable=PATH]/evil"
	res := &r.Results[1]
	res.Title, res.Message, res.Expected, res.Rule = command, command, command, command
	res.Observed, res.Sources[0].Text, res.Sources[0].Path = report.Observed{Persisted: command, Running: command}, command, command
	r.Host.Name, r.Profile.Name, r.Profile.Benchmark, res.Controls[0].ID, res.Controls[0].Benchmark = command, command, command, command, command
	for name, write := range map[string]func(*bytes.Buffer) error{
		"json":     func(b *bytes.Buffer) error { return report.JSON(b, r) },
		"text":     func(b *bytes.Buffer) error { return report.Text(b, r, report.TextOptions{All: true}) },
		"markdown": func(b *bytes.Buffer) error { return report.Markdown(b, r) },
		"cis":      func(b *bytes.Buffer) error { return report.CIS(b, r) },
		"junit":    func(b *bytes.Buffer) error { return report.JUnit(b, r) },
		"sarif":    func(b *bytes.Buffer) error { return report.SARIF(b, r) },
		"xccdf":    func(b *bytes.Buffer) error { return report.XCCDF(b, r) },
		"oscal":    func(b *bytes.Buffer) error { return report.OSCAL(b, r) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "##vso[") {
			t.Errorf("%s gives an order to a pipeline", name)
		}
		if name != "json" {
			continue
		}
		if again, err := report.Parse(b.Bytes()); err != nil || again.Results[1].Message != command {
			t.Errorf("the JSON does not say what it is made from: %v", err)
		}
	}
}

func TestReportFitsItsSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.JSON(&b, sample()); err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(instance); err != nil {
		t.Error(err)
	}
	instance.(map[string]any)["surprise"] = true
	if schema.Validate(instance) == nil {
		t.Error("the schema accepts an unknown field")
	}
}

func TestParseRefusesWhatDoesNotAddUp(t *testing.T) {
	valid := func() map[string]any {
		var b bytes.Buffer
		if err := report.JSON(&b, sample()); err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, tc := range map[string]struct {
		spoil func(m map[string]any)
		want  string
	}{
		"a valid report":              {func(map[string]any) {}, ""},
		"another schema":              {func(m map[string]any) { m["schema"] = "x" }, "schema is"},
		"an unknown field":            {func(m map[string]any) { m["x"] = 1 }, "unknown field"},
		"an unknown severity":         {func(m map[string]any) { m["results"].([]any)[0].(map[string]any)["severity"] = "worst" }, "unknown severity"},
		"an unknown outcome":          {func(m map[string]any) { m["results"].([]any)[0].(map[string]any)["outcome"] = "fine" }, "unknown outcome"},
		"a summary that does not add": {func(m map[string]any) { m["summary"].(map[string]any)["pass"] = 9 }, "does not count"},
		"a false claim of compliance": {func(m map[string]any) { m["compliant"] = true }, "does not follow"},
		"a waiver out of nowhere":     {func(m map[string]any) { m["results"].([]any)[6].(map[string]any)["waiver"] = nil }, "waiver and outcome"},
		"a reason beside a pass":      {func(m map[string]any) { m["results"].([]any)[7].(map[string]any)["outcome"] = "pass" }, "without a reason and owner or with another outcome"},
		"a reason without an owner": {func(m map[string]any) {
			m["results"].([]any)[7].(map[string]any)["not_applicable"] = map[string]any{"reason": "r", "owner": ""}
		}, "without a reason and owner"},
		"an unknown action": {func(m map[string]any) { m["action"] = "guess" }, "unknown action"},
		"no profile":        {func(m map[string]any) { m["profile"].(map[string]any)["name"] = "" }, "not named"},
	} {
		t.Run(name, func(t *testing.T) {
			m := valid()
			tc.spoil(m)
			data, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			_, err = report.Parse(data)
			if tc.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := report.Parse([]byte(`{}{}`)); err == nil {
		t.Error("two documents are accepted")
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := report.JSON(&b, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := report.Parse(data)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := report.JSON(&out, r); err != nil {
			t.Fatal(err)
		}
		if _, err := report.Parse(out.Bytes()); err != nil {
			t.Errorf("what was accepted is not accepted again: %v", err)
		}
		if err := report.Text(&out, r, report.TextOptions{All: true}); err != nil {
			t.Fatal(err)
		}
		for _, write := range []func(io.Writer, *report.Report) error{
			report.Markdown, report.CIS, report.JUnit, report.SARIF, report.XCCDF, report.OSCAL,
		} {
			if err := write(&out, r); err != nil {
				t.Fatal(err)
			}
		}
	})
}
