// Command parameters writes the table of parameters in which the shipped profiles differ into a page, between two marks.
//
//	parameters PAGE
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

const (
	begin = "<!-- parameters: made by profiles/internal/parameters -->\n"
	end   = "<!-- parameters: end -->\n"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("cannot tell which page: %d arguments", len(args))
	}
	page, err := os.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("cannot read the page: %w", err)
	}
	text, err := filled(string(page))
	if err != nil {
		return fmt.Errorf("cannot fill %s: %w", args[0], err)
	}
	if err := os.WriteFile(args[0], []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot write the page: %w", err)
	}
	return nil
}

// filled is the page with the table of today.
func filled(page string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, found := strings.Cut(rest, end)
	if !ok || !found {
		return "", fmt.Errorf("the marks %q and %q are not there", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	rows, err := differences()
	if err != nil {
		return "", err
	}
	return before + begin + rows + end + after, nil
}

// families are the columns: which profiles, by the start of their names.
var families = [...]struct{ title, prefix string }{
	{"benchmarks", "cis-"}, {"AKS", "aks-"}, {"Azure's baseline", "azure-"},
}

// parameter is one row: what the profiles of each family say, in the order of their names.
type parameter struct {
	description string
	said        [len(families)][]saying
}

type saying struct{ profile, value string }

func differences() (string, error) {
	list, err := profile.List(profiles.FS)
	if err != nil {
		return "", err
	}
	rows := map[string]*parameter{}
	for _, s := range list {
		column := slices.IndexFunc(families[:], func(f struct{ title, prefix string }) bool { return strings.HasPrefix(s.Name, f.prefix) })
		if column < 0 {
			continue
		}
		p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{s.Name}})
		if err != nil {
			return "", err
		}
		for _, v := range p.Variables {
			if rows[v.Name] == nil {
				rows[v.Name] = &parameter{description: v.Description}
			}
			rows[v.Name].said[column] = append(rows[v.Name].said[column], saying{strings.TrimPrefix(s.Name, families[column].prefix), v.Value})
		}
	}
	var b strings.Builder
	b.WriteString("| parameter |")
	for _, f := range families {
		b.WriteString(" " + f.title + " |")
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(families)) + "\n")
	var names []string
	for name, row := range rows {
		if row.differs() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "| `%s`: %s |", name, rows[name].description)
		for _, said := range rows[name].said {
			b.WriteString(" " + cell(said) + " |")
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

// differs reports whether two profiles say different things.
func (p parameter) differs() bool {
	all := slices.Concat(p.said[:]...)
	return slices.ContainsFunc(all, func(s saying) bool { return s.value != all[0].value })
}

// cell is what a family says: one value, or each value with the profiles that say it.
func cell(said []saying) string {
	var values []string
	who := map[string][]string{}
	for _, s := range said {
		if who[s.value] == nil {
			values = append(values, s.value)
		}
		who[s.value] = append(who[s.value], s.profile)
	}
	switch len(values) {
	case 0:
		return "not asked"
	case 1:
		return shown(values[0])
	}
	var parts []string
	for _, v := range values {
		parts = append(parts, shown(v)+" ("+strings.Join(who[v], ", ")+")")
	}
	return strings.Join(parts, "; ")
}

// shown is a value as it would be written: a list without brackets, and nothing in words.
func shown(value string) string {
	var list []string
	if strings.HasPrefix(value, "[") && json.Unmarshal([]byte(value), &list) == nil {
		value = strings.Join(list, ", ")
	}
	if value == "" {
		return "none"
	}
	return "`" + strings.ReplaceAll(strings.TrimSpace(value), "|", `\|`) + "`"
}
