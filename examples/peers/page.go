package peers

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

//go:embed page.md.tmpl
var pageTemplate string

// count is how often both agreed on the rules of one level.
type count struct{ Level, Rules, Agree, Disagree, Alone int }

// page writes the page in Markdown. A disagreement or an explanation that stands alone is an error.
func page(versions []string, list []row, why explanations, ours int) ([]byte, error) {
	if wrong := mistakes(list, why); len(wrong) > 0 {
		return nil, fmt.Errorf("cannot explain:\n%s", strings.Join(wrong, "\n"))
	}
	counts := []count{{Level: 1}, {Level: 2}}
	byRule := map[string]row{}
	mapped := map[string]bool{}
	for _, r := range list {
		c := &counts[r.Level-1]
		c.Rules++
		switch {
		case len(r.Ours) == 0:
			c.Alone++
		case r.Agrees():
			c.Agree++
		default:
			c.Disagree++
		}
		byRule[r.Rule] = r
		for _, name := range r.Ours {
			mapped[name] = true
		}
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"cell": cell, "indent": indent, "outcome": outcome, "join": strings.Join,
		"row": func(name string) row { return byRule[name] },
	}).Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("cannot write page: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Versions": versions, "Counts": counts, "Rows": list, "Why": why, "Ours": ours, "Mapped": len(mapped),
	})
	if err != nil {
		return nil, fmt.Errorf("cannot write page: %w", err)
	}
	return b.Bytes(), nil
}

// cell makes text safe in a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "*", `\*`, "_", `\_`, "\n", " ").Replace(report.Printable(text))
}

// indent makes lines a block of code.
func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

func outcome(o rule.Outcome) string {
	if o == "" {
		return "-"
	}
	return strings.ReplaceAll(string(o), "_", " ")
}
