package gate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/gate"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func result(id, control string, level int, o rule.Outcome) report.Result {
	return report.Result{Rule: id, Controls: []report.Control{{Benchmark: "CIS", ID: control, Level: level}}, Outcome: o, Message: "it is so"}
}

func grave(id, severity string) report.Result {
	r := result(id, "1.9", 1, rule.Fail)
	r.Severity = severity
	return r
}

func waived(id, control string, change func(*rule.Waiver)) report.Result {
	r := result(id, control, 1, rule.Waived)
	r.Underlying = rule.Fail
	w := rule.Waiver{Reason: rule.AcceptedRisk, Justification: "j", Owner: "node-team", Expires: "2027-01-31", Origin: rule.OperatorWaiver}
	if change != nil {
		change(&w)
	}
	r.Waiver = &report.Waiver{Waiver: w}
	return r
}

func outside(control string) report.Result {
	r := result("cis-"+control, control, 1, rule.NotApplicable)
	r.Outside = &rule.Outside{Reason: "it is about the cluster", Owner: "aks"}
	return r
}

func of(results ...report.Result) *report.Report {
	return &report.Report{Profile: report.Profile{Name: "aks-ubuntu-24.04"}, Finished: now.Add(-time.Hour), Results: results}
}

func TestJudge(t *testing.T) {
	pass := result("good", "1.1", 1, rule.Pass)
	fail1, fail2 := result("bad-one", "1.2", 1, rule.Fail), result("bad-two", "2.2", 2, rule.Fail)
	old := of(pass)
	old.Finished = now.AddDate(0, 0, -8)
	future := of(pass)
	future.Finished = now.Add(time.Hour)
	shallow := of(pass)
	shallow.Profile.Level = 1
	for name, tc := range map[string]struct {
		policy string
		report *report.Report
		want   []string
	}{
		"everything passes":                     {``, of(pass), nil},
		"a failure is refused without a policy": {``, of(pass, fail1), []string{"bad-one (1.2): level 1: fail: it is so"}},
		"an error is refused":                   {``, of(result("e", "1.3", 1, rule.Error)), []string{"e (1.3): level 1: error: it is so"}},
		"a blind spot is refused":               {``, of(result("o", "1.3", 1, rule.NotObservable)), []string{"o (1.3): level 1: not_observable: it is so"}},
		"a person's judgement is let through":   {``, of(result("m", "1.3", 1, rule.Manual)), nil},
		"a level has a limit of its own":        {`level "2" { fail = 1 }`, of(fail1, fail2), []string{"bad-one (1.2): level 1: fail: it is so"}},
		"more than the limit":                   {`level "2" { fail = 1 }`, of(fail2, result("x", "2.3", 2, rule.Fail)), []string{"level 2: 2 rules fail, and 1 are the most", "bad-two (2.2): level 2: fail: it is so", "x (2.3): level 2: fail: it is so"}},
		"a limit on waivers":                    {`level "1" { waived = 0 }`, of(waived("w", "1.4", nil)), []string{"w (1.4): level 1: waived: it is so"}},
		"a severity by control":                 {"level \"2\" { fail = 9 }\nseverity \"high\" {\n match = [\"2.*\"]\n fail = 0\n}", of(fail2), []string{"bad-two (2.2): severity high: fail: it is so"}},
		"a severity by the rules' own": {"level \"1\" { fail = 9 }\nseverity \"high\" {\n fail = 0\n}", of(grave("h", "high"), grave("m", "medium"), grave("l", "low")),
			[]string{"h (1.9): severity high: fail: it is so"}},
		"a limit for each severity": {"level \"1\" { fail = 9 }\nseverity \"high\" {\n}\nseverity \"low\" {\n fail = 1\n}", of(grave("l", "low"), grave("l2", "low"), grave("m", "medium")),
			[]string{"severity low: 2 rules fail, and 1 are the most", "l (1.9): severity low: fail: it is so", "l2 (1.9): severity low: fail: it is so"}},
		"a rule whose severity nobody said is not taken for a mild one": {"level \"1\" { fail = 9 }\nseverity \"high\" {\n}", of(fail1),
			[]string{"bad-one (1.2): severity high: fail: it is so"}},
		"a severity's patterns count, not its name": {"level \"1\" { fail = 9 }\nseverity \"high\" {\n match = [\"m\"]\n}", of(grave("h", "high"), grave("m", "medium")),
			[]string{"m (1.9): severity high: fail: it is so"}},
		"a severity is on top of the levels": {"severity \"low\" {\n fail = 9\n}", of(grave("l", "low")),
			[]string{"l (1.9): level 1: fail: it is so"}},
		"grace":                                 {"grace \"1.2\" {\n until = \"2026-11-21\"\n why = \"new\"\n}", of(fail1), nil},
		"grace that is over":                    {"grace \"1.2\" {\n until = \"2026-11-20\"\n why = \"new\"\n}", of(fail1), []string{"bad-one (1.2): level 1: fail: it is so"}},
		"grace by rule":                         {"grace \"bad-one\" {\n until = \"2027-01-01\"\n why = \"new\"\n}", of(fail1), nil},
		"grace covers no error":                 {"grace \"1.2\" {\n until = \"2027-01-01\"\n why = \"new\"\n}", of(result("e", "1.2", 1, rule.Error)), []string{"e (1.2): level 1: error: it is so"}},
		"a report that is too old":              {`max_age = "7d"`, old, []string{"the report is 8 days old, and 7 days is the most"}},
		"a report from the future":              {``, future, []string{"the report is from the future: it ended at 2026-11-21T13:00:00Z"}},
		"a report that looked too little":       {`reach = 2`, shallow, []string{"the report looked at level 1 only, and level 2 is asked for"}},
		"another profile":                       {`profiles = ["cis-*"]`, of(pass), []string{`the profile is "aks-ubuntu-24.04", which the policy does not accept`}},
		"an empty report":                       {``, of(), []string{"the report has no results"}},
		"a waiver that is fine":                 {`waivers { reasons = ["accepted_risk"] }`, of(waived("w", "1.4", nil)), nil},
		"a reason that is not allowed":          {`waivers { reasons = ["covered_elsewhere"] }`, of(waived("w", "1.4", nil)), []string{"w (1.4): its waiver has the reason accepted_risk, which the policy does not allow", "w (1.4): level 1: fail: it is so"}},
		"an owner who may not":                  {`waivers { owners = ["security-*"] }`, of(waived("w", "1.4", nil)), []string{`w (1.4): its waiver is owned by "node-team", who may not own one`, "w (1.4): level 1: fail: it is so"}},
		"an origin that is not honoured":        {`waivers { origins = ["vendor"] }`, of(waived("w", "1.4", nil)), []string{"w (1.4): its waiver is of the operator, whose waivers the policy does not honour", "w (1.4): level 1: fail: it is so"}},
		"a waiver for too long":                 {`waivers { longest = "30d" }`, of(waived("w", "1.4", nil)), []string{"w (1.4): its waiver lasts until 2027-01-31, more than 30 days from now", "w (1.4): level 1: fail: it is so"}},
		"a report of what nobody looked at":     {``, of(outside("1.5")), []string{"nothing was looked at: the report's controls are not applicable to the machine"}},
		"controls that nobody looked at beside": {`level "1" { manual = 0 }`, of(pass, outside("1.5")), nil},
		"a waiver that expired since": {``, of(waived("w", "1.4", func(w *rule.Waiver) { w.Expires = "2026-11-20" })),
			[]string{"w (1.4): its waiver expired on 2026-11-20", "w (1.4): level 1: fail: it is so"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := gate.Parse("policy.hcl", []byte(tc.policy))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range p.Judge(tc.report, now) {
				got = append(got, r.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestMistakesAreToldWithTheirLine(t *testing.T) {
	for name, tc := range map[string]struct{ policy, want string }{
		"a misspelt attribute":       {"max_aeg = \"7d\"", "policy.hcl:1: "},
		"an unknown block":           {"\nlevels {\n}", "policy.hcl:2: "},
		"a level that is none":       {"\nlevel \"3\" {\n}", `policy.hcl:2: Unknown level: A level is "1" or "2"`},
		"a level twice":              {"level \"1\" {\n}\nlevel \"1\" {\n}", "policy.hcl:3: Level twice"},
		"a negative limit":           {"level \"1\" {\n fail = -1\n}", "policy.hcl:2: Negative limit"},
		"a reason that is none":      {"waivers {\n reasons = [\"because\"]\n}", "policy.hcl:2: Unknown waiver reason"},
		"an origin that is none":     {"waivers {\n origins = [\"me\"]\n}", "policy.hcl:2: Unknown origin"},
		"a date that is none":        {"grace \"1.1\" {\n until = \"soon\"\n why = \"w\"\n}", "policy.hcl:2: Bad date"},
		"a grace without a reason":   {"grace \"1.1\" {\n until = \"2027-01-01\"\n why = \" \"\n}", "policy.hcl:3: No reason"},
		"a grace for everything":     {"grace \"*\" {\n until = \"2027-01-01\"\n why = \"w\"\n}", "policy.hcl:1: Grace for a pattern"},
		"a duration that is none":    {`max_age = "a week"`, "policy.hcl:1: Bad duration"},
		"a duration below nothing":   {`max_age = "-7d"`, "policy.hcl:1: Bad duration"},
		"a severity that is none":    {"\nseverity \"worst\" {\n fail = 0\n}", `policy.hcl:2: Unknown severity: "worst" is not one of high, medium, low`},
		"a severity without a match": {"severity \"high\" {\n match = []\n}", "policy.hcl:2: Nothing matched"},
		"a pattern that is none":     {"severity \"high\" {\n match = [\"[\"]\n}", "policy.hcl:2: Bad pattern"},
		"no HCL":                     {"level {", "policy.hcl:1: "},
		"nested too deeply":          {"x = " + strings.Repeat("[", 1000), "nests more than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gate.Parse("policy.hcl", []byte(tc.policy))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	if _, err := gate.Load(filepath.Join(t.TempDir(), "none.hcl")); err == nil {
		t.Error("a policy that is not there loads")
	}
	file := filepath.Join(t.TempDir(), "policy.hcl")
	if err := os.WriteFile(file, []byte("max_age = \"12h\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := gate.Load(file)
	if err != nil || p.MaxAge != 12*time.Hour {
		t.Errorf("policy is %+v, error %v", p, err)
	}
}

// A policy only ever takes away: what the strict one refuses for a result that is not waived, graced or
// within a limit stays refused.
func FuzzParse(f *testing.F) {
	f.Add([]byte("max_age = \"7d\"\nlevel \"1\" {\n fail = 0\n}\nwaivers {\n owners = [\"a*\"]\n}\n"))
	f.Add([]byte("grace \"1.1\" {\n until = \"2027-01-01\"\n why = \"w\"\n}\nseverity \"x\" {\n match = [\"1.*\"]\n}\n"))
	r := of(result("a", "1.1", 1, rule.Fail), waived("w", "1.4", nil), result("e", "9.9", 1, rule.Error))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := gate.Parse("policy.hcl", src)
		if err != nil {
			return
		}
		for _, refusal := range p.Judge(r, now) {
			if refusal.Reason == "" || strings.ContainsAny(refusal.String(), "\n\x1b") {
				t.Errorf("refusal is %q", refusal)
			}
		}
	})
}
