package page_test

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/page"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var update = flag.Bool("update", false, "rewrite golden files")

// hostile is what a machine could hold to take over its reader.
const hostile = `"><script>window.pwned=1</script><img src="https://evil.example/x" onerror="window.pwned=2">` +
	"\x1b[31m\u202e</style></textarea>{{.}}"

func control(id string, level int) []report.Control {
	return []report.Control{{Benchmark: "CIS Ubuntu Linux 24.04 LTS Benchmark v1.0.0", ID: id, Level: level}}
}

// sample has every outcome and hostile text wherever a machine can put some.
func sample() *report.Report {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	waiver := func(expires string) rule.Waiver {
		return rule.Waiver{Reason: rule.PotentialOperationalImpact, Justification: "container networking forwards packets", Owner: "aks", Expires: expires, Origin: rule.VendorWaiver}
	}
	return &report.Report{
		Schema: report.Schema, Action: report.Apply,
		Tool: report.Tool{Name: "harden", Version: "0.1.0", Digest: strings.Repeat("ab", 32)},
		Profile: report.Profile{Name: "aks-ubuntu-24.04", Version: "1.0", Benchmark: "CIS Ubuntu Linux 24.04 LTS Benchmark v1.0.0", Digest: strings.Repeat("cd", 32), Variables: []report.Variable{{Name: "umask", Value: "027"}},
			Sections: []report.Section{{Benchmark: "CIS Ubuntu Linux 24.04 LTS Benchmark v1.0.0", ID: "1", Title: "Base " + hostile}, {Benchmark: "CIS Ubuntu Linux 24.04 LTS Benchmark v1.0.0", ID: "3", Title: "Network"}, {Benchmark: "Another", ID: "2", Title: "Not this one"}}},
		Host:    report.Host{OS: "ubuntu", Version: "24.04", Name: "Ubuntu 24.04.3 LTS " + hostile, Arch: "amd64", Mode: "live", Kernel: "6.8.0-1030-azure"},
		Require: "persisted", Started: at, Finished: at.Add(1400 * time.Millisecond), Nonce: "n1", RunID: "run",
		Summary: report.Summary{Pass: 2, Fail: 1, Error: 1, NotApplicable: 1, NotObservable: 1, Manual: 1, Waived: 2},
		Results: []report.Result{
			{Rule: "kmod-cramfs-disabled", Controls: control("1.1.1.1", 1), Title: "cramfs cannot be loaded", Severity: "low", Outcome: rule.Pass,
				Message: "modprobe runs /bin/false instead of loading it, and it is blacklisted", Expected: "not loadable", Observed: report.Observed{Persisted: "disabled", Running: "not loaded"},
				Sources: []rule.Source{{Path: "/etc/modprobe.d/harden.conf", Line: 3, Text: "install cramfs /bin/false", Wins: true}}},
			{Rule: "issue-banner", Controls: control("1.6.2", 1), Title: "The console banner warns", Severity: "low", Outcome: rule.Fail,
				Message: hostile, Expected: hostile, Observed: report.Observed{Persisted: hostile, Running: hostile},
				Sources: []rule.Source{{Path: "/etc/issue" + hostile, Line: 1, Text: hostile, Wins: true}, {Path: "/etc/issue.d/x"}}},
			{Rule: hostile, Controls: control("1.6.3"+hostile, 1), Title: hostile, Outcome: rule.Manual, Message: "somebody decides", Expected: "reviewed",
				Resources: []report.Part{
					{Kind: "file" + hostile, Name: hostile, Outcome: rule.Manual, Message: hostile, Evidence: []string{hostile, "/usr/bin/su"}},
					{Kind: "file", Name: "b", Outcome: rule.Pass},
				}},
			{Rule: "redirects-not-sent", Controls: control("3.3.2", 1), Title: "The node sends no ICMP redirects", Outcome: rule.Pass, RunningDiffers: true,
				Message: "send_redirects is 0", Expected: "0", Observed: report.Observed{Persisted: "0", Running: "1"},
				Waiver: &report.Waiver{Waiver: waiver("2027-11-30"), Unused: true}},
			{Rule: "ip-forwarding-off", Controls: append(control("3.3.1", 1), control("3.3.4", 2)...), Title: "The node forwards nothing", Severity: "medium", Outcome: rule.Waived, Underlying: rule.Fail,
				Message: "net.ipv4.ip_forward is 1", Expected: "0", Waiver: &report.Waiver{Waiver: waiver("2027-11-30")}},
			{Rule: "kmod-sctp-disabled", Controls: control("3.2.4", 2), Title: "sctp cannot be loaded", Severity: "high", Outcome: rule.Waived, Underlying: rule.Fail, Message: "loadable", Expected: "not loadable",
				Waiver: &report.Waiver{Waiver: rule.Waiver{Reason: rule.AcceptedRisk, Justification: hostile, Owner: hostile, Expires: "2026-11-22", Origin: rule.OperatorWaiver}}},
			{Rule: "sysctl", Controls: control("3.10", 1), Title: "read", Outcome: rule.Error, Message: "cannot read /etc/sysctl.d/x.conf: permission denied", Expected: "0"},
			{Rule: "crontab", Controls: control("2.4", 1), Title: "crontab is closed", Outcome: rule.NotApplicable, Message: "there is no /etc/crontab", Expected: "0600"},
			{Rule: "mount", Controls: control("AKS-1.1", 1), Title: "/dev/shm is nodev", Outcome: rule.NotObservable, Message: "an offline root has no mounts", Expected: "nodev"},
		},
		Changes: []report.Change{
			{Target: "/etc/modprobe.d/harden.conf", Action: "create file", Rules: []string{"kmod-cramfs-disabled"}, Diff: "--- /dev/null\n+++ b/etc/modprobe.d/harden.conf\n@@ -0,0 +1 @@\n+install cramfs /bin/false\n-" + hostile + "\n"},
			{Target: "/etc/issue", Action: "set owner and mode", Rules: []string{"issue-banner", "x"}},
		},
	}
}

