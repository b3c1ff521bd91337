package verdicts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestWhatIsPublishedIsRead(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a table", "control\tstatus\n1.1\tPass\n1.2\tN/A\n", ""},
		{"another header is refused", "id\tstatus\n1.1\tPass\n", "line 1"},
		{"a line without a status is refused", "control\tstatus\n1.1\n", "x.tsv:2"},
		{"an unknown status is refused", "control\tstatus\n1.1\tPassed\n", `x.tsv:2: unknown status "Passed"`},
		{"a control that stands there twice is refused", "control\tstatus\n1.1\tPass\n1.1\tFail\n", "x.tsv:3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list, err := ReadPublished(fstest.MapFS{"x.tsv": {Data: []byte(tc.text)}}, "x.tsv")
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want %q", err, tc.want)
				}
				return
			}
			if want := []Published{{"1.1", "Pass"}, {"1.2", "N/A"}}; err != nil || !slices.Equal(list, want) {
				t.Errorf("%v, %v, want %v", list, err, want)
			}
		})
	}
}

func TestExplanationsAreRead(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"both kinds", `difference {
  controls = ["1.1", "1.2"]
  why      = "a"
}
unshown {
  controls = ["1.1"]
  why      = "b"
}`, ""},
		{"a control explained twice is refused", `difference {
  controls = ["1.1"]
  why      = "a"
}
difference {
  controls = ["1.1"]
  why      = "b"
}`, "explained twice"},
		{"no reason is refused", `difference {
  controls = ["1.1"]
  why      = ""
}`, "a reason"},
		{"no control is refused", `unshown {
  controls = []
  why      = "a"
}`, "needs controls"},
		{"a misspelt word is refused", `differs {}`, "x.hcl:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, err := ParseExplanations("x.hcl", []byte(tc.text))
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want %q", err, tc.want)
				}
				return
			}
			if err != nil || e.Differences["1.2"] != "a" || e.Unshown["1.1"] != "b" {
				t.Errorf("%v, %v", e, err)
			}
		})
	}
}

// result is one rule of one control, in a report of a sample.
func result(control string, o rule.Outcome) report.Result {
	r := report.Result{
		Rule: "rule-" + control, Title: "Title of " + control, Outcome: o, Message: "message of " + control,
		Controls: []report.Control{{Benchmark: "B", ID: control, Level: 1}},
	}
	switch o {
	case rule.Waived:
		r.Underlying = rule.Fail
		r.Waiver = &report.Waiver{Waiver: rule.Waiver{Justification: "wanted"}}
	case rule.Manual:
		r.Resources = []report.Part{{Evidence: []string{"seen"}}}
	}
	return r
}

func runs(after ...report.Result) Runs {
	empty := &report.Report{}
	return Runs{Before: Pair{empty, empty}, After: Pair{&report.Report{Results: after}, empty}}
}

func TestAPageNeedsEveryExplanationAndNoOther(t *testing.T) {
	for _, tc := range []struct {
		name      string
		published []Published
		after     []report.Result
		why       Explanations
		want      string // in the error, or else in the page
		fails     bool
	}{
		{name: "what agrees needs none", published: []Published{{"1.1", "Pass"}}, after: []report.Result{result("1.1", rule.Pass)}, want: "| 1.1 | Title of 1.1 | Pass |"},
		{name: "a waived deviation agrees with a published fail", published: []Published{{"1.1", "Fail"}}, after: []report.Result{result("1.1", rule.Waived)}, want: "| wanted |"},
		{name: "a difference needs one", published: []Published{{"1.1", "Pass"}}, after: []report.Result{result("1.1", rule.NotApplicable)}, want: "1.1: a difference without an explanation", fails: true},
		{name: "a published control without a rule is a difference", published: []Published{{"1.1", "Manual"}}, want: "1.1: a difference without an explanation", fails: true},
		{name: "an explained difference is in the page", published: []Published{{"1.1", "Pass"}}, after: []report.Result{result("1.1", rule.NotApplicable)}, why: Explanations{Differences: map[string]string{"1.1": "no such thing"}}, want: "| not applicable | no such thing |"},
		{name: "an explanation of nothing is refused", published: []Published{{"1.1", "Pass"}}, after: []report.Result{result("1.1", rule.Pass)}, why: Explanations{Differences: map[string]string{"1.1": "x"}}, want: "1.1: an explanation without a difference", fails: true},
		{name: "a fail that AKS publishes too must be explained as one that the lab can't avoid", published: []Published{{"1.1", "Fail"}}, after: []report.Result{result("1.1", rule.Fail)}, want: "1.1: something that the lab cannot show without an explanation", fails: true},
		{name: "an error is never explained", published: []Published{{"1.1", "Fail"}}, after: []report.Result{result("1.1", rule.Error)}, why: Explanations{Differences: map[string]string{"1.1": "x"}, Unshown: map[string]string{"1.1": "x"}}, want: "1.1: in error: message of 1.1", fails: true},
		{name: "a pass that AKS publishes as a fail has a list of its own", published: []Published{{"1.1", "Fail"}}, after: []report.Result{result("1.1", rule.Pass)}, why: Explanations{Differences: map[string]string{"1.1": "fixed"}}, want: "| 1.1 | Title of 1.1 | Fail | fixed |"},
		{name: "a manual control without evidence is refused", published: []Published{{"1.1", "Manual"}}, after: []report.Result{{Rule: "r", Outcome: rule.Manual, Controls: []report.Control{{ID: "1.1"}}}}, want: "manual without evidence", fails: true},
		{name: "another state that runs must be explained", published: []Published{{"1.1", "Pass"}}, after: []report.Result{running(result("1.1", rule.Pass))}, want: "1.1: something that the lab cannot show", fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			page, err := Page("x", tc.published, runs(tc.after...), tc.why)
			got := string(page)
			if tc.fails {
				if err == nil {
					t.Fatalf("no error, want %q", tc.want)
				}
				got = err.Error()
			} else if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("%s\ndoes not have %q", got, tc.want)
			}
		})
	}
}

func running(r report.Result) report.Result {
	r.RunningDiffers = true
	return r
}

// TestExplanationsAreOfControls finds a misspelt number without booting anything.
func TestExplanationsAreOfControls(t *testing.T) {
	files, err := filepath.Glob("differences/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		platform := strings.TrimSuffix(filepath.Base(file), ".hcl")
		t.Run(platform, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e, err := ParseExplanations(file, src)
			if err != nil {
				t.Fatal(err)
			}
			published, err := ReadPublished(os.DirFS("../../profiles/testdata/published"), "aks-"+platform+".tsv")
			if err != nil {
				t.Fatal(err)
			}
			p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{"aks-" + platform}})
			if err != nil {
				t.Fatal(err)
			}
			known := map[string]bool{}
			for _, c := range published {
				known[c.Control] = true
			}
			for control := range e.Differences {
				if !known[control] {
					t.Errorf("%s is not published: nothing can differ", control)
				}
			}
			for _, c := range p.Controls {
				known[c.ID] = true
			}
			for control := range e.Unshown {
				if !known[control] {
					t.Errorf("%s is no control", control)
				}
			}
		})
	}
}
