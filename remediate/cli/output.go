package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// outputFlags say how and where a result is written.
type outputFlags struct {
	format string
	output string
	all    bool
}

func (f *outputFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "text", "text, json or markdown")
	flags.StringVar(&f.output, "output", "", "write the result to this file instead of standard output")
	flags.BoolVar(&f.all, "all", false, "text: list passing rules too")
}

// check refuses a bad format before any work is done.
func (f *outputFlags) check() error {
	switch f.format {
	case "text", "json", "markdown":
		return nil
	}
	return fmt.Errorf("cannot write format %q: it is text, json or markdown", f.format)
}

// write renders the report and puts it where it belongs: a file appears whole or not at all.
func (f *outputFlags) write(s Streams, r *report.Report) error {
	var b bytes.Buffer
	var err error
	switch f.format {
	case "json":
		err = report.JSON(&b, r)
	case "markdown":
		err = report.Markdown(&b, r)
	default:
		err = report.Text(&b, r, report.TextOptions{Color: f.output == "" && isTerminal(s.Out), All: f.all})
	}
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return f.deliver(s, b.Bytes())
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
