package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func planCommand(s Streams) *cobra.Command {
	var t targetFlags
	var out outputFlags
	var who accountFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show the changes that apply would make, as diffs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := out.checkPlain("a plan"); err != nil {
				return err
			}
			if err := who.check(); err != nil {
				return err
			}
			if err := t.needRoot("plan for"); err != nil {
				return err
			}
			on, err := t.open()
			if err != nil {
				return err
			}
			defer on.close()
			accounts, err := who.find(on.writer)
			if err != nil {
				return err
			}
			findings, pl, err := engine.Plan(cmd.Context(), on.profile, on.writer, engine.Options{
				Require: on.require, Now: time.Now(), Progress: progress(s.Err),
				Accounts: accounts, OnLockout: engine.OnLockout(who.onLockout),
			})
			if err != nil {
				return err
			}
			data, err := renderPlan(pl, findings, out.format)
			if err != nil {
				return err
			}
			if err := out.deliver(s, data); err != nil {
				return err
			}
			if len(pl.Steps) > 0 || !engine.Compliant(findings) {
				return errNotCompliant
			}
			return nil
		},
	}
	t.register(cmd)
	who.register(cmd)
	out.registerFormats(cmd, plainFormats())
	return cmd
}

// unplanned is a rule that does not pass and that no step would change.
type unplanned struct {
	Rule    string       `json:"rule"`
	Outcome rule.Outcome `json:"outcome"`
	Message string       `json:"message"`
}

func renderPlan(pl *plan.Plan, findings []engine.Finding, format string) ([]byte, error) {
	doc := struct {
		Changes   []report.Change `json:"changes"`
		Unplanned []unplanned     `json:"unplanned"`
	}{[]report.Change{}, []unplanned{}}
	planned := map[string]bool{}
	for _, step := range pl.Steps {
		doc.Changes = append(doc.Changes, report.ChangeOf(step))
		for _, id := range step.Rules {
			planned[id] = true
		}
	}
	for _, f := range findings {
		switch f.Outcome {
		case rule.Fail, rule.Error, rule.NotObservable:
			if !planned[f.Rule.ID] {
				message := f.Message
				if f.Refused != "" {
					message = "it " + f.Refused + " (" + f.Message + ")"
				}
				doc.Unplanned = append(doc.Unplanned, unplanned{f.Rule.ID, f.Outcome, message})
			}
		}
	}
	if format == "json" {
		data, err := json.MarshalIndent(doc, "", "  ")
		return append(report.InertJSON(data), '\n'), err
	}
	var b bytes.Buffer
	if format == "markdown" {
		planMarkdown(&b, doc.Changes, doc.Unplanned)
		return b.Bytes(), nil
	}
	for _, c := range doc.Changes {
		printChange(&b, c)
	}
	for _, u := range doc.Unplanned {
		fmt.Fprintf(&b, "# %s (%s) would stay as it is: %s\n", u.Rule, u.Outcome, report.Printable(u.Message))
	}
	if len(doc.Changes) == 0 && len(doc.Unplanned) == 0 {
		fmt.Fprintln(&b, "# nothing to do")
	}
	return b.Bytes(), nil
}

func printChange(w io.Writer, c report.Change) {
	fmt.Fprintf(w, "# %s: %s (%s)\n", report.Printable(c.Target), c.Action, strings.Join(c.Rules, ", "))
	if c.Diff != "" {
		fmt.Fprintln(w, strings.TrimRight(printableLines(c.Diff), "\n"))
	}
	fmt.Fprintln(w)
}

func planMarkdown(w io.Writer, changes []report.Change, rest []unplanned) {
	fmt.Fprintf(w, "# Plan: %d changes\n", len(changes))
	for _, c := range changes {
		fmt.Fprintf(w, "\n## %s: %s\n\nFor %s.\n", report.Cell(c.Target), report.Cell(c.Action), report.Cell(strings.Join(c.Rules, ", ")))
		if c.Diff == "" {
			continue
		}
		fence := "```"
		for strings.Contains(c.Diff, fence) {
			fence += "`"
		}
		fmt.Fprintf(w, "\n%sdiff\n%s\n%s\n", fence, strings.TrimRight(printableLines(c.Diff), "\n"), fence)
	}
	if len(rest) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Stays as it is\n\n| rule | outcome | reason |\n| --- | --- | --- |\n")
	for _, u := range rest {
		fmt.Fprintf(w, "| %s | %s | %s |\n", report.Cell(u.Rule), u.Outcome, report.Cell(u.Message))
	}
}
