package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// TextOptions shape the terminal form.
type TextOptions struct {
	Color bool
	// All lists passing rules too.
	All bool
}

// Text writes the terminal form: the verdict, then what deserves attention with its evidence, then
// the rest when asked for.
func Text(w io.Writer, r *Report, o TextOptions) error {
	p := &printer{w: w, color: o.Color}
	p.verdict(r)
	if !o.All && r.Looked() {
		p.outside(r)
	}
	for _, res := range r.Results {
		if o.All || !quiet(res) || !r.Looked() {
			p.result(res)
		}
	}
	if n := len(r.Changes); n > 0 {
		p.printf("\n%d changes made\n", n)
		for _, c := range r.Changes {
			p.printf("  %s: %s\n", Printable(c.Target), Printable(c.Action))
		}
	}
	p.transaction(r)
	return p.err
}

// transaction tells what apply did not do, what it took back, and what it left behind.
func (p *printer) transaction(r *Report) {
	if n := len(r.Pending); n > 0 {
		p.printf("\n%d changes not made\n", n)
		for _, c := range r.Pending {
			p.printf("  %s: %s\n", Printable(c.Target), Printable(c.Action))
		}
	}
	for _, u := range r.Undone {
		p.printf("\nrun %d had been interrupted and was taken back: %d restored\n", u.Run, u.Restored)
		for _, l := range u.Left {
			p.printf("  %s: %s\n", Printable(l.Target), Printable(l.Reason))
		}
	}
	if len(r.Journals) > 0 {
		p.printf("\nold contents are kept on the machine, for harden undo:\n")
		for _, j := range r.Journals {
			p.printf("  run %d, %s\n", j.Run, Printable(j.State))
		}
	}
}

func quiet(res Result) bool {
	attention := res.Waiver != nil || res.RunningDiffers
	return (res.Outcome == rule.Pass || res.Outcome == rule.NotApplicable) && !attention
}

