package compare_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var update = flag.Bool("update", false, "rewrite golden files")

func result(id, control string, o rule.Outcome) report.Result {
	r := report.Result{Rule: id, Controls: []report.Control{{Benchmark: "CIS", ID: control, Level: 1}}, Title: "title of " + id, Outcome: o,
		Expected: "0", Observed: report.Observed{Persisted: "0"}, Sources: []rule.Source{{Path: "/etc/" + id, Line: 3, Wins: true}}}
	if o == rule.Waived {
		r.Underlying = rule.Fail
		r.Waiver = &report.Waiver{Waiver: rule.Waiver{Reason: rule.AcceptedRisk, Justification: "j", Owner: "o", Expires: "2027-01-31", Origin: rule.VendorWaiver}}
	}
	return r
}

func outside(control, status string) report.Result {
	return with(result("cis-"+control, control, rule.NotApplicable), func(r *report.Result) {
		r.Expected, r.Observed, r.Sources = "", report.Observed{}, nil
		r.Outside = &rule.Outside{Reason: "the cluster's", Owner: "aks", Status: status}
	})
}

func of(results ...report.Result) *report.Report {
	return &report.Report{
		Schema: report.Schema, Action: report.Check, Tool: report.Tool{Name: "harden"}, Require: "persisted",
		Profile: report.Profile{Name: "p", Benchmark: "CIS", Digest: "d", Variables: []report.Variable{{Name: "minlen", Value: "14"}}},
		Host:    report.Host{OS: "ubuntu", Version: "24.04"}, Results: results,
	}
}

func with(r report.Result, change func(*report.Result)) report.Result {
	change(&r)
	return r
}

