package plan_test

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func extend(id, old, text string) plan.Entry {
	return plan.Entry{Rule: id, Change: rule.EditFile{Path: "/f", Edits: []rule.Edit{{Op: rule.ExtendLine, Line: 1, Old: old, New: []string{text}}}}}
}

func TestTextsForTheEndOfALineFollowEachOtherOnce(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/f", "linux\nother\n")
	p, err := plan.New(f, []plan.Entry{extend("a", "linux", " x=1"), extend("b", "linux", " y=2"), extend("c", "linux", " x=1")})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.Steps[0].Write.After); got != "linux x=1 y=2\nother\n" {
		t.Errorf("%q", got)
	}
}

func TestALineIsNotExtendedAndReplaced(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/f", "linux\n")
	replace := plan.Entry{Rule: "b", Change: rule.EditFile{Path: "/f", Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: 1, Old: "linux", New: []string{"new"}}}}}
	for _, entries := range [][]plan.Entry{{extend("a", "linux", " x"), replace}, {replace, extend("a", "linux", " x")}, {extend("a", "changed", " x")}} {
		if _, err := plan.New(f, entries); err == nil {
			t.Errorf("%+v is no error", entries)
		}
	}
}