// compared is a comparison with an older report that differs in all ways.
func compared() *compare.Comparison {
	old := sample()
	old.Results[1].Outcome, old.Results[0].Outcome = rule.Pass, rule.Fail
	old.Results = append(old.Results, report.Result{Rule: "gone", Title: hostile, Controls: control("9.9", 1), Outcome: rule.Pass})
	c := compare.Reports(old, sample())
	return &c
}

func render(t *testing.T, r *report.Report, o page.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPage(t *testing.T) {
	html := render(t, sample(), page.Options{Compared: compared(), Against: "last-release.json"})
	for _, block := range []string{"style", "script"} {
		html = regexp.MustCompile(`(?s)<`+block+`>.*?</`+block+`>`).ReplaceAllString(html, "<"+block+"></"+block+">")
	}
	html = regexp.MustCompile(`sha256-[^&]*`).ReplaceAllString(html, "sha256-")
	if *update {
		if err := os.WriteFile("testdata/page.html.golden", []byte(html), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/page.html.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), html); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSections(t *testing.T) {
	r := sample()
	of := func(benchmark, id string) report.Result {
		return report.Result{Rule: "r" + benchmark + id, Title: "t", Outcome: rule.Pass, Controls: []report.Control{{Benchmark: benchmark, ID: id, Level: 1}}}
	}
	own := r.Profile.Benchmark
	r.Profile.Sections = []report.Section{{Benchmark: own, ID: "4", Title: "Firewall"}, {Benchmark: "Kubernetes", ID: "4", Title: "Worker nodes"}}
	r.Results = []report.Result{
		of("Baseline", "0a7f2b28-8586"), of("Kubernetes", "4.1.1"), of(own, "10.1"), of(own, "4.2"), of(own, "4.10"), of("Baseline", "43119747-2635"),
		{Rule: "loose", Title: "t", Outcome: rule.Pass},
	}
	html := render(t, r, page.Options{})
	var got []string
	for _, m := range regexp.MustCompile(`<h3>([^<]*) <span class="n">([0-9]+)</span></h3>`).FindAllStringSubmatch(html, -1) {
		got = append(got, m[1]+" "+m[2])
	}
	want := []string{"4 Firewall 2", "Section 10 1", "Baseline 2", "Kubernetes, 4 Worker nodes 1", "Other 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNothingFromATargetIsMarkup(t *testing.T) {
	html := render(t, sample(), page.Options{Compared: compared(), Against: hostile})
	for _, bad := range []string{"<img", "<script>window", "\x1b", "\u202e", "</textarea>"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page lets %q through", bad)
		}
	}
	if n := strings.Count(html, "<script"); n != 1 {
		t.Errorf("there are %d scripts", n)
	}
	if !strings.Contains(html, "&lt;script&gt;window.pwned=1&lt;/script&gt;") {
		t.Error("what the machine holds is not shown")
	}
}

func TestVerdicts(t *testing.T) {
	keep := func(outcomes ...rule.Outcome) *report.Report {
		r := sample()
		all := r.Results
		r.Results, r.Summary, r.Compliant = nil, report.Summary{}, true
		for _, res := range all {
			for _, o := range outcomes {
				if res.Outcome != o {
					continue
				}
				r.Results = append(r.Results, res)
				switch o {
				case rule.Fail:
					r.Summary.Fail++
					r.Compliant = false
				case rule.Error:
					r.Summary.Error++
					r.Compliant = false
				case rule.Manual:
					r.Summary.Manual++
				}
			}
		}
		return r
	}
	for name, tc := range map[string]struct {
		r    *report.Report
		want []string
	}{
		"everything passes":  {keep(rule.Pass, rule.Waived), []string{"<h1 class=\"pass\">", "Compliant", "Every rule passes"}},
		"a person decides":   {keep(rule.Pass, rule.Manual), []string{"<h1 class=\"pass\">", "1 rule is for a person to judge"}},
		"a rule fails":       {keep(rule.Fail), []string{"<h1 class=\"fail\">", "Not compliant", "1 rule fails"}},
		"a rule is in error": {keep(rule.Error), []string{"<h1 class=\"error\">", "1 rule could not be checked"}},
		"nothing looked at": {func() *report.Report {
			r := keep()
			r.Results = []report.Result{{Rule: "cis-1", Outcome: rule.NotApplicable, Message: "the cluster's", Outside: &rule.Outside{Reason: "the cluster's", Owner: "aks"}}}
			r.Summary.NotApplicable = 1
			return r
		}(), []string{"<h1 class=\"not_applicable\">", "Nothing was looked at", "the cluster&#39;s"}},
		"no rules": {keep(), []string{"<h1 class=\"error\">", "Nothing was checked"}},
	} {
		t.Run(name, func(t *testing.T) {
			html := render(t, tc.r, page.Options{})
			for _, want := range tc.want {
				if !strings.Contains(html, want) {
					t.Errorf("no %q", want)
				}
			}
		})
	}
}

func FuzzNothingFromATargetIsMarkup(f *testing.F) {
	f.Add(hostile)
	f.Add("\xff--><!--]]>`${1}")
	f.Fuzz(func(t *testing.T, text string) {
		r := sample()
		r.Results, r.Changes = r.Results[:1], r.Changes[:1]
		res := &r.Results[0]
		res.Rule, res.Title, res.Message, res.Expected, res.Controls[0].ID = text, text, text, text, text
		res.Sources = []rule.Source{{Path: text, Text: text, Wins: true}}
		r.Changes[0].Diff, r.Changes[0].Rules = text, []string{text}
		r.Host.Name = text
		plain := render(t, &report.Report{Results: []report.Result{{Outcome: rule.Pass}}}, page.Options{})
		html := render(t, r, page.Options{})
		for _, mark := range []string{"<script", "</script", "<style", "</style", "<img", "<!--"} {
			if strings.Count(html, mark) != strings.Count(plain, mark) {
				t.Errorf("%q is in the page from %q", mark, text)
			}
		}
	})
}
