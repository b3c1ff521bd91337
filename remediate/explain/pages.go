package explain

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// Page is a file of docs/rules.
type Page struct {
	Name string // relative, with slashes
	Text []byte
}

const generated = "<!-- Made from profiles/ by make generate. -->\n\n"

// Pages makes the reference of what is shipped: a page for each file of rules, a page for each benchmark, and an
// index over both.
func Pages(l *profile.Library) []Page {
	pages := []Page{{"README.md", index(l)}}
	for _, f := range l.Files {
		pages = append(pages, Page{f.Name + ".md", rulesPage(f)})
	}
	for _, b := range l.Benchmarks {
		pages = append(pages, Page{benchmarkPath(b), benchmarkPage(b, l)})
	}
	return pages
}

func benchmarkPath(b profile.Benchmark) string { return "benchmarks/" + b.Profile + ".md" }

func index(l *profile.Library) []byte {
	var b bytes.Buffer
	b.WriteString("# Rules\n\n" + generated)
	b.WriteString("Every rule that is shipped, by the file that it stands in, with why it is there, what it breaks, where the facts come\n" +
		"from and how grave it is: *high* is a way in or a way to root, *medium* helps one or hides it, *low* is hygiene.\n" +
		"`harden explain RULE` shows the same with the parameters and waivers of a profile.\n\n")
	b.WriteString("## By benchmark\n\n| benchmark | controls | profiles |\n| --- | --- | --- |\n")
	for _, m := range l.Benchmarks {
		fmt.Fprintf(&b, "| [%s](%s) | %d | %s |\n", report.Cell(m.Name), benchmarkPath(m), len(m.Controls), report.Cell(strings.Join(m.Profiles, ", ")))
	}
	b.WriteString("\n## By section\n")
	for _, f := range l.Files {
		fmt.Fprintf(&b, "\n### [%s](%s.md)\n\n", prose(f.Name), f.Name)
		if f.About != "" {
			fmt.Fprintf(&b, "%s\n\n", prose(f.About))
		}
		b.WriteString("| rule | what it asks | severity |\n| --- | --- | --- |\n")
		for _, r := range f.Rules {
			fmt.Fprintf(&b, "| [%s](%s.md#%s) | %s | %s |\n", report.Cell(r.ID), f.Name, r.ID, report.Cell(r.Title), r.Severity)
		}
	}
	return b.Bytes()
}

func rulesPage(f profile.RuleFile) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n%s", prose(f.Name), generated)
	if f.About != "" {
		fmt.Fprintf(&b, "%s\n\n", prose(f.About))
	}
	for _, r := range f.Rules {
		writeRule(&b, ruleOf(r))
		defaults(&b, r.Variables)
	}
	return append(bytes.TrimRight(b.Bytes(), "\n"), '\n')
}

func defaults(b *bytes.Buffer, parameters []profile.Variable) {
	if len(parameters) == 0 {
		return
	}
	b.WriteString("| parameter | default | what it is |\n| --- | --- | --- |\n")
	for _, v := range parameters {
		fmt.Fprintf(b, "| %s | %s | %s |\n", report.Cell(v.Name), report.Cell(spaced(v.Default)), report.Cell(v.Description))
	}
	b.WriteByte('\n')
}

func benchmarkPage(m profile.Benchmark, l *profile.Library) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n%s", prose(m.Name), generated)
	fmt.Fprintf(&b, "The controls that the profiles %s have of it, titled in our own words.\n\n", prose(strings.Join(m.Profiles, ", ")))
	b.WriteString("| control | level | title | rules |\n| --- | --- | --- | --- |\n")
	for _, c := range m.Controls {
		var links []string
		for _, id := range c.Rules {
			links = append(links, ruleLink(id, l))
		}
		if c.Outside != nil {
			links = append(links, "not applicable to an image: "+report.Cell(c.Outside.Message()))
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", report.Cell(c.ID), c.Level, report.Cell(c.Title), strings.Join(links, ", "))
	}
	return b.Bytes()
}

func ruleLink(id string, l *profile.Library) string {
	for _, f := range l.Files {
		if slices.ContainsFunc(f.Rules, func(r profile.Rule) bool { return r.ID == id }) {
			return fmt.Sprintf("[%s](../%s.md#%s)", report.Cell(id), f.Name, id)
		}
	}
	return report.Cell(id)
}
