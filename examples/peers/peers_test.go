package peers

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestResultsAreRead(t *testing.T) {
	const file = `<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2"><Rule id="xccdf_org.ssgproject.content_rule_a"/><TestResult>
<rule-result idref="xccdf_org.ssgproject.content_rule_a"><result>pass</result></rule-result>
<rule-result idref="xccdf_org.ssgproject.content_rule_b"><result>notselected</result></rule-result>
<rule-result idref="xccdf_org.ssgproject.content_rule_c"><result>fail</result></rule-result>
</TestResult></Benchmark>`
	got, err := parseResults(strings.NewReader(file))
	if err != nil || len(got) != 2 || got["a"] != "pass" || got["c"] != "fail" {
		t.Errorf("%v, %v", got, err)
	}
	for name, text := range map[string]string{"a file that ends early": file[:300], "a file without results": "<Benchmark/>"} {
		if got, err := parseResults(strings.NewReader(text)); err == nil {
			t.Errorf("%s gives %v", name, got)
		}
	}
}

func TestTheMapNamesRulesThatExist(t *testing.T) {
	pairs, err := parseMap("map.tsv", mapping)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{"cis-" + shape}})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range p.Controls {
		for _, r := range c.Rules {
			known[r] = true
		}
	}
	for _, pair := range pairs {
		for _, name := range pair.ours {
			if !known[name] {
				t.Errorf("%s stands beside %s, which the profile does not have", pair.scanner, name)
			}
		}
	}
}

func TestBadMapsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"another header": "a\tb\nx\ty\n",
		"no counterpart": "scanner\tours\nx\n",
		"a rule twice":   "scanner\tours\nx\ty\nx\tz\n",
	} {
		if list, err := parseMap("x.tsv", text); err == nil {
			t.Errorf("%s gives %v", name, list)
		}
	}
}

func TestExplanationsNeedEvidence(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"who is right needs a command", `disagreement "x" {
  scanner = ["a"]
  right   = "ours"
  why     = "b"
}`, "needs a command"},
		{"a command needs what it says", `disagreement "x" {
  scanner = ["a"]
  right   = "ours"
  why     = "b"
  command = "true"
}`, "needs what it says"},
		{"nobody else is right", `disagreement "x" {
  scanner = ["a"]
  right   = "nobody"
  why     = "b"
}`, "ours, scanner or both"},
		{"a reason", `disagreement "x" {
  scanner = ["a"]
  right   = "both"
  why     = ""
}`, "a reason"},
		{"why it has no counterpart", `alone {
  scanner = []
  why     = "b"
}`, "need a reason"},
	} {
		if _, err := parseExplanations("x.hcl", []byte(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
	}
	if _, err := parseExplanations("disagreements.hcl", disagreementsSource); err != nil {
		t.Error(err)
	}
}

func look1(words results, ours ...report.Result) Look {
	return Look{level1: words, level2: words, ours: &report.Report{Results: ours}}
}

func TestRowsPairBothSides(t *testing.T) {
	pairs := []pairing{{"a", []string{"x", "y"}}, {"b", nil}}
	before := look1(results{"a": "fail", "b": "pass"}, report.Result{Rule: "x", Outcome: rule.Fail}, report.Result{Rule: "y", Outcome: rule.Pass})
	after := look1(results{"a": "pass", "b": "pass"}, report.Result{Rule: "x", Outcome: rule.Pass}, report.Result{Rule: "y", Outcome: rule.Pass})
	list, err := rows(pairs, before, after)
	if err != nil || len(list) != 2 || !list[0].Agrees() || list[0].Level != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	missing := explanations{}
	if got := strings.Join(mistakes(list, missing), "\n"); got != "b: a missing counterpart without an explanation" {
		t.Errorf("mistakes: %s", got)
	}
	e := explanations{Alone: []Alone{{[]string{"b"}, "not asked"}}}
	if _, err := page(nil, list, e, 2); err != nil {
		t.Error(err)
	}
	e.Disagreements = []Disagreement{{Name: "n", Scanner: []string{"a"}, Right: "both", Why: "w"}}
	if _, err := page(nil, list, e, 2); err == nil || !strings.Contains(err.Error(), "a: an explanation without a disagreement") {
		t.Errorf("error %v", err)
	}
	list[0].After.Scanner = "fail"
	got, err := page(nil, list, e, 2)
	if err != nil || !strings.Contains(string(got), "| a | fail | fail | fail | pass |") {
		t.Errorf("%s, %v", got, err)
	}
}

func TestWhatCannotBePairedIsRefused(t *testing.T) {
	ours := report.Result{Rule: "x", Outcome: rule.Pass}
	good := look1(results{"a": "pass"}, ours)
	for _, tc := range []struct {
		name  string
		pairs []pairing
		look  Look
		want  string
	}{
		{"a rule that the map lacks", []pairing{}, good, "map.tsv does not have it"},
		{"a rule that the scanner did not look at", []pairing{{"a", nil}, {"b", nil}}, good, "did not look"},
		{"a rule that we lack", []pairing{{"a", []string{"z"}}}, good, "no rule z"},
		{"levels that contradict each other", []pairing{{"a", nil}}, Look{level1: results{"a": "pass"}, level2: results{"a": "fail"}, ours: good.ours}, "at level 2"},
	} {
		if list, err := rows(tc.pairs, tc.look, tc.look); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, %v, want %q", tc.name, list, err, tc.want)
		}
	}
}
