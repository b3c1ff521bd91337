package resource

import (
	"context"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/hashicorp/hcl/v2"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// parseBlock makes the resource of one block of HCL, as a profile would.
func parseBlock(t testing.TB, kind Kind, src string) (Resource, error) {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(src), "rule.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	block := file.Body.(*hclsyntax.Body).Blocks[0]
	if block.Type != kind.Name {
		t.Fatalf("the block is a %s, not a %s", block.Type, kind.Name)
	}
	return kind.New(block.Labels[0], func(target any) error {
		if diags := gohcl.DecodeBody(block.Body, nil, target); diags.HasErrors() {
			return diags
		}
		return nil
	})
}

func mustBlock(t testing.TB, kind Kind, src string) Resource {
	t.Helper()
	r, err := parseBlock(t, kind, src)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func observe(t testReporter, h host.Reader, r Resource) rule.Observation {
	t.Helper()
	o, err := r.Observe(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// settle applies what the resources ask for, once, and requires that nothing is left to do. It gives
// the observations of afterwards.
func settle(t testReporter, f *hosttest.Fake, resources ...Resource) []rule.Observation {
	t.Helper()
	var entries []plan.Entry
	for _, r := range resources {
		for _, c := range r.Diff(observe(t, f, r)) {
			entries = append(entries, plan.Entry{Rule: r.Ref().String(), Ref: r.Ref(), Change: c})
		}
	}
	p, err := plan.New(f, entries)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Steps {
		if err := carryOut(f, s); err != nil {
			t.Fatal(err)
		}
	}
	var after []rule.Observation
	for _, r := range resources {
		o := observe(t, f, r)
		if left := r.Diff(o); len(left) > 0 {
			t.Errorf("%s is not settled: %s\n%+v", r.Ref(), o.Message, left)
		}
		after = append(after, o)
	}
	return after
}

func carryOut(f *hosttest.Fake, s plan.Step) error {
	if s.Write != nil {
		return f.Replace(s.Target, s.Write.After, s.Write.Create)
	}
	switch c := s.Change.(type) {
	case rule.SetSysctl:
		return f.SetSysctl(c.Key, c.Value)
	case rule.UnloadModule:
		return f.UnloadModule(c.Name)
	case rule.SetAttr:
		return f.SetAttr(c.Path, c.Mode, c.UID, c.GID)
	case rule.RemoveFile:
		return f.Remove(c.Path)
	case rule.Remount:
		return f.Remount(c.Path, c.Options)
	case rule.ChangeUnit:
		return f.ChangeUnit(context.Background(), c.Name, c.Action)
	}
	return nil
}

// winner is the first source that wins, as path:line.
func winners(o rule.Observation) []rule.Source {
	return slices.DeleteFunc(slices.Clone(o.Sources), func(s rule.Source) bool { return !s.Wins })
}

// testReporter is what testing.TB and rapid.T have in common.
type testReporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}