type printer struct {
	w     io.Writer
	color bool
	err   error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) paint(o rule.Outcome, text string) string {
	if !p.color {
		return text
	}
	code := map[rule.Outcome]string{rule.Pass: "32", rule.Fail: "31", rule.Error: "35", rule.Waived: "33"}[o]
	if code == "" {
		code = "36"
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p *printer) verdict(r *Report) {
	word, o := "COMPLIANT", rule.Pass
	switch {
	case !r.Compliant:
		word, o = "NOT COMPLIANT", rule.Fail
	case len(r.Results) > 0 && !r.Looked():
		word, o = "NOT APPLICABLE", rule.NotApplicable
	}
	p.printf("%s  %s %s on %s (%s, %s state decides)\n", p.paint(o, word), Printable(r.Profile.Name),
		Printable(r.Profile.Version), Printable(hostName(r.Host)), Printable(r.Host.Mode), Printable(decides(r.Require)))
	p.printf("%s\n", r.Summary)
	if r.Interrupted != "" {
		p.printf("%s  %s\n", p.paint(rule.Error, "INTERRUPTED"), Printable(r.Interrupted))
	}
}

// outside says that controls are left out of the list.
func (p *printer) outside(r *Report) {
	n := 0
	for _, res := range r.Results {
		if res.Outside != nil {
			n++
		}
	}
	if n > 0 {
		p.printf("%s not about the machine; --all lists them\n", areControls(n))
	}
}

func areControls(n int) string {
	if n == 1 {
		return "1 control is"
	}
	return fmt.Sprintf("%d controls are", n)
}

func decides(require string) string {
	if require == "both" {
		return "persisted and running"
	}
	return require
}

func hostName(h Host) string {
	if h.Name != "" {
		return h.Name
	}
	return h.OS + " " + h.Version
}

// String counts in words, leaving out what did not occur.
func (s Summary) String() string {
	var parts []string
	for _, c := range []struct {
		n    int
		word string
	}{
		{s.Pass, "pass"}, {s.Fail, "fail"}, {s.Error, "error"}, {s.NotApplicable, "not applicable"},
		{s.NotObservable, "not observable"}, {s.Manual, "manual"}, {s.Waived, "waived"},
	} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	if len(parts) == 0 {
		return "no rules"
	}
	return strings.Join(parts, ", ")
}

func (p *printer) result(res Result) {
	p.printf("\n%s  %-10s %s\n", p.paint(res.Outcome, fmt.Sprintf("%-14s", res.Outcome)), ids(res.Controls), Printable(res.Title))
	indent := strings.Repeat(" ", 16)
	p.printf("%srule       %s\n", indent, Printable(res.Rule))
	for _, l := range []struct{ label, text string }{
		{"severity", res.Severity},
		{"because", res.Message},
		{"expected", res.Expected},
		{"persisted", res.Observed.Persisted},
		{"running", res.Observed.Running},
	} {
		if l.text != "" {
			p.printf("%s%-10s %s\n", indent, l.label, Printable(l.text))
		}
	}
	for _, s := range res.Sources {
		mark := " "
		if s.Wins {
			mark = "*"
		}
		p.printf("%ssource   %s %s\n", indent, mark, Printable(place(s)))
	}
	for _, part := range res.Resources {
		for _, item := range part.Evidence {
			p.printf("%sfound      %s\n", indent, Printable(item))
		}
	}
	if res.Waiver != nil {
		p.printf("%swaiver     %s\n", indent, Printable(waiverText(*res.Waiver)))
	}
	if res.RunningDiffers {
		p.printf("%snote       what runs differs; the next boot is right\n", indent)
	}
}

func ids(controls []Control) string {
	var list []string
	for _, c := range controls {
		list = append(list, Printable(c.ID))
	}
	return strings.Join(list, ",")
}

func place(s rule.Source) string {
	text := s.Path
	if s.Line > 0 {
		text += fmt.Sprintf(":%d", s.Line)
	}
	if s.Text != "" {
		text += ": " + strings.TrimSpace(s.Text)
	}
	return text
}

func waiverText(w Waiver) string {
	text := fmt.Sprintf("%s: %s (%s, owner %s, until %s)", w.Reason, w.Justification, w.Origin, w.Owner, w.Expires)
	switch {
	case w.Expired:
		text += " EXPIRED, waives nothing"
	case w.Unused:
		text += " unused, the rule passes without it"
	}
	return text
}

// Printable makes text from a target fit for a terminal or a log: control characters, invalid UTF-8
// and characters that change the direction of writing become visible escapes, and so does what would
// be a command to a pipeline.
func Printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !safe(r) }) {
		return colonCommand.ReplaceAllString(Inert(s), `${1}\x3a${2}`)
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case safe(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return colonCommand.ReplaceAllString(Inert(b.String()), `${1}\x3a${2}`)
}

var (
	hashCommand  = regexp.MustCompile(`(#\p{M}*)#(\p{M}*[vV\[])`)
	colonCommand = regexp.MustCompile(`^(\s*):(\p{M}*:)`)
)

// Inert escapes what a pipeline's agent takes for a command anywhere in a line of a log: "##vso[" is one to Azure's,
// which compares by culture and so passes over some marks, and "##[" to GitHub's. What begins a line with "::" is one to
// the latter too; that is for Printable, because a log that names its speaker first has no such lines.
func Inert(s string) string {
	if !strings.Contains(s, "#") {
		return s
	}
	return hashCommand.ReplaceAllString(s, `${1}\x23${2}`)
}

// InertJSON does the same to JSON, which says the same after it.
func InertJSON(data []byte) []byte { return hashCommand.ReplaceAll(data, []byte(`${1}\u0023${2}`)) }

func safe(r rune) bool {
	return r != unicode.ReplacementChar && (r == '\t' || unicode.IsGraphic(r))
}
