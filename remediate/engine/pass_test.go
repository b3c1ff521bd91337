package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// counted counts how often a machine is walked.
type counted struct {
	host.Writer
	walks *atomic.Int32
}

func (c counted) Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error) {
	c.walks.Add(1)
	return c.Writer.Walk(ctx, visit)
}

func walkers(t *testing.T) (*profile.Profile, counted, *hosttest.Fake) {
	t.Helper()
	f := hosttest.Tree(t, "")
	f.Write("/etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n")
	f.Write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
	f.Write("/etc/group", "root:x:0:\n")
	f.Write("/srv/open", "x")
	f.Chattr("/srv/open", 0o666, 0, 0)
	p := &profile.Profile{Name: "test"}
	for i, src := range []string{
		`world_writable "files" {}`, `world_writable "directories" {}`, `unowned "users" {}`, `unowned "groups" {}`,
		`privileged_programs "setuid" {}`,
		// What one rule creates, others see in the plan.
		"file \"/srv/new\" {\n content = \"x\"\n mode = \"0644\"\n}",
	} {
		resources, err := profile.Resources("rule.hcl", []byte(src), profile.Platform{OS: "ubuntu", Version: "24.04"})
		if err != nil {
			t.Fatal(err)
		}
		p.Rules = append(p.Rules, profile.Rule{ID: fmt.Sprintf("rule-%d", i), Resources: resources})
	}
	return p, counted{f, &atomic.Int32{}}, f
}

func TestAnyNumberOfRulesAboutAllFilesShareOneWalk(t *testing.T) {
	p, h, _ := walkers(t)
	found, err := engine.Check(t.Context(), p, h, engine.Options{Require: engine.RequirePersisted})
	if err != nil {
		t.Fatal(err)
	}
	if n := h.walks.Load(); n != 1 {
		t.Errorf("%d walks", n)
	}
	if found[0].Outcome != rule.Fail || found[1].Outcome != rule.Pass || found[2].Outcome != rule.Pass {
		t.Errorf("got %s, %s, %s", found[0].Outcome, found[1].Outcome, found[2].Outcome)
	}
}

func TestAPlanIsProvenWithOneMoreWalk(t *testing.T) {
	p, h, f := walkers(t)
	_, pl, err := engine.Plan(t.Context(), p, h, engine.Options{Require: engine.RequirePersisted})
	if err != nil {
		t.Fatal(err)
	}
	if n := h.walks.Load(); n != 2 {
		t.Errorf("%d walks", n)
	}
	if len(pl.Steps) != 2 {
		t.Errorf("%d steps", len(pl.Steps))
	}
	if info, _ := f.Stat("/srv/open"); info.Mode != 0o666 {
		t.Errorf("planning changed the file to %v", info.Mode)
	}
}

func TestARuleThatOpensAFileToAllIsRefusedByTheProof(t *testing.T) {
	p, h, _ := walkers(t)
	resources, err := profile.Resources("rule.hcl", []byte("file \"/srv/worse\" {\n content = \"x\"\n mode = \"0666\"\n}"), profile.Platform{OS: "ubuntu", Version: "24.04"})
	if err != nil {
		t.Fatal(err)
	}
	p.Rules = append(p.Rules, profile.Rule{ID: "worse", Resources: resources})
	if _, _, err := engine.Plan(t.Context(), p, h, engine.Options{Require: engine.RequirePersisted}); err == nil {
		t.Error("the plan was accepted")
	}
}

func TestACancelledCheckLeavesNoWalkBehind(t *testing.T) {
	p, h, _ := walkers(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Check(ctx, p, h, engine.Options{Require: engine.RequirePersisted}); err == nil {
		t.Error("no error")
	}
}