func TestReports(t *testing.T) {
	pass, fail := result("a", "1.1", rule.Pass), result("a", "1.1", rule.Fail)
	waived := result("a", "1.1", rule.Waived)
	longer := with(waived, func(r *report.Result) {
		w := *r.Waiver
		w.Expires = "2028-01-31"
		r.Waiver = &w
	})
	both := of(pass)
	both.Require = "both"
	weaker := of(pass)
	weaker.Profile.Variables = []report.Variable{{Name: "minlen", Value: "8"}}
	for name, tc := range map[string]struct {
		before, after *report.Report
		want          []string
	}{
		"nothing changed":                 {of(pass), of(pass), nil},
		"a pass that fails":               {of(pass), of(fail), []string{"- new_failure 1.1 a: pass > fail"}},
		"a pass that errs":                {of(pass), of(result("a", "1.1", rule.Error)), []string{"- new_failure 1.1 a: pass > error"}},
		"a failure that errs":             {of(fail), of(result("a", "1.1", rule.Error)), []string{"- new_failure 1.1 a: fail > error"}},
		"a pass that cannot be seen":      {of(pass), of(result("a", "1.1", rule.NotObservable)), []string{"- new_failure 1.1 a: pass > not_observable"}},
		"a pass for a person":             {of(pass), of(result("a", "1.1", rule.Manual)), []string{"- new_failure 1.1 a: pass > manual"}},
		"a failure that passes":           {of(fail), of(pass), []string{"+ fixed 1.1 a: fail > pass"}},
		"a pass without a subject":        {of(pass), of(result("a", "1.1", rule.NotApplicable)), []string{"~ changed_outcome 1.1 a: pass > not_applicable"}},
		"a control that vanished":         {of(pass, result("b", "1.2", rule.Pass)), of(pass), []string{"- vanished_control 1.2 b: pass > not looked at"}},
		"a rule that vanished":            {of(pass, result("b", "1.1", rule.Pass)), of(pass), []string{"- vanished_rule 1.1 b: pass > not looked at"}},
		"a rule that was renamed":         {of(pass), of(result("b", "1.1", rule.Pass)), []string{"- vanished_rule 1.1 a: pass > not looked at", "+ new_control 1.1 b: not looked at > pass"}},
		"a new rule that passes":          {of(pass), of(pass, result("b", "1.2", rule.Pass)), []string{"+ new_control 1.2 b: not looked at > pass"}},
		"a new rule that fails":           {of(pass), of(pass, result("b", "1.2", rule.Fail)), []string{"- new_failure 1.2 b: not looked at > fail"}},
		"a new rule that is waived":       {of(), of(waived), []string{"- new_waiver 1.1 a: not looked at > waived by o (vendor) until 2027-01-31: accepted_risk: j"}},
		"a new waiver of a failure":       {of(fail), of(waived), []string{"- new_waiver 1.1 a: no waiver > waived by o (vendor) until 2027-01-31: accepted_risk: j"}},
		"a longer waiver":                 {of(waived), of(longer), []string{"- new_waiver 1.1 a: waived by o (vendor) until 2027-01-31: accepted_risk: j > waived by o (vendor) until 2028-01-31: accepted_risk: j"}},
		"a waiver that is not needed now": {of(waived), of(pass), []string{"+ waiver_ended 1.1 a: waived by o (vendor) until 2027-01-31: accepted_risk: j > no waiver", "+ fixed 1.1 a: waived (fail) > pass"}},
		"a waiver that ran out": {of(waived), of(with(result("a", "1.1", rule.Fail), func(r *report.Result) {
			w := *waived.Waiver
			w.Expired = true
			r.Waiver = &w
		})), []string{"- new_failure 1.1 a: waived (fail) > fail", "+ waiver_ended 1.1 a: waived by o (vendor) until 2027-01-31: accepted_risk: j > no waiver"}},
		"a parameter":         {of(pass), weaker, []string{"- weaker_parameter   variable minlen: 14 > 8"}},
		"another expectation": {of(pass), of(with(pass, func(r *report.Result) { r.Expected = "1" })), []string{"- weaker_parameter 1.1 a: 0 > 1"}},
		"less decides":        {both, of(pass), []string{"- weaker_assessment   which state decides: both > persisted"}},
		"another value":       {of(pass), of(with(pass, func(r *report.Result) { r.Observed.Persisted = "absent" })), []string{"~ changed_evidence 1.1 a: 0 > absent"}},
		"another file decides": {of(pass), of(with(pass, func(r *report.Result) { r.Sources = []rule.Source{{Path: "/run/x", Wins: true}} })),
			[]string{"~ changed_evidence 1.1 a: decided by /etc/a > decided by /run/x"}},
		"a control that was never looked at":    {of(pass, outside("1.2", "Pass")), of(pass, outside("1.2", "Pass")), nil},
		"a new control that nobody looks at":    {of(pass), of(pass, outside("1.2", "Pass")), []string{"~ changed_outcome 1.2 cis-1.2: not looked at > not_applicable"}},
		"a control that is not looked at now":   {of(pass, result("b", "1.2", rule.Pass)), of(pass, outside("1.2", "Pass")), []string{"- vanished_control 1.2 b: pass > declared not applicable", "~ changed_outcome 1.2 cis-1.2: not looked at > not_applicable"}},
		"a control that is looked at at last":   {of(pass, outside("1.2", "Pass")), of(pass, result("b", "1.2", rule.Pass)), []string{"+ new_control 1.2 b: not looked at > pass"}},
		"a control that is not even named now":  {of(pass, outside("1.2", "Pass")), of(pass), []string{"- vanished_control 1.2 cis-1.2: not_applicable > not looked at"}},
		"an owner who publishes something else": {of(pass, outside("1.2", "Pass")), of(pass, outside("1.2", "Fail")), []string{"~ changed_evidence 1.2 cis-1.2: the cluster's (owner aks, who publishes Pass) > the cluster's (owner aks, who publishes Fail)"}},
		"another line of the same file":         {of(pass), of(with(pass, func(r *report.Result) { r.Sources = []rule.Source{{Path: "/etc/a", Line: 9, Wins: true}} })), nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := compare.Reports(tc.before, tc.after)
			var got []string
			for _, l := range []struct {
				mark string
				list []compare.Difference
			}{{"-", c.Regressions}, {"+", c.Improvements}, {"~", c.Changes}} {
				for _, d := range l.list {
					subject := d.Control + " " + d.Rule
					if d.Rule == "" {
						subject += " " + d.Title
					}
					got = append(got, fmt.Sprintf("%s %s %s: %s > %s", l.mark, d.Kind, subject, d.Old, d.New))
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	before := of(result("a", "1.1", rule.Pass), result("b", "1.2", rule.Fail), result("gone", "1.3", rule.Pass), result("e", "1.4", rule.Pass))
	after := of(with(result("a", "1.1", rule.Fail), func(r *report.Result) { r.Title = "holds | <b> \x1b[31m\u202e" }), result("b", "1.2", rule.Pass),
		with(result("e", "1.4", rule.Pass), func(r *report.Result) { r.Observed.Persisted = "1" }))
	c := compare.Reports(before, after)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"diff.txt":      func(b *bytes.Buffer) error { return c.Text(b) },
		"diff.md":       func(b *bytes.Buffer) error { return c.Markdown(b) },
		"diff.json":     func(b *bytes.Buffer) error { return c.JSON(b) },
		"baseline.json": func(b *bytes.Buffer) error { return compare.Of(after).Write(b) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			file := "testdata/" + name + ".golden"
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

func outcomes() *rapid.Generator[rule.Outcome] { return rapid.SampledFrom(rule.Outcomes()) }

func reports() *rapid.Generator[*report.Report] {
	return rapid.Custom(func(t *rapid.T) *report.Report {
		var list []report.Result
		for i := range rapid.IntRange(0, 6).Draw(t, "rules") {
			if rapid.Bool().Draw(t, "there") {
				list = append(list, result(fmt.Sprintf("r%d", i), fmt.Sprintf("1.%d", i/2), outcomes().Draw(t, "outcome")))
			}
		}
		return of(list...)
	})
}

func TestAReportIsNoRegressionOfItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := reports().Draw(t, "report")
		c := compare.Reports(r, r)
		if n := len(c.Regressions) + len(c.Improvements) + len(c.Changes); n > 0 {
			t.Errorf("%d differences: %+v", n, c)
		}
	})
}

// What was good and is not so any more, or is not there, is always a regression.
func TestNothingGetsWorseInSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := reports().Draw(t, "before"), reports().Draw(t, "after")
		told := map[string]bool{}
		for _, d := range compare.Reports(before, after).Regressions {
			told[d.Rule] = true
			if d.Kind == compare.VanishedControl {
				for _, r := range before.Results {
					if r.Controls[0].ID == d.Control {
						told[r.Rule] = true
					}
				}
			}
		}
		for _, was := range before.Results {
			good := false
			for _, now := range after.Results {
				good = good || now.Rule == was.Rule && (now.Outcome == rule.Pass || now.Outcome == rule.NotApplicable)
			}
			if was.Outcome == rule.Pass && !good && !told[was.Rule] {
				t.Errorf("rule %s is not told", was.Rule)
			}
		}
	})
}

