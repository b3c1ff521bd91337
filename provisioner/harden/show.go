package harden

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/remote"
	"github.com/nodeimage/packer-plugin-harden/remediate/format"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// take keeps an accepted report, and remembers the one that is evidence.
func (j *job) take(r *report.Report) error {
	if r.Action == report.Attest {
		j.attested = r
	}
	return j.keep(string(r.Action), r)
}

// keep writes a report in every form that was asked for, before anything is judged: who has to find
// out why a build failed needs it.
func (j *job) keep(name string, r *report.Report) error {
	dir := j.dir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	for _, form := range format.All() {
		if form.Name != "json" && !slices.Contains(j.Formats, form.Name) {
			continue
		}
		file := filepath.Join(dir, name+"."+form.Extension)
		write := func(f *os.File) error {
			return form.Write(f, r, format.Options{Text: report.TextOptions{All: true}})
		}
		if err := replaceFile(file, write); err != nil {
			return fmt.Errorf("cannot write the report: %w", err)
		}
	}
	return nil
}

// replaceFile writes a file so that a reader sees the old or the new one whole.
func replaceFile(name string, write func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// judge shows what was found and decides what it means for the build.
func (j *job) judge(applied, attested *report.Report) error {
	if applied != nil {
		j.ui.Say(fmt.Sprintf("Applied: %d changes, then %s", len(applied.Changes), applied.Summary))
		j.compare(applied, attested)
	}
	found := "Attested"
	if attested.Action == report.Apply {
		found = "Applied"
	}
	j.ui.Say(fmt.Sprintf("%s: %s", found, attested.Summary))
	j.remarks(attested)

	wrong := deviating(attested)
	if table := tableOf(wrong); table != "" {
		j.ui.Error(table)
	}
	where := j.dir()
	j.ui.Say("Reports are in " + where)

	if err := j.oldContents(attested); err != nil {
		return err
	}
	refusals := j.refusals(attested)
	if len(refusals) == 0 {
		if attested.Compliant {
			j.ui.Say("The machine is compliant with " + j.want.Name)
		} else {
			j.ui.Say(fmt.Sprintf("The machine is not compliant with %s, and the policy %s accepts it", j.want.Name, filepath.Base(j.Policy)))
		}
		return nil
	}
	verdict := refusals[0]
	if j.policy.HasPolicy() {
		for _, reason := range refusals {
			j.ui.Error("Refused: " + remote.Clean(reason))
		}
		verdict = fmt.Sprintf("the policy %s refuses the machine: %s", filepath.Base(j.Policy), remote.Clean(some(refusals)))
	}
	verdict += "; the report is " + filepath.Join(where, string(attested.Action)+".json")
	if j.OnFailure == "warn" {
		j.ui.Error("Warning: " + verdict + ` (on_failure = "warn")`)
		return nil
	}
	return notCompliant(verdict)
}

// oldContents is an error when what earlier runs replaced would be shipped, unless that is wanted.
func (j *job) oldContents(attested *report.Report) error {
	switch runs := len(attested.Journals); {
	case runs == 0:
		return nil
	case j.KeepJournal:
		j.ui.Error("keep_journal: the old contents of what was changed are left on the target, and so in the image")
		return nil
	default:
		return fmt.Errorf("the machine would ship the old contents of what %d earlier runs of harden changed: remove /var/lib/harden/journal, or set keep_journal", runs)
	}
}

// refusals are the reasons for which the machine is not good enough: the policy's or, without one, that
// it is not compliant.
func (j *job) refusals(r *report.Report) []string {
	switch {
	case j.policy.HasPolicy():
		return j.policy.Refusals(r, time.Now())
	case !r.Compliant:
		return []string{fmt.Sprintf("the machine is not compliant with %s: %d of %d rules deviate", j.want.Name, len(deviating(r)), len(r.Results))}
	}
	return nil
}

// notCompliant is the error when there is a report that can be trusted, and it says no.
type notCompliant string

func (n notCompliant) Error() string { return string(n) }

// compare tells where the process that applied and the one that attested differ. The attested
// outcome counts, but such a difference deserves to be known.
func (j *job) compare(applied, attested *report.Report) {
	before := map[string]rule.Outcome{}
	for _, res := range applied.Results {
		before[res.Rule] = res.Outcome
	}
	for _, res := range attested.Results {
		if was, ok := before[res.Rule]; ok && was != res.Outcome {
			j.ui.Error(fmt.Sprintf("Warning: rule %s was %s when it was applied and is %s now", remote.Clean(res.Rule), was, res.Outcome))
		}
	}
}

// remarks are what an operator should know although it decides nothing.
func (j *job) remarks(r *report.Report) {
	var running, expired, unused []string
	for _, res := range r.Results {
		id := remote.Clean(res.Rule)
		if res.RunningDiffers {
			running = append(running, id)
		}
		if res.Waiver != nil && res.Waiver.Expired {
			expired = append(expired, id)
		}
		if res.Waiver != nil && res.Waiver.Unused {
			unused = append(unused, id)
		}
	}
	if len(running) > 0 {
		j.ui.Say(fmt.Sprintf("What runs now differs until the next boot for %d rules: %s", len(running), some(running)))
	}
	if len(expired) > 0 {
		j.ui.Error(fmt.Sprintf("Warning: the waivers of %d rules have expired and waive nothing: %s", len(expired), some(expired)))
	}
	if len(unused) > 0 {
		j.ui.Say(fmt.Sprintf("The waivers of %d rules are unused, the rules pass without them: %s", len(unused), some(unused)))
	}
}

// some joins the first few of a list.
func some(list []string) string {
	const few = 10
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}

// deviating are the results that keep the machine from being compliant.
func deviating(r *report.Report) []report.Result {
	var wrong []report.Result
	for _, res := range r.Results {
		switch res.Outcome {
		case rule.Fail, rule.Error, rule.NotObservable:
			wrong = append(wrong, res)
		}
	}
	return wrong
}

// tableOf lists results with the place that decides and, below each, the reason.
func tableOf(results []report.Result) string {
	type row struct{ outcome, rule, controls, where, message string }
	var rows []row
	head := row{"OUTCOME", "RULE", "CONTROL", "WHERE", ""}
	longest := [3]int{len(head.outcome), len(head.rule), len(head.controls)}
	for _, res := range results {
		var controls []string
		for _, c := range res.Controls {
			controls = append(controls, c.ID)
		}
		r := row{
			outcome: string(res.Outcome), rule: remote.Clean(res.Rule), controls: remote.Clean(strings.Join(controls, ",")),
			where: remote.Clean(placeOf(res)), message: remote.Clean(res.Message),
		}
		rows = append(rows, r)
		for i, s := range []string{r.outcome, r.rule, r.controls} {
			longest[i] = max(longest[i], len([]rune(s)))
		}
	}
	if len(rows) == 0 {
		return ""
	}
	var b strings.Builder
	line := func(r row) {
		text := fmt.Sprintf("%-*s  %-*s  %-*s  %s", longest[0], r.outcome, longest[1], r.rule, longest[2], r.controls, r.where)
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	line(head)
	for _, r := range rows {
		line(r)
		if r.message != "" {
			fmt.Fprintf(&b, "%*s%s\n", longest[0]+2, "", r.message)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// placeOf is the place that decides a result: the source that wins, of the rule or of the first part
// that deviates.
func placeOf(res report.Result) string {
	sources := slices.Clone(res.Sources)
	for _, part := range res.Resources {
		if part.Outcome != rule.Pass && part.Outcome != rule.NotApplicable {
			sources = append(sources, part.Sources...)
		}
	}
	i := slices.IndexFunc(sources, func(s rule.Source) bool { return s.Wins })
	if i < 0 {
		if i = 0; len(sources) == 0 {
			return "-"
		}
	}
	if sources[i].Line == 0 {
		return sources[i].Path
	}
	return fmt.Sprintf("%s:%d", sources[i].Path, sources[i].Line)
}
