package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Markdown writes a table in the shape in which AKS publishes its images' results: control, what it
// asks, level, status, reason; and the severity, which AKS has not. A control that several rules satisfy has a row for each.
func Markdown(w io.Writer, r *Report) error {
	b := bufio.NewWriter(w)
	verdict := "Compliant"
	switch {
	case !r.Compliant:
		verdict = "Not compliant"
	case len(r.Results) > 0 && !r.Looked():
		verdict = "Not applicable"
	}
	fmt.Fprintf(b, "# %s: %s\n\n", verdict, Cell(r.Profile.Name))
	fmt.Fprintf(b, "%s, %s state decides. Benchmark: %s. %s.\n\n", Cell(hostName(r.Host)), Cell(decides(r.Require)), Cell(r.Profile.Benchmark), r.Summary)
	fmt.Fprintln(b, "| CIS ID | Recommendation description | Level | Severity | Status | Reason |")
	fmt.Fprintln(b, "| --- | --- | --- | --- | --- | --- |")
	for _, res := range r.Results {
		controls := res.Controls
		if len(controls) == 0 {
			controls = []Control{{}}
		}
		for _, c := range controls {
			level := ""
			if c.Level > 0 {
				level = fmt.Sprintf("L%d", c.Level)
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", Cell(c.ID), Cell(res.Title), level, Cell(res.Severity), status(res.Outcome), Cell(reason(res)))
		}
	}
	fmt.Fprintf(b, "\nMade by %s %s, profile digest `%s`, %s.\n", Cell(r.Tool.Name), Cell(r.Tool.Version), Cell(r.Profile.Digest),
		r.Finished.Format("2006-01-02 15:04:05Z"))
	return b.Flush()
}

func status(o rule.Outcome) string {
	switch o {
	case rule.Pass:
		return "Pass"
	case rule.Fail:
		return "Fail"
	case rule.Error:
		return "Error"
	case rule.NotApplicable:
		return "N/A"
	case rule.NotObservable:
		return "Not observable"
	case rule.Manual:
		return "Manual"
	case rule.Waived:
		return "Waived"
	}
	return Cell(string(o))
}

// reason is the waiver's for waived rules, and the evidence for the others.
func reason(res Result) string {
	if res.Outcome == rule.Waived {
		return waiverText(*res.Waiver)
	}
	text := res.Message
	for _, s := range res.Sources {
		if s.Wins {
			text += " (" + strings.TrimSuffix(place(rule.Source{Path: s.Path, Line: s.Line}), ":") + ")"
			break
		}
	}
	return text
}

// Cell makes text safe inside a table: nothing from a target becomes markup.
func Cell(s string) string {
	s = Printable(s)
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`).Replace(s)
}
