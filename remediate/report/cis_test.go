package report_test

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var (
	baselineLine = regexp.MustCompile(`(?m)^pass: ([0-9][0-9.]*)`)
	reportLine   = regexp.MustCompile(`(?m)^(pass|fail|manual|error|unknown): ([0-9][0-9.]*)`)
)

// pipelineRegressions is how the node image pipeline compares: what passes in the baseline and has any other status, or
// none, is a regression. It reads numbers and statuses alone; where a number stands twice, the later line counts.
func pipelineRegressions(baseline, now string) []string {
	status := map[string]string{}
	for _, m := range reportLine.FindAllStringSubmatch(now, -1) {
		status[m[2]] = m[1]
	}
	var list []string
	for _, m := range baselineLine.FindAllStringSubmatch(baseline, -1) {
		switch got := status[m[1]]; got {
		case "pass":
		case "":
			list = append(list, m[1]+" MISSING")
		default:
			list = append(list, m[1]+" "+got)
		}
	}
	return list
}

// baseline has the shape of those in the pipeline's repository.
const baseline = `A Benchmark
Evaluation of: vhd-scanning-vm-1
Ended: 2026-02-05T17:27:42.521Z
Assessment Duration: 1 minute, 0 seconds

pass: 1.1.1 [L1] Passes
pass: 1.1.10 [L1] Has nothing to look at
fail: 1.2.1 [L2] Never passed
pass: 3.1 [L1] Fails now
pass: 3.2 [L1] Is waived
pass: 3.3 [L2] Errs
pass: 3.4 [L1] Cannot be seen
manual: 4.1 [L1] A person's
pass: 4.2 [L1] A person's now
pass: 5.1 [L1] Is gone
pass: 5.2 [L1] Has two rules, of which one fails
********** Total **********
Pass: 9
`

func TestThePipelinesComparisonWorksOnOurLines(t *testing.T) {
	result := func(id string, o rule.Outcome, benchmarks ...string) report.Result {
		res := report.Result{Rule: "r" + id, Title: "pass: 1.1.1 [L1] a title", Outcome: o}
		if o == rule.Waived {
			res.Underlying, res.Waiver = rule.Fail, &report.Waiver{}
		}
		res.Controls = []report.Control{{Benchmark: append(benchmarks, "A Benchmark")[0], ID: id, Level: 1}}
		return res
	}
	r := &report.Report{Profile: report.Profile{Benchmark: "A Benchmark"}, Results: []report.Result{
		result("1.1.1", rule.Pass), result("1.1.10", rule.NotApplicable), result("1.2.1", rule.Fail), result("3.1", rule.Fail),
		result("3.2", rule.Waived), result("3.3", rule.Error), result("3.4", rule.NotObservable), result("4.1", rule.Manual), result("4.2", rule.Manual),
		result("5.2", rule.Fail), result("5.2", rule.Pass),
		// Another benchmark has the same numbers.
		result("1.1.1", rule.Fail, "B Benchmark"), result("3.1", rule.Pass, "B Benchmark"), result("5.1", rule.Pass, "B Benchmark"),
	}}
	var b bytes.Buffer
	if err := report.CIS(&b, r); err != nil {
		t.Fatal(err)
	}
	want := []string{"3.1 fail", "3.2 fail", "3.3 error", "3.4 unknown", "4.2 manual", "5.1 MISSING", "5.2 fail"}
	if diff := cmp.Diff(want, pipelineRegressions(baseline, b.String())); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, b.String())
	}
	if again := pipelineRegressions(b.String(), b.String()); len(again) > 0 {
		t.Errorf("our lines as the baseline regress from themselves: %q", again)
	}
	seen := map[string]int{}
	for _, m := range reportLine.FindAllStringSubmatch(b.String(), -1) {
		seen[m[2]]++
	}
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		if seen[id] != 1 {
			t.Errorf("%s has %d lines", id, seen[id])
		}
	}
}
