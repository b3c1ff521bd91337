package report

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// CIS writes the lines that the AKS node image pipeline compares with its baselines: a line such as
// "pass: 1.1.1.1 [L1] title" for each control, and totals. The shape and the way of counting are those
// of the baselines in the pipeline's public repository. A waiver is unknown to that comparison, so a
// control counts by what is beneath it; one whose subject is absent counts as pass, as it does there, and one
// that nobody looked at as not selected. That comparison knows a control by its number alone, so only the
// profile's own benchmark is written: 4.1.1 of another one would take the place of its 4.1.1.
func CIS(w io.Writer, r *Report) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n", Printable(r.Profile.Benchmark))
	fmt.Fprintf(b, "Evaluation of: %s\n", Printable(hostName(r.Host)))
	fmt.Fprintf(b, "Ended: %s\n", r.Finished.UTC().Format("2006-01-02T15:04:05.000Z"))
	fmt.Fprintf(b, "Assessment Duration: %s\n\n", duration(r.Finished.Sub(r.Started)))
	counts := map[string]int{}
	for _, c := range r.Controls() {
		if c.Benchmark != r.Profile.Benchmark {
			continue
		}
		word := cisWord(c.Underlying)
		if c.outside() {
			word = "notapplicable"
		}
		counts[word]++
		level := ""
		if c.Level > 0 {
			level = fmt.Sprintf("[L%d] ", c.Level)
		}
		title := c.Title
		if title == "" {
			title = c.Results[0].Title
		}
		fmt.Fprintf(b, "%s: %s %s%s\n", word, Printable(c.ID), level, Printable(title))
	}
	possible := counts["pass"] + counts["fail"] + counts["error"] + counts["unknown"]
	score := 0.0
	if possible > 0 {
		score = math.Round(100 * float64(counts["pass"]) / float64(possible))
	}
	fmt.Fprintln(b, "********** Total **********")
	fmt.Fprintf(b, "Pass: %d\nFail: %d\nError: %d\nUnknown: %d\nNot Selected: %d\n",
		counts["pass"], counts["fail"], counts["error"], counts["unknown"], counts["manual"]+counts["notapplicable"])
	fmt.Fprintf(b, "Actual Pass: %.1f\nMaximum Possible: %.1f\nScore: %.0f%%\n", float64(counts["pass"]), float64(possible), score)
	return b.Flush()
}

func cisWord(o rule.Outcome) string {
	switch o {
	case rule.Pass, rule.NotApplicable:
		return "pass"
	case rule.Fail:
		return "fail"
	case rule.Error:
		return "error"
	case rule.Manual:
		return "manual"
	}
	return "unknown"
}

func duration(d time.Duration) string {
	seconds := int(max(0, d).Round(time.Second).Seconds())
	list := []string{}
	if m := seconds / 60; m > 0 {
		list = append(list, plural(m, "minute"))
	}
	return strings.Join(append(list, plural(seconds%60, "second")), ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
