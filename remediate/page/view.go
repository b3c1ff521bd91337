package page

import (
	"cmp"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/compare"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// document is all that the template shows.
type document struct {
	Policy    string
	CSS       template.CSS
	JS        template.JS
	Report    *report.Report
	Host      string
	Decides   string
	Machine   string
	Finished  string
	Took      string
	Verdict   string
	Class     string // of the verdict
	Lead      string
	Total     int
	Arcs      []arc
	Outcomes  []count
	Levels    []group
	Severity  []group
	Sections  []group
	Attention []item
	Waivers   []waived
	Unused    []waived
	Rules     []section
	Compared  *compared
	Changes   []change
}

// count is how many results have an outcome.
type count struct {
	Outcome rule.Outcome
	N       int
}

// arc is a piece of the ring, in hundredths of its length.
type arc struct {
	Outcome      rule.Outcome
	Size, Offset string
}

// group is a row of the drawn counts.
type group struct {
	Key, Name string
	Total     int
	Bars      []bar
	Counts    []count
}

// bar is a piece of a row, in hundredths of its width.
type bar struct {
	Outcome  rule.Outcome
	X, Width string
}

type section struct {
	Name  string
	Key   string
	Items []item
}

// item is a rule with what is shown of it.
type item struct {
	report.Result
	ID      string // of the element
	Levels  string
	Section string // what the filter tells it by
	Open    bool
	Search  string
	Places  []rule.Source
	Changes []change
	Many    bool // several resources

	sectionName string
}

type change struct {
	ID             string
	Target, Action string
	Lines          []line
	Rules          int // that the change serves
}

type line struct{ Class, Text string }

type waived struct {
	item
	State string // in force, expired, unused
	When  string
}

type compared struct {
	Against string
	Groups  []differences
}

type differences struct {
	Title, Class string
	Open         bool
	List         []difference
}

type difference struct {
	compare.Difference
	ID string // of the rule's element; empty when it is not on the page
}

// shown is the order of outcomes in drawings and filters: what needs attention first.
var shown = [...]rule.Outcome{rule.Fail, rule.Error, rule.NotObservable, rule.Manual, rule.Waived, rule.NotApplicable, rule.Pass}

// few is how many things are shown open; more would bury what follows.
const few = 6

func view(r *report.Report, o Options) document {
	d := document{
		Policy: policy(), CSS: template.CSS(pageCSS), JS: template.JS(pageJS), Report: r, Host: r.Host.OS + " " + r.Host.Version,
		Decides: "The next boot decides", Finished: date(r.Finished), Total: len(r.Results),
		Machine: machine(r.Host),
	}
	if took := r.Finished.Sub(r.Started).Round(100 * time.Millisecond); took > 0 {
		d.Took = took.String()
	}
	if r.Host.Name != "" {
		d.Host = r.Host.Name
	}
	if r.Require == "both" {
		d.Decides = "The next boot and what runs now decide"
	}
	d.verdict(r)
	items := make([]item, len(r.Results))
	for i, res := range r.Results {
		items[i] = itemOf(i, res, r)
	}
	open := 0
	for _, it := range items {
		if it.Open {
			open++
		}
	}
	if open > few {
		for i := range items {
			items[i].Open = false
		}
	}
	d.Outcomes = tally(items)
	d.ring()
	d.groups(items)
	for _, it := range items {
		switch it.Outcome {
		case rule.Fail, rule.Error, rule.NotObservable, rule.Manual:
			d.Attention = append(d.Attention, it)
		}
		switch {
		case it.Waiver == nil:
		case it.Waiver.Unused:
			d.Unused = append(d.Unused, waivedOf(it, r.Finished))
		default:
			d.Waivers = append(d.Waivers, waivedOf(it, r.Finished))
		}
	}
	for i, c := range r.Changes {
		d.Changes = append(d.Changes, changeOf(i, c))
	}
	if o.Compared != nil {
		d.Compared = comparedOf(o, items)
		switch n := len(o.Compared.Regressions); n {
		case 0:
		case 1:
			d.Lead += " One thing became worse."
		default:
			d.Lead += fmt.Sprintf(" %d things became worse.", n)
		}
	}
	return d
}

func machine(h report.Host) string {
	mode := "offline " + h.Mode
	if h.Mode == "live" {
		mode = "running"
	}
	parts := []string{mode}
	if h.Arch != "" && h.Arch != "unknown" {
		parts = append(parts, h.Arch)
	}
	if h.Kernel != "" {
		parts = append(parts, "kernel "+h.Kernel)
	}
	return strings.Join(parts, ", ")
}

func (d *document) verdict(r *report.Report) {
	d.Verdict, d.Class = "Compliant", "pass"
	d.Lead = "Every rule passes, does not apply here, or has a waiver in force."
	bad := r.Summary.Fail + r.Summary.NotObservable
	switch {
	case r.Summary.Error > 0:
		d.Verdict, d.Class = "Not compliant", "error"
		d.Lead = fmt.Sprintf("%s could not be checked, and %s.", rules(r.Summary.Error), deviate(bad))
	case !r.Compliant:
		d.Verdict, d.Class = "Not compliant", "fail"
		d.Lead = deviate(bad) + ". Each one is listed below with what decides it."
		d.Lead = strings.ToUpper(d.Lead[:1]) + d.Lead[1:]
	case len(r.Results) == 0:
		d.Verdict, d.Class, d.Lead = "Nothing was checked", "error", "The report has no results."
	case !r.Looked():
		d.Verdict, d.Class, d.Lead = "Not applicable", "not_applicable", "Nothing was looked at: these controls are not about the machine."
	case r.Summary.Manual > 0:
		d.Lead = fmt.Sprintf("Nothing fails without a waiver. %s for a person to judge.", isAre(r.Summary.Manual))
	}
}

func rules(n int) string {
	if n == 1 {
		return "1 rule"
	}
	return fmt.Sprintf("%d rules", n)
}

func isAre(n int) string {
	if n == 1 {
		return "1 rule is"
	}
	return fmt.Sprintf("%d rules are", n)
}

func deviate(n int) string {
	switch n {
	case 0:
		return "no other rule fails without a waiver"
	case 1:
		return "1 rule fails or cannot be seen without a waiver"
	}
	return fmt.Sprintf("%d rules fail or cannot be seen without a waiver", n)
}

func tally(items []item) []count {
	var list []count
	for _, o := range shown {
		n := 0
		for _, it := range items {
			if it.Outcome == o {
				n++
			}
		}
		if n > 0 {
			list = append(list, count{o, n})
		}
	}
	return list
}

func hundredths(n, total int) float64 { return 100 * float64(n) / float64(max(1, total)) }

func number(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }

func (d *document) ring() {
	offset := 0.0
	for _, c := range d.Outcomes {
		size := hundredths(c.N, d.Total)
		d.Arcs = append(d.Arcs, arc{c.Outcome, number(size), number(-offset)})
		offset += size
	}
}

func groupOf(key, name string, items []item) group {
	g := group{Key: key, Name: name, Total: len(items), Counts: tally(items)}
	x := 0.0
	for _, c := range g.Counts {
		width := hundredths(c.N, g.Total)
		g.Bars = append(g.Bars, bar{c.Outcome, number(x), number(width)})
		x += width
	}
	return g
}

// groups draws counts by level, severity and section, and orders the rules by section and number.
func (d *document) groups(items []item) {
	for _, level := range []string{"1", "2"} {
		var of []item
		for _, it := range items {
			if strings.HasPrefix(it.Levels, level) {
				of = append(of, it)
			}
		}
		if len(of) > 0 {
			d.Levels = append(d.Levels, groupOf(level, "Level "+level, of))
		}
	}
	for _, severity := range profile.Severities() {
		var of []item
		for _, it := range items {
			if it.Severity == severity {
				of = append(of, it)
			}
		}
		if len(of) > 0 {
			d.Severity = append(d.Severity, groupOf(severity, strings.ToUpper(severity[:1])+severity[1:], of))
		}
	}
	sorted := slices.Clone(items)
	slices.SortStableFunc(sorted, func(a, b item) int {
		return cmp.Or(cmp.Compare(d.place(a), d.place(b)), cmp.Compare(benchmark(a), benchmark(b)), report.CompareIDs(first(a.Result), first(b.Result)))
	})
	for _, it := range sorted {
		i := slices.IndexFunc(d.Rules, func(s section) bool { return s.Key == it.Section })
		if i < 0 {
			i = len(d.Rules)
			d.Rules = append(d.Rules, section{Name: it.sectionName, Key: it.Section})
		}
		d.Rules[i].Items = append(d.Rules[i].Items, it)
	}
	for _, s := range d.Rules {
		d.Sections = append(d.Sections, groupOf(s.Key, s.Name, s.Items))
	}
}

// place puts the profile's own benchmark first, and what is in none last.
func (d *document) place(it item) int {
	switch {
	case it.Section == other:
		return 2
	case benchmark(it) != d.Report.Profile.Benchmark:
		return 1
	}
	return 0
}

func benchmark(it item) string {
	if len(it.Controls) == 0 {
		return ""
	}
	return it.Controls[0].Benchmark
}

func first(res report.Result) string {
	if len(res.Controls) == 0 {
		return ""
	}
	return res.Controls[0].ID
}

// other is the section of rules without a control.
const other = "Other"

var (
	numbered = regexp.MustCompile(`^([0-9]+)(\.|$)`)
	lettered = regexp.MustCompile(`^([A-Z]+)-`) // a node's own additions to a benchmark: AKS-1
)

// sectionOf is where a rule stands in its benchmark: the first part of its control's number, with the section's title.
// Controls of a benchmark that have neither numbers nor capitals before a dash are one section. Where several benchmarks were looked at, each has its own.
func sectionOf(res report.Result, p report.Profile) (key, name string) {
	if len(res.Controls) == 0 {
		return other, other
	}
	c := res.Controls[0]
	match := numbered.FindStringSubmatch(c.ID)
	if match == nil {
		if own := lettered.FindStringSubmatch(c.ID); own != nil {
			return own[1], own[1]
		}
		if c.Benchmark == "" {
			return other, other
		}
		return c.Benchmark, c.Benchmark
	}
	key, name = match[1], "Section "+match[1]
	for _, s := range p.Sections {
		if s.ID == match[1] && s.Benchmark == c.Benchmark {
			name = s.ID + " " + s.Title
		}
	}
	if c.Benchmark != p.Benchmark {
		key, name = c.Benchmark+" "+key, c.Benchmark+", "+name
	}
	return key, name
}

var plain = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,100}$`)

func itemOf(i int, res report.Result, r *report.Report) item {
	it := item{Result: res, ID: fmt.Sprintf("rule-%d", i+1), Places: res.Places(), Many: len(res.Resources) > 1}
	it.Section, it.sectionName = sectionOf(res, r.Profile)
	if plain.MatchString(res.Rule) {
		it.ID = "rule-" + res.Rule
	}
	var levels []int
	for _, c := range res.Controls {
		if c.Level > 0 && !slices.Contains(levels, c.Level) {
			levels = append(levels, c.Level)
		}
	}
	slices.Sort(levels)
	it.Levels = strings.Trim(strings.ReplaceAll(fmt.Sprint(levels), "[]", ""), "[]")
	switch res.Outcome {
	case rule.Fail, rule.Error, rule.NotObservable:
		it.Open = true
	}
	for i, c := range r.Changes {
		if slices.Contains(c.Rules, res.Rule) {
			it.Changes = append(it.Changes, changeOf(i, c))
		}
	}
	it.Search = strings.ToLower(searchText(it))
	return it
}

func changeOf(i int, c report.Change) change {
	return change{fmt.Sprintf("change-%d", i+1), c.Target, c.Action, diffLines(c.Diff), len(c.Rules)}
}

func searchText(it item) string {
	parts := []string{it.Rule, it.Title, it.Severity, string(it.Outcome), it.Message, it.Expected, it.Observed.Persisted, it.Observed.Running}
	for _, c := range it.Controls {
		parts = append(parts, c.ID, c.Title)
	}
	for _, s := range it.Places {
		parts = append(parts, s.Path)
	}
	for _, p := range it.Resources {
		parts = append(parts, p.Name)
	}
	if it.Outside != nil {
		parts = append(parts, it.Outside.Owner, it.Outside.Status)
	}
	if it.Waiver != nil {
		parts = append(parts, string(it.Waiver.Reason), it.Waiver.Justification, it.Waiver.Owner)
	}
	return report.Printable(strings.Join(parts, " "))
}

func diffLines(diff string) []line {
	if diff == "" {
		return nil
	}
	var list []line
	for text := range strings.SplitSeq(strings.TrimRight(diff, "\n"), "\n") {
		class := ""
		switch {
		case strings.HasPrefix(text, "+++"), strings.HasPrefix(text, "---"), strings.HasPrefix(text, "@@"):
			class = "hunk"
		case strings.HasPrefix(text, "+"):
			class = "add"
		case strings.HasPrefix(text, "-"):
			class = "del"
		}
		list = append(list, line{class, report.Printable(text)})
	}
	return list
}

func waivedOf(it item, at time.Time) waived {
	w := waived{item: it, State: "in force"}
	day, err := time.Parse(time.DateOnly, it.Waiver.Expires)
	if err == nil {
		left := int(day.Sub(at.UTC().Truncate(24*time.Hour)).Hours() / 24)
		switch {
		case left < 0:
			w.When = "over"
		case left == 0:
			w.When = "its last day"
		case left == 1:
			w.When = "1 day left"
		default:
			w.When = fmt.Sprintf("%d days left", left)
		}
	}
	switch {
	case it.Waiver.Expired:
		w.State = "expired"
	case it.Waiver.Unused:
		w.State = "unused"
	}
	return w
}

func comparedOf(o Options, items []item) *compared {
	c := compared{Against: o.Against}
	for _, g := range []struct {
		title, class string
		list         []compare.Difference
	}{
		{"Regressions", "fail", o.Compared.Regressions}, {"Improvements", "pass", o.Compared.Improvements}, {"Other changes", "not_applicable", o.Compared.Changes},
	} {
		if len(g.list) == 0 {
			continue
		}
		d := differences{Title: g.title, Class: g.class, Open: g.class == "fail" || len(g.list) <= few}
		for _, one := range g.list {
			shown := difference{Difference: one}
			if i := slices.IndexFunc(items, func(it item) bool { return it.Rule == one.Rule }); i >= 0 && one.Rule != "" {
				shown.ID = items[i].ID
			}
			d.List = append(d.List, shown)
		}
		c.Groups = append(c.Groups, d)
	}
	return &c
}
