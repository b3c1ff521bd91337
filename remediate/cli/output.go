package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nodeimage/packer-plugin-harden/remediate/annotate"
	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/format"
	"github.com/nodeimage/packer-plugin-harden/remediate/page"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// outputFlags say how and where a result is written.
type outputFlags struct {
	format   string
	output   string
	all      bool
	annotate string
	baseline string
}

func (f *outputFlags) register(cmd *cobra.Command) {
	f.registerFormats(cmd, format.Names())
	flags := cmd.Flags()
	flags.BoolVar(&f.all, "all", false, "text: list passing rules too")
	f.registerAnnotate(cmd)
}

func (f *outputFlags) registerFormats(cmd *cobra.Command, names []string) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "text", strings.Join(names, ", "))
	flags.StringVar(&f.output, "output", "", "write the result to this file instead of standard output")
}

func (f *outputFlags) registerAnnotate(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.annotate, "annotate", "", "also write annotations for a pipeline, azure or github: to standard output with --output, else to standard error")
}

func (f *outputFlags) registerBaseline(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&f.baseline, "baseline", "", usage)
}

// check refuses a bad format before any work is done.
func (f *outputFlags) check() error {
	if _, err := format.Find(f.format); err != nil {
		return err
	}
	return f.checkAnnotate()
}

// checkPlain is check for results that are not reports.
func (f *outputFlags) checkPlain(what string) error {
	if !slices.Contains(plainFormats(), f.format) {
		return fmt.Errorf("cannot write %s as %q: it is one of %s", what, f.format, strings.Join(plainFormats(), ", "))
	}
	return f.checkAnnotate()
}

func plainFormats() []string { return []string{"text", "json", "markdown"} }

func (f *outputFlags) checkAnnotate() error {
	switch annotate.Pipeline(f.annotate) {
	case "", annotate.Azure, annotate.GitHub:
		return nil
	}
	return fmt.Errorf("cannot annotate for %q: it is azure or github", f.annotate)
}

// write renders the report, with what changed since the baseline if there is one, and puts it where it
// belongs: a file appears whole or not at all.
func (f *outputFlags) write(s Streams, r *report.Report) error {
	return f.writeCompared(s, r, nil)
}

func (f *outputFlags) writeCompared(s Streams, r *report.Report, c *compare.Comparison) error {
	form, err := format.Find(f.format)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = form.Write(&b, r, format.Options{
		Text: report.TextOptions{Color: f.output == "" && isTerminal(s.Out), All: f.all},
		Page: page.Options{Compared: c, Against: filepath.Base(f.baseline)},
	})
	if err == nil && c != nil {
		switch form.Name {
		case "html":
		case "text":
			fmt.Fprintln(&b)
			err = c.Text(&b)
		default:
			err = c.Text(s.Err)
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	if err := f.deliver(s, b.Bytes()); err != nil {
		return err
	}
	issues := annotate.Report(r)
	if c != nil {
		issues = append(issues, annotate.Comparison(*c)...)
	}
	return f.annotations(s, issues)
}

// compared is what changed since the baseline, or nil without one.
func (f *outputFlags) compared(r *report.Report) (*compare.Comparison, error) {
	if f.baseline == "" {
		return nil, nil
	}
	before, err := readBaseline(f.baseline)
	if err != nil {
		return nil, err
	}
	c := compare.Between(before, compare.Of(r))
	return &c, nil
}

// annotations go where they do not mix with a result that a program reads.
func (f *outputFlags) annotations(s Streams, issues []annotate.Issue) error {
	if f.annotate == "" {
		return nil
	}
	w := s.Err
	if f.output != "" {
		w = s.Out
	}
	if err := annotate.Write(w, annotate.Pipeline(f.annotate), issues); err != nil {
		return fmt.Errorf("cannot write annotations: %w", err)
	}
	return nil
}

func (f *outputFlags) deliver(s Streams, data []byte) error {
	if f.output == "" {
		if _, err := s.Out.Write(data); err != nil {
			return fmt.Errorf("cannot write the result: %w", err)
		}
		return nil
	}
	return writeFile(f.output, data)
}

// writeFile puts a whole file in place. What is there and is no file (/dev/null, a pipe) is written to: a
// rename would take its place.
func writeFile(path string, data []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if err := writeTo(path, data); err != nil {
			return fmt.Errorf("cannot write %s: %w", path, err)
		}
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name()) // does nothing once it has its name
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

func writeTo(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// isTerminal reports whether colour and a moving progress line make sense there. NO_COLOR rules out
// both (https://no-color.org).
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}

// progress shows on a terminal a line that moves, and elsewhere a line for each change and for the
// end of each phase.
func progress(w io.Writer) func(engine.Event) {
	if isTerminal(w) {
		return func(e engine.Event) {
			fmt.Fprintf(w, "\r\x1b[K%s: %d of %d %s", e.Phase, e.Done, e.Total, report.Printable(e.What))
			if e.Done == e.Total {
				fmt.Fprint(w, "\r\x1b[K")
			}
		}
	}
	return func(e engine.Event) {
		switch {
		case e.Phase == "undo":
			fmt.Fprintf(w, "undo: %s\n", report.Printable(e.What))
		case e.Phase == "apply":
			fmt.Fprintf(w, "apply: change %d of %d: %s\n", e.Done, e.Total, report.Printable(e.What))
		case e.Done == e.Total:
			fmt.Fprintf(w, "%s: looked at %d rules\n", e.Phase, e.Total)
		}
	}
}

func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = report.Printable(l)
	}
	return strings.Join(lines, "\n")
}
