package engine_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestTrees runs every case of the kinds' testdata: a tree that fails, the resources that are wanted,
// and the tree that apply makes of it.
func TestTrees(t *testing.T) {
	cases, err := filepath.Glob("../resource/testdata/trees/*/*/rule.hcl")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		name := strings.TrimPrefix(filepath.ToSlash(dir), "../resource/testdata/trees/")
		t.Run(name, func(t *testing.T) { runTree(t, dir) })
	}
}

func runTree(t *testing.T, dir string) {
	f := hosttest.Tree(t, filepath.Join(dir, "in"))
	p := treeProfile(t, dir, f)
	o := engine.Options{Require: engine.RequirePersisted, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}

	before := f.Snapshot()
	found, err := engine.Check(t.Context(), p, f, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("check changed the tree:\n%s", diff)
	}
	if found[0].Outcome != rule.Fail {
		t.Fatalf("in/ is %s (%s), and must fail", found[0].Outcome, found[0].Message)
	}

	planned, pl, err := engine.Plan(t.Context(), p, f, o)
	if err != nil {
		t.Fatalf("cannot plan: %v", err)
	}
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("plan changed the tree:\n%s", diff)
	}
	_ = planned
	var shown strings.Builder
	for _, step := range pl.Steps {
		c := report.ChangeOf(step)
		shown.WriteString("# " + c.Target + ": " + c.Action + "\n" + c.Diff)
	}
	golden(t, filepath.Join(dir, "plan.golden"), shown.String())

	applied, err := engine.Apply(t.Context(), p, f, o)
	if err != nil {
		t.Fatalf("cannot apply: %v", err)
	}
	if got := applied.After[0]; got.Outcome != rule.Pass && !unfixable(got) {
		t.Errorf("after apply: %s (%s)", got.Outcome, got.Message)
	}
	if *update {
		writeOut(t, f, filepath.Join(dir, "out"))
	}
	f.Compare(filepath.Join(dir, "out"))

	once := f.Snapshot()
	again, err := engine.Apply(t.Context(), p, f, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Steps) != 0 {
		t.Errorf("a second apply makes %d changes, the first at %s", len(again.Steps), again.Steps[0].Target)
	}
	if diff := cmp.Diff(once, f.Snapshot()); diff != "" {
		t.Errorf("a second apply changed the tree:\n%s", diff)
	}
}

// unfixable reports whether only what cannot be changed in place is left.
func unfixable(f engine.Finding) bool {
	if f.Outcome != rule.Fail {
		return false
	}
	for _, p := range f.Parts {
		for _, c := range p.Changes {
			if _, ok := c.(rule.Unfixable); !ok {
				return false
			}
		}
	}
	return true
}

func treeProfile(t *testing.T, dir string, h host.Reader) *profile.Profile {
	t.Helper()
	file := filepath.Join(dir, "rule.hcl")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	info := h.Info()
	resources, err := profile.Resources(file, src, profile.Platform{OS: info.OS, Version: info.Version})
	if err != nil {
		t.Fatal(err)
	}
	return &profile.Profile{Name: "tree", Rules: []profile.Rule{{ID: "tree", Title: "tree", Resources: resources}}}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (rewrite with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// writeOut stores the tree as the expected one. The attrs file beside it is kept by hand.
func writeOut(t *testing.T, f *hosttest.Fake, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(f.Dir())); err != nil {
		t.Fatal(err)
	}
}
