package verdicts

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

//go:embed page.md.tmpl
var pageTemplate string

// Page writes a platform's page in Markdown. Anything in error, and any difference or explanation that stands alone,
// is an error: the page would not be true.
func Page(platform string, published []Published, runs Runs, e Explanations) ([]byte, error) {
	list, err := rows(published, runs)
	if err != nil {
		return nil, fmt.Errorf("cannot judge %s: %w", platform, err)
	}
	if wrong := mistakes(list, e); len(wrong) > 0 {
		return nil, fmt.Errorf("cannot explain %s:\n%s", platform, strings.Join(wrong, "\n"))
	}
	data := map[string]any{
		"Platform":    platform,
		"Benchmark":   runs.After.AKS.Profile.Benchmark,
		"Rules":       len(runs.After.AKS.Results),
		"Summary":     summary(list),
		"Better":      filter(list, row.better),
		"Differences": filter(list, func(r row) bool { return r.differs() && !r.better() }),
		"Unshown":     filter(list, row.unshown),
		"Rows":        list,
		"Why":         e,
	}
	functions := template.FuncMap{"cell": cell, "outcome": outcome}
	t, err := template.New("page").Funcs(functions).Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("cannot write page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("cannot write page: %w", err)
	}
	return b.Bytes(), nil
}

// mistakes lists what keeps a page from being true.
func mistakes(list []row, e Explanations) []string {
	var wrong, differ, unshown []string
	for _, r := range list {
		for _, o := range []rule.Outcome{r.Before, r.After, r.CISBefore, r.CISAfter} {
			if o == rule.Error {
				wrong = append(wrong, fmt.Sprintf("%s: in error: %s", r.Control, r.Note))
			}
		}
		if r.differs() {
			differ = append(differ, r.Control)
		}
		if r.unshown() {
			unshown = append(unshown, r.Control)
		}
	}
	wrong = append(wrong, unmatched("a difference", differ, e.Differences)...)
	return append(wrong, unmatched("something that the lab cannot show", unshown, e.Unshown)...)
}

// count is how often a published status met an outcome of ours.
type count struct {
	Status   string
	Outcomes []int
	Total    int
}

var summaryOutcomes = []rule.Outcome{rule.Pass, rule.Waived, rule.NotApplicable, rule.Manual, rule.Fail, ""}

func summary(list []row) []count {
	var counts []count
	for _, r := range list {
		i := slices.IndexFunc(counts, func(c count) bool { return c.Status == r.Status })
		if i < 0 {
			i = len(counts)
			counts = append(counts, count{Status: r.Status, Outcomes: make([]int, len(summaryOutcomes))})
		}
		if o := slices.Index(summaryOutcomes, r.After); o >= 0 {
			counts[i].Outcomes[o]++
		}
		counts[i].Total++
	}
	slices.SortFunc(counts, func(a, b count) int { return strings.Compare(b.Status, a.Status) })
	return counts
}

func filter(list []row, keep func(row) bool) []row {
	var kept []row
	for _, r := range list {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// cell makes text safe in a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`, "_", `\_`).Replace(report.Printable(text))
}

func outcome(o rule.Outcome) string {
	if o == "" {
		return "-"
	}
	return strings.ReplaceAll(string(o), "_", " ")
}
