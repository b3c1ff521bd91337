package compare

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// section is a heading with its differences.
type section struct {
	title string
	list  []Difference
}

func (c Comparison) sections() []section {
	return []section{{"Regressions", c.Regressions}, {"Improvements", c.Improvements}, {"Other changes", c.Changes}}
}

// Text writes the comparison for a terminal.
func (c Comparison) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, s := range c.sections() {
		if len(s.list) == 0 {
			continue
		}
		fmt.Fprintf(b, "%s (%d)\n", s.title, len(s.list))
		for _, d := range s.list {
			fmt.Fprintf(b, "  %-18s %s\n", d.Kind.Words(), d.Subject())
			fmt.Fprintf(b, "  %-18s was %s\n  %-18s is  %s\n", "", report.Printable(d.Old), "", report.Printable(d.New))
			if d.Path != "" {
				fmt.Fprintf(b, "  %-18s at  %s\n", "", report.Printable(d.place()))
			}
		}
		fmt.Fprintln(b)
	}
	if len(c.Regressions) == 0 {
		fmt.Fprintln(b, "No regressions.")
	} else {
		fmt.Fprintf(b, "%d regressions.\n", len(c.Regressions))
	}
	return b.Flush()
}

func (d Difference) place() string {
	if d.Line > 0 {
		return fmt.Sprintf("%s:%d", d.Path, d.Line)
	}
	return d.Path
}

// JSON writes the comparison for programs.
func (c Comparison) JSON(w io.Writer) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(c); err != nil {
		return err
	}
	_, err := w.Write(report.InertJSON(b.Bytes()))
	return err
}

// Markdown writes the comparison as tables.
func (c Comparison) Markdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	if len(c.Regressions) == 0 {
		fmt.Fprintln(b, "# No regressions")
	} else {
		fmt.Fprintf(b, "# %d regressions\n", len(c.Regressions))
	}
	for _, s := range c.sections() {
		if len(s.list) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n## %s\n\n| what | subject | was | is |\n| --- | --- | --- | --- |\n", s.title)
		for _, d := range s.list {
			cells := []string{d.Kind.Words(), d.Subject(), report.Printable(d.Old), report.Printable(d.New)}
			for i, cell := range cells {
				cells[i] = report.Cell(cell)
			}
			fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	return b.Flush()
}
