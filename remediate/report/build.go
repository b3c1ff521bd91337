package report

import (
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Run is what a report is made from.
type Run struct {
	Action            Action
	Tool              Tool
	Profile           *profile.Profile
	Host              host.Reader
	Require           engine.Require
	Started, Finished time.Time
	Nonce, RunID      string
	Findings          []engine.Finding
	Steps             []plan.Step
	Pending           []plan.Step
	Interrupted       error // why apply stopped before its end
	Undone            []journal.Result
	Journals          []journal.Run
}

// New makes the report of a run.
func New(r Run) *Report {
	info := r.Host.Info()
	out := &Report{
		Schema: Schema, Action: r.Action, Tool: r.Tool,
		Profile: Profile{
			Name: r.Profile.Name, Version: r.Profile.Version, Benchmark: r.Profile.Benchmark,
			Digest: r.Profile.Digest, Level: r.Profile.Level,
		},
		Host:    Host{OS: info.OS, Version: info.Version, Name: info.Name, Arch: info.Arch, Mode: string(info.Mode)},
		Require: string(r.Require), Started: r.Started.UTC(), Finished: r.Finished.UTC(), Nonce: r.Nonce, RunID: r.RunID,
		Compliant: r.Interrupted == nil && engine.Compliant(r.Findings),
		Results:   []Result{},
	}
	if running := r.Host.Running(); running != nil {
		out.Host.Kernel = running.Kernel()
	}
	for _, v := range r.Profile.Variables {
		out.Profile.Variables = append(out.Profile.Variables, Variable{v.Name, v.Value})
	}
	for _, s := range r.Profile.Sections {
		out.Profile.Sections = append(out.Profile.Sections, Section(s))
	}
	for _, f := range r.Findings {
		out.Results = append(out.Results, result(f))
		out.Summary.count(f.Outcome)
	}
	for _, c := range r.Profile.Outside() {
		out.Results = append(out.Results, outside(c))
		out.Summary.count(rule.NotApplicable)
	}
	for _, s := range r.Steps {
		out.Changes = append(out.Changes, ChangeOf(s))
	}
	if r.Interrupted != nil {
		out.Interrupted = r.Interrupted.Error()
	}
	for _, s := range r.Pending {
		out.Pending = append(out.Pending, ChangeOf(s))
	}
	for _, u := range r.Undone {
		out.Undone = append(out.Undone, undone(u))
	}
	for _, run := range r.Journals {
		out.Journals = append(out.Journals, Journal{run.Number, run.State})
	}
	return out
}

func undone(r journal.Result) Undone {
	u := Undone{Run: r.Run.Number, Restored: len(r.Restored)}
	for _, l := range r.Left {
		u.Left = append(u.Left, Left{l.Target, l.Reason})
	}
	return u
}

// ChangeOf describes a step of a plan.
func ChangeOf(s plan.Step) Change {
	return Change{Target: s.Target, Action: s.Action(), Rules: s.Rules, Diff: s.Diff()}
}

func (s *Summary) count(o rule.Outcome) {
	switch o {
	case rule.Pass:
		s.Pass++
	case rule.Fail:
		s.Fail++
	case rule.Error:
		s.Error++
	case rule.NotApplicable:
		s.NotApplicable++
	case rule.NotObservable:
		s.NotObservable++
	case rule.Manual:
		s.Manual++
	case rule.Waived:
		s.Waived++
	}
}

func result(f engine.Finding) Result {
	r := Result{
		Rule: f.Rule.ID, Title: f.Rule.Title, Severity: f.Rule.Severity, Outcome: f.Outcome, Underlying: f.Underlying, Message: f.Message,
		RunningDiffers: f.RunningDiffers, Controls: []Control{},
	}
	for _, c := range f.Rule.Controls {
		r.Controls = append(r.Controls, Control{c.Benchmark, c.ID, c.Level, c.Title})
	}
	if w := f.Rule.Waiver; w != nil {
		r.Waiver = &Waiver{*w, f.Expired, f.Unused}
	}
	for _, p := range f.Parts {
		o := p.Observation
		r.Resources = append(r.Resources, Part{
			Kind: p.Ref.Kind, Name: p.Ref.Name, Outcome: p.Outcome, Message: p.Message, Expected: o.Expected,
			Observed: Observed{o.Persisted, o.Running}, Sources: o.Sources, Evidence: o.Evidence,
		})
	}
	if len(r.Resources) == 1 {
		only := r.Resources[0]
		r.Expected, r.Observed, r.Sources = only.Expected, only.Observed, only.Sources
		return r
	}
	var expected, persisted, running []string
	for _, p := range r.Resources {
		expected = appendText(expected, p.Name, p.Expected)
		persisted = appendText(persisted, p.Name, p.Observed.Persisted)
		running = appendText(running, p.Name, p.Observed.Running)
		r.Sources = append(r.Sources, p.Sources...)
	}
	r.Expected = strings.Join(expected, "; ")
	r.Observed = Observed{strings.Join(persisted, "; "), strings.Join(running, "; ")}
	return r
}

// outside is the result of a control that is not about the machine.
func outside(c profile.Control) Result {
	return Result{
		Rule: c.ReportID(), Controls: []Control{{c.Benchmark, c.ID, c.Level, c.Title}}, Title: c.Title,
		Outcome: rule.NotApplicable, Message: c.Outside.Message(), Outside: c.Outside,
	}
}

// appendText adds a part's text, with its name unless the text has it.
func appendText(list []string, name, text string) []string {
	if text == "" {
		return list
	}
	if !strings.Contains(text, name) {
		text = name + ": " + text
	}
	return append(list, text)
}
