package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func schemaOf(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
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
	return schema
}

func empty() *report.Report {
	r := sample()
	r.Results, r.Changes, r.Summary, r.Compliant = nil, nil, report.Summary{}, true
	return r
}

// The schemas are those of OASIS and NIST, without their descriptions; OSCAL's holds only what
// assessment results need.
func TestFormatsFitTheSchemasOfTheirStandards(t *testing.T) {
	for _, tc := range []struct {
		name, schema string
		write        func(io.Writer, *report.Report) error
		spoil        func(m map[string]any)
	}{
		{"SARIF", "testdata/sarif-2.1.0.schema.json", report.SARIF, func(m map[string]any) { m["runs"].([]any)[0].(map[string]any)["surprise"] = 1 }},
		{"OSCAL", "testdata/oscal-1.1.3-assessment-results.schema.json", report.OSCAL, func(m map[string]any) {
			m["assessment-results"].(map[string]any)["uuid"] = "none"
		}},
	} {
		schema := schemaOf(t, tc.schema)
		for name, r := range map[string]*report.Report{"a report": sample(), "an empty report": empty()} {
			t.Run(tc.name+" of "+name, func(t *testing.T) {
				var b bytes.Buffer
				if err := tc.write(&b, r); err != nil {
					t.Fatal(err)
				}
				instance, err := jsonschema.UnmarshalJSON(&b)
				if err != nil {
					t.Fatal(err)
				}
				if err := schema.Validate(instance); err != nil {
					t.Error(err)
				}
				tc.spoil(instance.(map[string]any))
				if schema.Validate(instance) == nil {
					t.Error("the schema accepts anything")
				}
			})
		}
	}
}

func TestSARIFPointsAtTheLineThatDecides(t *testing.T) {
	var b bytes.Buffer
	if err := report.SARIF(&b, sample()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"uri": "etc/ssh/sshd_config"`, `"startLine": 7`, `"uriBaseId": "TARGET"`, `"status": "accepted"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}

func TestXMLIsWellFormed(t *testing.T) {
	for name, write := range map[string]func(io.Writer, *report.Report) error{"junit": report.JUnit, "xccdf": report.XCCDF} {
		var b bytes.Buffer
		if err := write(&b, sample()); err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(strings.NewReader(b.String()))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestControlNumbersCountAsPeopleDo(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"1.2", "1.10", -1}, {"1.10", "1.2", 1}, {"1.1", "1.1.1", -1}, {"2", "1.9", 1}, {"1.1", "1.1", 0}, {"AKS-1", "1.1", 1},
	} {
		if got := report.CompareIDs(tc.a, tc.b); got != tc.want {
			t.Errorf("CompareIDs(%q, %q) is %d", tc.a, tc.b, got)
		}
	}
}

func TestThePlaceThatMadeTheOutcomeComesFirst(t *testing.T) {
	at := func(path string, wins bool) rule.Source { return rule.Source{Path: path, Wins: wins} }
	good := report.Part{Outcome: rule.Pass, Sources: []rule.Source{at("/good", true)}}
	bad := report.Part{Outcome: rule.Fail, Sources: []rule.Source{at("/shadowed", false), at("/bad", true)}}
	res := report.Result{Outcome: rule.Waived, Underlying: rule.Fail, Resources: []report.Part{good, bad}, Sources: append(good.Sources, bad.Sources...)}
	var got []string
	for _, s := range res.Places() {
		got = append(got, s.Path)
	}
	if strings.Join(got, " ") != "/bad /good /shadowed" {
		t.Errorf("places are %q", got)
	}
}
