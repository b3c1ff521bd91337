package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/login"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/resource"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// fileHolds is a resource of the tests' own: a file holds exactly a text. It can be made to lie.
type fileHolds struct {
	path, text string
	err        error
	fixed      bool        // Diff proposes nothing that works
	extra      rule.Change // and this as well
	observe    func(h host.Reader)
}

func (r fileHolds) Ref() rule.Ref { return rule.Ref{Kind: "file_holds", Name: r.path} }

func (r fileHolds) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	if r.observe != nil {
		r.observe(h)
	}
	content, _ := h.ReadFile(r.path)
	return rule.Observation{Expected: r.text, Persisted: string(content), Message: "holds " + string(content), State: string(content)}, r.err
}

func (r fileHolds) Diff(o rule.Observation) []rule.Change {
	var changes []rule.Change
	if o.State.(string) != r.text {
		text := r.text
		if r.fixed {
			text = "something else"
		}
		changes = append(changes, rule.WriteFile{Path: r.path, Content: []byte(text), Create: rule.Attr{Mode: 0o644}})
	}
	if r.extra != nil {
		changes = append(changes, r.extra)
	}
	return changes
}

func profileOf(rules ...profile.Rule) *profile.Profile {
	return &profile.Profile{Name: "test", Rules: rules}
}

func ruleOf(id string, resources ...resource.Resource) profile.Rule {
	return profile.Rule{ID: id, Title: id, Resources: resources}
}

func TestOutcomes(t *testing.T) {
	waiver := func(expires string) *rule.Waiver { return &rule.Waiver{Reason: rule.AcceptedRisk, Expires: expires} }
	waived := func(r profile.Rule, w *rule.Waiver) profile.Rule { r.Waiver = w; return r }
	good, bad := fileHolds{path: "/a", text: "a"}, fileHolds{path: "/a", text: "b"}
	broken := fileHolds{path: "/a", text: "a", err: errors.New("cannot read /a")}
	runs := rule.SetSysctl{Key: "k", Value: "1"}
	for name, tc := range map[string]struct {
		rule    profile.Rule
		require engine.Require
		want    engine.Finding
	}{
		"what is right passes":                          {ruleOf("r", good), "", engine.Finding{Outcome: rule.Pass}},
		"what deviates fails":                           {ruleOf("r", bad), "", engine.Finding{Outcome: rule.Fail}},
		"one bad resource fails the rule":               {ruleOf("r", good, bad), "", engine.Finding{Outcome: rule.Fail}},
		"not being able to tell is an error":            {ruleOf("r", bad, broken), "", engine.Finding{Outcome: rule.Error}},
		"a waiver waives a fail":                        {waived(ruleOf("r", bad), waiver("2026-12-31")), "", engine.Finding{Outcome: rule.Waived, Underlying: rule.Fail}},
		"a waiver holds on its last day":                {waived(ruleOf("r", bad), waiver("2026-06-01")), "", engine.Finding{Outcome: rule.Waived, Underlying: rule.Fail}},
		"an expired waiver waives nothing":              {waived(ruleOf("r", bad), waiver("2026-05-31")), "", engine.Finding{Outcome: rule.Fail, Expired: true}},
		"a waiver never waives an error":                {waived(ruleOf("r", broken), waiver("2026-12-31")), "", engine.Finding{Outcome: rule.Error}},
		"a waiver of what passes is unused":             {waived(ruleOf("r", good), waiver("2026-12-31")), "", engine.Finding{Outcome: rule.Pass, Unused: true}},
		"what runs decides when both are required":      {ruleOf("r", fileHolds{path: "/a", text: "a", extra: runs}), engine.RequireBoth, engine.Finding{Outcome: rule.Fail}},
		"what runs is noted when the persisted decides": {ruleOf("r", fileHolds{path: "/a", text: "a", extra: runs}), engine.RequirePersisted, engine.Finding{Outcome: rule.Pass, RunningDiffers: true}},
		"what cannot be changed in place fails":         {ruleOf("r", fileHolds{path: "/a", text: "a", extra: rule.Unfixable{Reason: "a partition", Of: rule.Persisted}}), "", engine.Finding{Outcome: rule.Fail}},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/a", "a")
			findings, err := engine.Check(t.Context(), profileOf(tc.rule), f, engine.Options{Require: tc.require, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			got := findings[0]
			if got.Outcome != tc.want.Outcome || got.Underlying != tc.want.Underlying || got.Expired != tc.want.Expired ||
				got.Unused != tc.want.Unused || got.RunningDiffers != tc.want.RunningDiffers {
				t.Errorf("got %s under %q, expired %v, unused %v, running differs %v", got.Outcome, got.Underlying, got.Expired, got.Unused, got.RunningDiffers)
			}
		})
	}
}

