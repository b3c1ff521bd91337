// Package report is the outcome of every rule and control: the machine-readable truth from which all
// formats are made. It knows nothing of how an outcome was found.
package report

import (
	"slices"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Schema names the version of the JSON form. Fields are added within a version, never removed or
// given another meaning.
const Schema = "https://github.com/nodeimage/packer-plugin-harden/schema/report/v1"

// Action is what the run did.
type Action string

const (
	Check  Action = "check"  // read-only
	Apply  Action = "apply"  // changed, then observed again
	Attest Action = "attest" // read-only, meant as evidence about an artifact
)

// Report is one run over one host.
type Report struct {
	Schema   string    `json:"schema"`
	Action   Action    `json:"action"`
	Tool     Tool      `json:"tool"`
	Profile  Profile   `json:"profile"`
	Host     Host      `json:"host"`
	Require  string    `json:"require"` // "persisted" or "both": which state decides
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Nonce    string    `json:"nonce,omitempty"`  // given by the caller, so that a report cannot be replayed
	RunID    string    `json:"run_id,omitempty"` // the Packer run
	// Compliant says that nothing failed, erred or could not be observed without a waiver.
	Compliant bool     `json:"compliant"`
	Summary   Summary  `json:"summary"`
	Results   []Result `json:"results"`
	Changes   []Change `json:"changes,omitempty"` // what apply did, in order
	// Interrupted says why apply stopped before its end, and Pending what it had planned and did not do. The
	// results are of how the machine was left.
	Interrupted string   `json:"interrupted,omitempty"`
	Pending     []Change `json:"pending,omitempty"`
	// Undone are earlier applies that had been interrupted, and that apply took back first.
	Undone []Undone `json:"undone,omitempty"`
	// Journals are the recorded applies whose old contents are on the machine.
	Journals []Journal `json:"journals,omitempty"`
}

// Undone is an apply that was taken back.
type Undone struct {
	Run      int    `json:"run"`
	Restored int    `json:"restored"` // how many files, units and values
	Left     []Left `json:"left,omitempty"`
}

// Left is something that is not as it was before an apply that was taken back.
type Left struct {
	Target string `json:"target"`
	Reason string `json:"reason"`
}

// Journal is a recorded apply on the machine.
type Journal struct {
	Run   int    `json:"run"`
	State string `json:"state"`
}

// Tool is the binary that made the report; Digest is its own sha256 in hex.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest,omitempty"`
}

// Profile is what was asked. Digest is the sha256 in hex over the profile's canonical form: its
// sources, variables, waivers and selection.
type Profile struct {
	Name      string     `json:"name"`
	Version   string     `json:"version"`
	Benchmark string     `json:"benchmark"`
	Digest    string     `json:"digest"`
	Level     int        `json:"level,omitempty"` // 0 is every level
	Variables []Variable `json:"variables,omitempty"`
	Sections  []Section  `json:"sections,omitempty"`
}

// Section names the controls of a benchmark whose numbers start with its own.
type Section struct {
	Benchmark string `json:"benchmark"`
	ID        string `json:"id"`
	Title     string `json:"title"`
}

// Variable is a parameter's value in force, sorted by name.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Host is the machine.
type Host struct {
	OS      string `json:"os"`
	Version string `json:"version"`
	Name    string `json:"name,omitempty"`
	Arch    string `json:"arch"`
	Mode    string `json:"mode"`
	Kernel  string `json:"kernel,omitempty"` // the running one
}

// Summary counts results by outcome.
type Summary struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	Error         int `json:"error"`
	NotApplicable int `json:"not_applicable"`
	NotObservable int `json:"not_observable"`
	Manual        int `json:"manual"`
	Waived        int `json:"waived"`
}

// Control places a rule in a benchmark.
type Control struct {
	Benchmark string `json:"benchmark"`
	ID        string `json:"id"`
	Level     int    `json:"level"`
	Title     string `json:"title,omitempty"`
}

// Observed is the state that was found. Running is empty where nothing runs.
type Observed struct {
	Persisted string `json:"persisted,omitempty"`
	Running   string `json:"running,omitempty"`
}

// Result is the outcome of one rule.
type Result struct {
	Rule     string       `json:"rule"`
	Controls []Control    `json:"controls"`
	Title    string       `json:"title"`
	Severity string       `json:"severity,omitempty"` // high, medium or low; empty where nobody said
	Outcome  rule.Outcome `json:"outcome"`
	// Underlying is the outcome beneath a waiver.
	Underlying rule.Outcome  `json:"underlying,omitempty"`
	Message    string        `json:"message"`
	Expected   string        `json:"expected"`
	Observed   Observed      `json:"observed"`
	Sources    []rule.Source `json:"sources,omitempty"`
	Waiver     *Waiver       `json:"waiver,omitempty"`
	// Outside says that this is a control that has no rules, and why: nothing was looked at.
	Outside *rule.Outside `json:"not_applicable,omitempty"`
	// RunningDiffers says that what runs deviates while only what is persisted decides.
	RunningDiffers bool `json:"running_differs,omitempty"`
	// Resources are the findings that the rule's own is made of, one a resource.
	Resources []Part `json:"resources,omitempty"`
}

// Looked reports whether anything was looked at: a report of controls that are about something else says
// nothing of the machine.
func (r *Report) Looked() bool {
	return slices.ContainsFunc(r.Results, func(res Result) bool { return res.Outside == nil })
}

// Part is the finding of one resource of a rule.
type Part struct {
	Kind     string        `json:"kind"`
	Name     string        `json:"name"`
	Outcome  rule.Outcome  `json:"outcome"`
	Message  string        `json:"message"`
	Expected string        `json:"expected"`
	Observed Observed      `json:"observed"`
	Sources  []rule.Source `json:"sources,omitempty"`
	Evidence []string      `json:"evidence,omitempty"`
}

// Waiver is a waiver as it bore on a result.
type Waiver struct {
	rule.Waiver
	Expired bool `json:"expired,omitempty"` // it waives nothing any more
	Unused  bool `json:"unused,omitempty"`  // the rule passes without it
}

// Change is one step that apply took.
type Change struct {
	Target string   `json:"target"`
	Action string   `json:"action"` // in words: "write", "set owner and mode", "mask unit"
	Rules  []string `json:"rules"`
	Diff   string   `json:"diff,omitempty"` // unified diff of a file; left out for files that hold secrets
}
