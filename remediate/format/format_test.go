package format_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/format"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestEveryFormatWritesAndHasItsOwnNames(t *testing.T) {
	r := &report.Report{Profile: report.Profile{Benchmark: "CIS"}, Compliant: true, Summary: report.Summary{Pass: 1}, Results: []report.Result{{
		Rule: "a-rule", Title: "a title", Outcome: rule.Pass, Controls: []report.Control{{Benchmark: "CIS", ID: "1.1", Level: 1}},
	}}}
	seen := map[string]bool{}
	for _, f := range format.All() {
		if seen[f.Name] || seen[f.Extension] && f.Extension != f.Name {
			t.Errorf("%s or its extension stands twice", f.Name)
		}
		seen[f.Name], seen[f.Extension] = true, true
		found, err := format.Find(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := found.Write(&b, r, format.Options{Text: report.TextOptions{All: true}}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "a title") {
			t.Errorf("%s lacks the title", f.Name)
		}
	}
	if _, err := format.Find("yaml"); err == nil || !strings.Contains(err.Error(), "text, json") {
		t.Errorf("the error is %v", err)
	}
}

// The stored report is of the first version of the schema as it was first written, before fields were added to it. It
// stays as it is.
func TestAReportOfTheFirstSchemaGoesIntoEveryForm(t *testing.T) {
	data, err := os.ReadFile("testdata/first.report.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range format.All() {
		t.Run(f.Name, func(t *testing.T) {
			var b bytes.Buffer
			if err := f.Write(&b, r, format.Options{}); err != nil {
				t.Fatal(err)
			}
			want := "X11 is not forwarded"
			if f.Name == "cis" { // it names controls, not rules
				want = "fail: 5.1.8 [L2]"
			}
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q in it", want)
			}
		})
	}
}