func TestABaselineSaysTheSameAsItsReport(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := reports().Draw(t, "before"), reports().Draw(t, "after")
		var b bytes.Buffer
		if err := compare.Of(before).Write(&b); err != nil {
			t.Fatal(err)
		}
		read, err := compare.Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(compare.Reports(before, after), compare.Between(read, compare.Of(after))); diff != "" {
			t.Error(diff)
		}
		var again bytes.Buffer
		if err := read.Write(&again); err != nil {
			t.Fatal(err)
		}
		if again.String() != b.String() {
			t.Errorf("not canonical:\n%s\n%s", b.String(), again.String())
		}
	})
}

func TestBaselinesThatAreRefused(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"no JSON":            {"{", "cannot read baseline"},
		"another schema":     {`{"schema":"x"}`, "its schema is"},
		"an unknown field":   {`{"schema":"` + compare.Schema + `","x":1}`, "unknown field"},
		"an unknown outcome": {`{"schema":"` + compare.Schema + `","rules":[{"rule":"a","outcome":"fine"}]}`, "unknown outcome"},
		"a rule twice":       {`{"schema":"` + compare.Schema + `","rules":[{"rule":"a","outcome":"pass"},{"rule":"a","outcome":"pass"}]}`, "twice"},
		"a lone waived":      {`{"schema":"` + compare.Schema + `","rules":[{"rule":"a","outcome":"waived","underlying":"fail"}]}`, "do not agree"},
		"two documents":      {`{"schema":"` + compare.Schema + `"}{}`, "follows"},
		"a broken report":    {`{"schema":"` + report.Schema + `"}`, "cannot accept report"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := compare.Parse([]byte(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	var b bytes.Buffer
	if err := compare.Of(of(result("a", "1.1", rule.Waived))).Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		read, err := compare.Parse(data)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := read.Write(&out); err != nil {
			t.Fatal(err)
		}
		again, err := compare.Parse(out.Bytes())
		if err != nil {
			t.Fatalf("what was accepted is not accepted again: %v", err)
		}
		c := compare.Between(read, again)
		if err := c.Text(&out); err != nil {
			t.Fatal(err)
		}
		if len(c.Regressions) > 0 {
			t.Errorf("it regresses from itself: %+v", c.Regressions)
		}
	})
}