func TestCheckHandsOutNothingThatWrites(t *testing.T) {
	f := hosttest.Tree(t, "")
	looked := false
	r := fileHolds{path: "/a", observe: func(h host.Reader) {
		looked = true
		if _, ok := h.(host.Writer); ok {
			t.Error("a resource can get at a Writer")
		}
	}}
	if _, err := engine.Check(t.Context(), profileOf(ruleOf("r", r)), f, engine.Options{Now: now}); err != nil || !looked {
		t.Fatal(err)
	}
	if _, err := engine.Apply(t.Context(), profileOf(ruleOf("r", r)), f, engine.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
}

func TestApplyLeavesWaivedRulesAlone(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/a", "a")
	r := ruleOf("r", fileHolds{path: "/a", text: "b"})
	r.Waiver = &rule.Waiver{Reason: rule.AcceptedRisk, Expires: "2026-12-31"}
	done, err := engine.Apply(t.Context(), profileOf(r), f, engine.Options{Now: now})
	if err != nil || len(done.Steps) != 0 || f.Read("/a") != "a" {
		t.Errorf("%v, %d steps, file holds %q", err, len(done.Steps), f.Read("/a"))
	}
}

func TestContradictingRulesAreFoundBeforeAnythingIsWritten(t *testing.T) {
	f := hosttest.Tree(t, "")
	before := f.Snapshot()
	_, err := engine.Apply(t.Context(), profileOf(
		ruleOf("fine", fileHolds{path: "/b", text: "b"}),
		ruleOf("one", fileHolds{path: "/a", text: "1"}),
		ruleOf("two", fileHolds{path: "/a", text: "2"}),
	), f, engine.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), "one") || !strings.Contains(err.Error(), "two") {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("something was written:\n%s", diff)
	}
}

func TestAPlanThatWouldNotHelpIsRefused(t *testing.T) {
	f := hosttest.Tree(t, "")
	before := f.Snapshot()
	_, err := engine.Apply(t.Context(), profileOf(ruleOf("r", fileHolds{path: "/a", text: "a", fixed: true})), f, engine.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), "rule r would not pass after the plan") {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("something was written:\n%s", diff)
	}
}

func TestAPlanThatBreaksAnotherRuleIsRefused(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/a", "a")
	breaks := rule.WriteFile{Path: "/a", Content: []byte("broken")}
	_, err := engine.Apply(t.Context(), profileOf(
		ruleOf("content", fileHolds{path: "/a", text: "a"}),
		ruleOf("other", fileHolds{path: "/b", text: "b", extra: breaks}),
	), f, engine.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), "rule content would not pass after the plan") {
		t.Errorf("error is %v", err)
	}
	if f.Read("/a") != "a" {
		t.Error("the file was written")
	}
}

// deaf is a machine that accepts changes of units and does not make them.
type deaf struct{ *hosttest.Fake }

func (deaf) ChangeUnit(context.Context, string, rule.UnitAction) error { return nil }

func TestAChangeThatDoesNotComeAboutIsAnError(t *testing.T) {
	f := deaf{hosttest.Tree(t, "")}
	r := fileHolds{path: "/a", text: "", extra: rule.ChangeUnit{Name: "a.service", Action: rule.MaskUnit}}
	done, err := engine.Apply(t.Context(), profileOf(ruleOf("r", r)), f, engine.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if got := done.After[0]; got.Outcome != rule.Error || !strings.HasPrefix(got.Message, "not converged") {
		t.Errorf("%s: %s", got.Outcome, got.Message)
	}
}

func TestACancelledRunStopsBetweenSteps(t *testing.T) {
	f := hosttest.Tree(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	o := engine.Options{Now: now, Progress: func(e engine.Event) {
		if e.Phase == "apply" {
			cancel()
		}
	}}
	done, err := engine.Apply(ctx, profileOf(
		ruleOf("one", fileHolds{path: "/a", text: "1"}),
		ruleOf("two", fileHolds{path: "/b", text: "2"}),
	), f, o)
	if !errors.Is(err, context.Canceled) || len(done.Steps) != 1 || f.Read("/a") != "1" {
		t.Errorf("%v after %d steps", err, len(done.Steps))
	}
	if _, err := f.Stat("/b"); err == nil {
		t.Error("it went on")
	}
}

func TestGuardsJudgeBeforeAnythingIsWritten(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/passwd", "build:x:1000:1000::/home/build:/bin/bash\n")
	f.Write("/etc/group", "build:x:1000:\n")
	f.Write("/etc/shadow", "build:$6$salt$hash:20000:0:99999:7:::\n")
	f.Write("/bin/bash", "")
	f.Chattr("/bin/bash", 0o755, 0, 0)
	f.Write("/etc/ssh/sshd_config", "PasswordAuthentication yes\n")
	f.Write("/usr/sbin/sshd", "\x00OpenSSH_9.6p1\x00")
	before := f.Snapshot()
	r := ruleOf("r", fileHolds{path: "/etc/ssh/sshd_config", text: "PasswordAuthentication yes\nDenyUsers build\n"})
	_, err := engine.Apply(t.Context(), profileOf(r), f, engine.Options{Now: now, Accounts: []login.Account{{User: "build", Groups: []string{"build"}}}})
	if err == nil || !strings.Contains(err.Error(), "nothing was changed") || !strings.Contains(err.Error(), "/etc/ssh/sshd_config:2") {
		t.Errorf("error is %v", err)
	}
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("something was written:\n%s", diff)
	}
}

func TestProgressCountsUp(t *testing.T) {
	f := hosttest.Tree(t, "")
	var phases []string
	o := engine.Options{Now: now, Progress: func(e engine.Event) {
		if e.Done == e.Total {
			phases = append(phases, e.Phase)
		}
	}}
	if _, err := engine.Apply(t.Context(), profileOf(ruleOf("r", fileHolds{path: "/a", text: "a"})), f, o); err != nil {
		t.Fatal(err)
	}
	if want := []string{"check", "apply", "check", "verify"}; !slices.Equal(phases, want) {
		t.Errorf("phases are %v", phases)
	}
}
