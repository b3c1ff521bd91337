// Package format is the table of forms in which a report can be written. What each form looks like is
// in the packages report and page.
package format

import (
	"fmt"
	"io"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/page"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// Options shape single forms; each form takes what concerns it.
type Options struct {
	Text report.TextOptions
	Page page.Options
}

// Format is one form.
type Format struct {
	Name      string // as people ask for it
	Extension string // of files, without the dot
	write     func(io.Writer, *report.Report, Options) error
}

// Write writes the report in this form.
func (f Format) Write(w io.Writer, r *report.Report, o Options) error { return f.write(w, r, o) }

// All lists the forms, those for people first.
func All() []Format {
	plain := func(write func(io.Writer, *report.Report) error) func(io.Writer, *report.Report, Options) error {
		return func(w io.Writer, r *report.Report, _ Options) error { return write(w, r) }
	}
	return []Format{
		{"text", "txt", func(w io.Writer, r *report.Report, o Options) error { return report.Text(w, r, o.Text) }},
		{"json", "json", plain(report.JSON)},
		{"markdown", "md", plain(report.Markdown)},
		{"html", "html", func(w io.Writer, r *report.Report, o Options) error { return page.Write(w, r, o.Page) }},
		{"junit", "junit.xml", plain(report.JUnit)},
		{"sarif", "sarif", plain(report.SARIF)},
		{"xccdf", "xccdf.xml", plain(report.XCCDF)},
		{"oscal", "oscal.json", plain(report.OSCAL)},
		{"cis", "cis.txt", plain(report.CIS)},
	}
}

// Names lists the forms' names.
func Names() []string {
	var list []string
	for _, f := range All() {
		list = append(list, f.Name)
	}
	return list
}

// Find is the form of that name.
func Find(name string) (Format, error) {
	for _, f := range All() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("cannot write format %q: it is one of %s", name, strings.Join(Names(), ", "))
}
