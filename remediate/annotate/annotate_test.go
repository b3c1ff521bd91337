package annotate_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/annotate"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestWrite(t *testing.T) {
	for name, tc := range map[string]struct {
		issue         annotate.Issue
		azure, github string
	}{
		"a line of a file": {
			annotate.Issue{File: "/etc/ssh/sshd_config", Line: 7, Code: "ssh-x11", Text: "X11Forwarding is yes"},
			"##vso[task.logissue type=error;sourcepath=/etc/ssh/sshd_config;linenumber=7;code=ssh-x11]X11Forwarding is yes",
			"::error file=/etc/ssh/sshd_config,line=7,title=ssh-x11::X11Forwarding is yes",
		},
		"a warning without a place": {
			annotate.Issue{Warning: true, Text: "look"}, "##vso[task.logissue type=warning]look", "::warning::look",
		},
		"text that would end the command": {
			annotate.Issue{File: "/etc/a;b]c,d:e%41", Code: "x]y\nz", Text: "100%\r\n::error::no\n##vso[task.setvariable variable=PATH]/evil"},
			`##vso[task.logissue type=error;sourcepath=/etc/a%3Bb%5Dc,d:e%AZP2541;code=x%5Dy\nz]100%AZP25\x0d\n::error::no\n#\x23vso[task.setvariable variable=PATH]/evil`,
			`::error file=/etc/a;b]c%2Cd%3Ae%2541,title=x]y\nz::100%25\x0d\n::error::no\n#\x23vso[task.setvariable variable=PATH]/evil`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for p, want := range map[annotate.Pipeline]string{annotate.Azure: tc.azure, annotate.GitHub: tc.github} {
				var b bytes.Buffer
				if err := annotate.Write(&b, p, []annotate.Issue{tc.issue}); err != nil {
					t.Fatal(err)
				}
				if got := strings.TrimSuffix(b.String(), "\n"); got != want {
					t.Errorf("%s: got  %s\nwant %s", p, got, want)
				}
			}
		})
	}
}

func TestReport(t *testing.T) {
	r := &report.Report{}
	for _, o := range rule.Outcomes() {
		res := report.Result{Rule: string(o), Outcome: o, Message: "m", Sources: []rule.Source{{Path: "/a", Line: 1}, {Path: "/b", Line: 2, Wins: true}}}
		if o == rule.Waived {
			res.Waiver = &report.Waiver{}
		}
		r.Results = append(r.Results, res)
	}
	var got []string
	for _, i := range annotate.Report(r) {
		got = append(got, i.Code)
		if i.File != "/b" || i.Line != 2 || i.Warning != (i.Code == "manual") {
			t.Errorf("issue is %+v", i)
		}
	}
	if strings.Join(got, " ") != "fail error not_observable manual" {
		t.Errorf("issues are %q", got)
	}
}
