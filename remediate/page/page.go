// Package page writes a report as one HTML file for people. The file needs no network and no script:
// what the script adds is searching and filtering. Everything in a report may come from a hostile
// machine, so all of it goes through html/template as text, and the page's own policy forbids whatever
// is not this package's style sheet and script.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// Options are what a page may show beside its report.
type Options struct {
	// Compared, when not nil, is what changed since the report or baseline that Against names.
	Compared *compare.Comparison
	Against  string
}

// Write writes the page.
func Write(w io.Writer, r *report.Report, o Options) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"text":   report.Printable,
		"word":   word,
		"icon":   icon,
		"reason": func(r rule.Reason) string { return report.Printable(strings.ReplaceAll(string(r), "_", " ")) },
	}).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("cannot make the page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view(r, o)); err != nil {
		return fmt.Errorf("cannot make the page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// policy allows this page's own style sheet and script, by their hashes, and nothing else.
func policy() string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Join([]string{
		"default-src 'none'", "style-src " + hash(pageCSS), "script-src " + hash(pageJS),
		"img-src data:", "base-uri 'none'", "form-action 'none'",
	}, "; ")
}

// word is an outcome for people.
func word(o rule.Outcome) string { return strings.ReplaceAll(string(o), "_", " ") }

// icon tells outcomes apart without colour.
func icon(o rule.Outcome) string {
	switch o {
	case rule.Pass:
		return "✓"
	case rule.Fail:
		return "✕"
	case rule.Error:
		return "!"
	case rule.NotApplicable:
		return "–"
	case rule.NotObservable:
		return "?"
	case rule.Manual:
		return "☞"
	}
	return "≈"
}

func date(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 MST") }
