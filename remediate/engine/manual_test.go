package engine_test

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// TestWhatIsDecidedIsAppliedAndTheRestIsLeftToAPerson: a rule of which a part is a person's decision fails while the
// other part deviates, and is for the person afterwards.
func TestWhatIsDecidedIsAppliedAndTheRestIsLeftToAPerson(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/systemd/journal-upload.conf", "[Upload]\n")
	src := "ini_setting \"systemd/journal-upload.conf\" {\n  section = \"Upload\"\n  settings = {\n    URL = \"https://logs.example\"\n    ServerKeyFile = \"\"\n  }\n}\n"
	resources, err := profile.Resources("rule.hcl", []byte(src), profile.Platform{})
	if err != nil {
		t.Fatal(err)
	}
	p := &profile.Profile{Name: "p", Rules: []profile.Rule{{ID: "r", Title: "r", Resources: resources}}}
	done, err := engine.Apply(t.Context(), p, f, engine.Options{Require: engine.RequirePersisted})
	if err != nil {
		t.Fatal(err)
	}
	if before, after := done.Before[0].Outcome, done.After[0].Outcome; before != rule.Fail || after != rule.Manual || len(done.Steps) != 1 {
		t.Errorf("%s, then %s after %d steps", before, after, len(done.Steps))
	}
}
