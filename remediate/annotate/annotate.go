// Package annotate writes problems as the log lines that a pipeline turns into annotations. Everything
// in them may come from a hostile machine, so nothing may end a command or start another one.
package annotate

import (
	"fmt"
	"io"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Pipeline is whose log lines they are.
type Pipeline string

const (
	Azure  Pipeline = "azure"  // Azure DevOps
	GitHub Pipeline = "github" // GitHub Actions
)

// Issue is one annotation.
type Issue struct {
	Warning bool   // an error otherwise
	File    string // on the target
	Line    int    // 0 is the whole file
	Code    string
	Text    string
}

// Report are the issues of a report: what fails is an error, what a person has to look at a warning.
func Report(r *report.Report) []Issue {
	var list []Issue
	for _, res := range r.Results {
		issue := Issue{Code: res.Rule, Text: res.Heading() + ": " + res.Message}
		switch {
		case res.Outcome == rule.Fail, res.Outcome == rule.Error, res.Outcome == rule.NotObservable:
		case res.Outcome == rule.Manual:
			issue.Warning = true
		case res.Waiver != nil && res.Waiver.Expired:
			issue.Warning = true
			issue.Text = res.Heading() + ": its waiver expired on " + res.Waiver.Expires
		default:
			continue
		}
		if places := res.Places(); len(places) > 0 {
			issue.File, issue.Line = places[0].Path, places[0].Line
		}
		list = append(list, issue)
	}
	return list
}

// Comparison are the issues of a comparison: regressions are errors, and the rest is none.
func Comparison(c compare.Comparison) []Issue {
	var list []Issue
	for _, d := range c.Regressions {
		list = append(list, Issue{
			File: d.Path, Line: d.Line, Code: d.Rule,
			Text: fmt.Sprintf("%s: %s: was %s, is %s", d.Kind.Words(), d.Subject(), d.Old, d.New),
		})
	}
	return list
}

// Write writes a line for each issue.
func Write(w io.Writer, p Pipeline, list []Issue) error {
	for _, i := range list {
		line := azureLine
		if p == GitHub {
			line = githubLine
		}
		if _, err := fmt.Fprintln(w, line(i)); err != nil {
			return err
		}
	}
	return nil
}

func azureLine(i Issue) string {
	var b strings.Builder
	kind := "error"
	if i.Warning {
		kind = "warning"
	}
	b.WriteString("##vso[task.logissue type=" + kind)
	if i.File != "" {
		b.WriteString(";sourcepath=" + azureProperty(i.File))
	}
	if i.Line > 0 {
		fmt.Fprintf(&b, ";linenumber=%d", i.Line)
	}
	if i.Code != "" {
		b.WriteString(";code=" + azureProperty(i.Code))
	}
	b.WriteString("]" + azureData(i.Text))
	return b.String()
}

// azureData escapes as the Azure Pipelines agent unescapes: %AZP25 is a percent sign.
func azureData(s string) string {
	return strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A").Replace(report.Printable(s))
}

func azureProperty(s string) string {
	return strings.NewReplacer(";", "%3B", "]", "%5D").Replace(azureData(s))
}

func githubLine(i Issue) string {
	kind := "error"
	if i.Warning {
		kind = "warning"
	}
	var properties []string
	if i.File != "" {
		properties = append(properties, "file="+githubProperty(i.File))
	}
	if i.Line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", i.Line))
	}
	if i.Code != "" {
		properties = append(properties, "title="+githubProperty(i.Code))
	}
	text := "::" + kind
	if len(properties) > 0 {
		text += " " + strings.Join(properties, ",")
	}
	return text + "::" + githubData(i.Text)
}

func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(report.Printable(s))
}

func githubProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(s))
}
