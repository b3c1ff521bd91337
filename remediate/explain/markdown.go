package explain

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Markdown writes an explanation as a page.
func Markdown(w io.Writer, e *Explanation) error {
	var b bytes.Buffer
	for _, c := range e.Controls {
		fmt.Fprintf(&b, "# %s %s\n\n", prose(c.Benchmark), prose(c.ID))
		fmt.Fprintf(&b, "**%s.** Level %d.\n\n", prose(c.Title), c.Level)
		waiver(&b, c.Waiver)
		if c.Outside != nil {
			fmt.Fprintf(&b, "Not applicable to an image: %s.\n\n", prose(c.Outside.Message()))
		}
	}
	for _, r := range e.Rules {
		writeRule(&b, r)
		values(&b, r)
		for _, l := range r.Limits {
			fmt.Fprintf(&b, "It may not break %s: %s\n\n", prose(l.Invariant), prose(l.Why))
		}
		if len(e.Controls) == 0 {
			waiver(&b, r.Waiver)
		}
	}
	if e.Profile == "" {
		fmt.Fprintln(&b, "No profile that is in use here has it: parameters have their defaults.")
	} else {
		fmt.Fprintf(&b, "Profile: %s.\n", prose(e.Profile))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeRule writes what is the same wherever a rule is shown; parameters come after it.
func writeRule(b *bytes.Buffer, r Rule) {
	fmt.Fprintf(b, "## %s\n\n**%s.** %s\n\n", prose(r.ID), prose(r.Title), prose(r.Why))
	item := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "- %s: %s\n", label, prose(text))
		}
	}
	item("Breaks", r.Breaks)
	item("Source", r.Source)
	item("Severity", r.Severity)
	fence := "```"
	for strings.Contains(r.State, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "\n%shcl\n", fence)
	for line := range strings.Lines(r.State) {
		fmt.Fprintln(b, report.Printable(strings.TrimRight(line, "\r\n")))
	}
	fmt.Fprintf(b, "%s\n\n", fence)
	if len(r.Controls) == 0 {
		return
	}
	fmt.Fprintln(b, "| benchmark | control | level |")
	fmt.Fprintln(b, "| --- | --- | --- |")
	for _, c := range r.Controls {
		fmt.Fprintf(b, "| %s | %s | %d |\n", report.Cell(c.Benchmark), report.Cell(c.ID), c.Level)
	}
	fmt.Fprintln(b)
}

func values(b *bytes.Buffer, r Rule) {
	if len(r.Parameters) == 0 {
		return
	}
	fmt.Fprintln(b, "| parameter | value | default | what it is |")
	fmt.Fprintln(b, "| --- | --- | --- | --- |")
	for _, v := range r.Parameters {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", report.Cell(v.Name), report.Cell(spaced(v.Value)), report.Cell(spaced(v.Default)), report.Cell(v.Description))
	}
	fmt.Fprintln(b)
}

func waiver(b *bytes.Buffer, w *rule.Waiver) {
	if w == nil {
		return
	}
	fmt.Fprintf(b, "Waived (%s) until %s by %s: %s.\n\n", prose(string(w.Reason)), prose(w.Expires), prose(w.Owner), prose(w.Justification))
}

// prose escapes text of a profile for a paragraph.
func prose(s string) string { return strings.ReplaceAll(report.Cell(s), `\|`, "|") }
