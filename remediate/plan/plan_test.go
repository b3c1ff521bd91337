package plan_test

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func edit(path string, edits ...rule.Edit) rule.Change {
	return rule.EditFile{Path: path, Create: rule.Attr{Mode: 0o644}, Header: []string{"# ours"}, Edits: edits}
}

func entries(changes ...rule.Change) []plan.Entry {
	var list []plan.Entry
	for i, c := range changes {
		list = append(list, plan.Entry{Rule: "rule-" + string(rune('a'+i)), Change: c})
	}
	return list
}

func TestEditsOfOneFileCombine(t *testing.T) {
	for name, tc := range map[string]struct {
		before string
		edits  []rule.Edit
		want   string
	}{
		"a line is replaced":                   {"a\nb\nc\n", []rule.Edit{{Op: rule.ReplaceLine, Line: 2, Old: "b", New: []string{"B"}}}, "a\nB\nc\n"},
		"a line is replaced by two":            {"a\nb\n", []rule.Edit{{Op: rule.ReplaceLine, Line: 1, Old: "a", New: []string{"x", "y"}}}, "x\ny\nb\n"},
		"a line goes":                          {"a\nb\n", []rule.Edit{{Op: rule.DeleteLine, Line: 1, Old: "a"}}, "b\n"},
		"inserts stand around their line":      {"a\n", []rule.Edit{{Op: rule.InsertAfter, Line: 1, New: []string{"after"}}, {Op: rule.InsertBefore, Line: 1, New: []string{"before"}}}, "before\na\nafter\n"},
		"inserts keep the rules' order":        {"a\n", []rule.Edit{{Op: rule.InsertBefore, Line: 1, New: []string{"1"}}, {Op: rule.InsertBefore, Line: 1, New: []string{"2"}}}, "1\n2\na\n"},
		"an insert before a line that goes":    {"a\nb\n", []rule.Edit{{Op: rule.DeleteLine, Line: 2, Old: "b"}, {Op: rule.InsertBefore, Line: 2, New: []string{"x"}}}, "a\nx\n"},
		"the same edit twice is one":           {"a\n", []rule.Edit{{Op: rule.Append, New: []string{"x"}}, {Op: rule.Append, New: []string{"x"}}}, "a\nx\n"},
		"an append ends the last line":         {"a", []rule.Edit{{Op: rule.Append, New: []string{"x"}}}, "a\nx\n"},
		"a replaced last line stays unended":   {"a", []rule.Edit{{Op: rule.ReplaceLine, Line: 1, Old: "a", New: []string{"b"}}}, "b"},
		"a section is added":                   {"[A]\nx=1\n", []rule.Edit{{Op: rule.Append, Section: "[B]", New: []string{"y=1"}}}, "[A]\nx=1\n\n[B]\ny=1\n"},
		"a section grows at its end":           {"[A]\nx=1\n\n[B]\ny=1\n", []rule.Edit{{Op: rule.Append, Section: "[A]", New: []string{"z=1"}}}, "[A]\nx=1\nz=1\n\n[B]\ny=1\n"},
		"fields of one line combine":           {"a:b:c\n", []rule.Edit{{Op: rule.SetField, Line: 1, Old: "a:b:c", Field: 3, New: []string{"C"}}, {Op: rule.SetField, Line: 1, Old: "a:b:c", Field: 1, New: []string{""}}, {Op: rule.SetField, Line: 1, Old: "a:b:c", Field: 3, New: []string{"C"}}}, ":b:C\n"},
		"a section is added once for two keys": {"", []rule.Edit{{Op: rule.Append, Section: "[A]", New: []string{"x=1"}}, {Op: rule.Append, Section: "[A]", New: []string{"y=1"}}}, "[A]\nx=1\ny=1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/x", tc.before)
			var changes []rule.Change
			for _, e := range tc.edits {
				changes = append(changes, edit("/etc/x", e))
			}
			p, err := plan.New(f, entries(changes...))
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Steps) != 1 || len(p.Steps[0].Rules) != len(changes) {
				t.Fatalf("steps are %+v", p.Steps)
			}
			if got := string(p.Steps[0].Write.After); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got, err := p.After.ReadFile("/etc/x"); err != nil || string(got) != tc.want {
				t.Errorf("the overlay has %q, %v", got, err)
			}
			if f.Read("/etc/x") != tc.before {
				t.Error("planning wrote the file")
			}
		})
	}
}

func TestNewFileStartsWithItsHeader(t *testing.T) {
	f := hosttest.Tree(t, "")
	p, err := plan.New(f, entries(
		edit("/etc/new.d/x.conf", rule.Edit{Op: rule.Append, New: []string{"k = 1"}}),
		edit("/etc/new.d/x.conf", rule.Edit{Op: rule.Append, New: []string{"l = 2"}}),
	))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.Steps[0].Write.After); got != "# ours\nk = 1\nl = 2\n" {
		t.Errorf("got %q", got)
	}
	if d := p.Steps[0].Diff(); !strings.HasPrefix(d, "--- /dev/null\n") {
		t.Errorf("diff is %q", d)
	}
}

func TestTwoNamesOfOneFileAreOne(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/real", "a\nb\n")
	f.Link("/etc/alias", "/etc/real")
	p, err := plan.New(f, entries(
		edit("/etc/real", rule.Edit{Op: rule.ReplaceLine, Line: 1, Old: "a", New: []string{"A"}}),
		edit("/etc/alias", rule.Edit{Op: rule.ReplaceLine, Line: 2, Old: "b", New: []string{"B"}}),
	))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Steps) != 1 || string(p.Steps[0].Write.After) != "A\nB\n" {
		t.Errorf("steps are %+v", p.Steps)
	}
}

func TestConflictsNameBothRules(t *testing.T) {
	owner := func(n int) *int { return &n }
	for name, changes := range map[string][]rule.Change{
		"two contents of one line": {
			edit("/etc/x", rule.Edit{Op: rule.ReplaceLine, Line: 1, Old: "a", New: []string{"b"}}),
			edit("/etc/x", rule.Edit{Op: rule.ReplaceLine, Line: 1, Old: "a", New: []string{"c"}}),
		},
		"two texts of one field": {
			edit("/etc/x", rule.Edit{Op: rule.SetField, Line: 1, Old: "a", Field: 1, New: []string{"b"}}),
			edit("/etc/x", rule.Edit{Op: rule.SetField, Line: 1, Old: "a", Field: 1, New: []string{"c"}}),
		},
		"a field of a line that goes": {
			edit("/etc/x", rule.Edit{Op: rule.SetField, Line: 1, Old: "a", Field: 1, New: []string{"b"}}),
			edit("/etc/x", rule.Edit{Op: rule.DeleteLine, Line: 1, Old: "a"}),
		},
		"a line that goes and its field": {
			edit("/etc/x", rule.Edit{Op: rule.DeleteLine, Line: 1, Old: "a"}),
			edit("/etc/x", rule.Edit{Op: rule.SetField, Line: 1, Old: "a", Field: 1, New: []string{"b"}}),
		},
		"two contents of one file": {rule.WriteFile{Path: "/etc/x", Content: []byte("1")}, rule.WriteFile{Path: "/etc/x", Content: []byte("2")}},
		"content and an edit":      {rule.WriteFile{Path: "/etc/x", Content: []byte("1")}, edit("/etc/x", rule.Edit{Op: rule.Append, New: []string{"y"}})},
		"two owners":               {rule.SetAttr{Path: "/etc/x", UID: owner(0)}, rule.SetAttr{Path: "/etc/x", UID: owner(1)}},
		"enabled and masked":       {rule.ChangeUnit{Name: "a.service", Action: rule.EnableUnit}, rule.ChangeUnit{Name: "a.service", Action: rule.MaskUnit}},
		"edited and removed":       {edit("/etc/x", rule.Edit{Op: rule.Append, New: []string{"y"}}), rule.RemoveFile{Path: "/etc/x"}},
		"two running values":       {rule.SetSysctl{Key: "a/b", Value: "1"}, rule.SetSysctl{Key: "a/b", Value: "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/x", "a\n")
			_, err := plan.New(f, entries(changes...))
			var conflict *plan.Conflict
			if !errors.As(err, &conflict) {
				t.Fatalf("error is %v, want a conflict", err)
			}
			if !slices.Contains(conflict.Rules, "rule-a") || !slices.Contains(conflict.Rules, "rule-b") {
				t.Errorf("conflict names %v", conflict.Rules)
			}
		})
	}
}

func TestModesMeetInWhatBothAllow(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/x", "a\n")
	mode := func(m fs.FileMode) *fs.FileMode { return &m }
	p, err := plan.New(f, entries(rule.SetAttr{Path: "/etc/x", Mode: mode(0o640)}, rule.SetAttr{Path: "/etc/x", Mode: mode(0o604)}))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Steps) != 1 || *p.Steps[0].Change.(rule.SetAttr).Mode != 0o600 {
		t.Errorf("steps are %+v", p.Steps)
	}
}

func TestEditOfALineThatChangedIsAnError(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/x", "new\n")
	for _, e := range []rule.Edit{{Op: rule.ReplaceLine, Line: 1, Old: "old"}, {Op: rule.DeleteLine, Line: 7, Old: "old"}, {Op: rule.SetField, Line: 1, Old: "old", Field: 1, New: []string{"x"}}, {Op: rule.SetField, Line: 1, Old: "new", Field: 2, New: []string{"x"}}, {Op: rule.SetField, Line: 1, Old: "new", Field: 1, New: []string{"x:y"}}} {
		if _, err := plan.New(f, entries(edit("/etc/x", e))); err == nil || !strings.Contains(err.Error(), "/etc/x") {
			t.Errorf("error is %v", err)
		}
	}
}

func TestPhasesKeepTheirOrder(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/x", "a\n")
	f.Write("/etc/y", "a\n")
	var mode fs.FileMode = 0o600
	p, err := plan.New(f, entries(
		rule.SetSysctl{Key: "a/b", Value: "1"},
		rule.ChangeUnit{Name: "a.service", Action: rule.MaskUnit},
		rule.ChangeUnit{Name: "a.service", Action: rule.StopUnit},
		rule.RemoveFile{Path: "/etc/y"},
		rule.SetAttr{Path: "/etc/x", Mode: &mode},
		edit("/etc/x", rule.Edit{Op: rule.Append, New: []string{"y"}}),
		rule.Unfixable{Subject: "x", Reason: "because"},
	))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Steps {
		got = append(got, s.Action()+" "+s.Target)
	}
	want := []string{"edit file /etc/x", "set mode 0600 /etc/x", "remove file /etc/y", "mask unit a.service", "set running value to 1 a/b", "stop unit a.service"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Edits that touch different lines give the same file in whatever order rules ask for them, apart
// from what goes to the same place.
func TestEditsOfDifferentLinesCommute(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(rt, "lines")
		var before strings.Builder
		var changes []rule.Change
		for i := 1; i <= n; i++ {
			old := strings.Repeat("x", i)
			before.WriteString(old + "\n")
			switch rapid.IntRange(0, 3).Draw(rt, "op") {
			case 0:
				changes = append(changes, edit("/etc/x", rule.Edit{Op: rule.ReplaceLine, Line: i, Old: old, New: []string{"r"}}))
			case 1:
				changes = append(changes, edit("/etc/x", rule.Edit{Op: rule.DeleteLine, Line: i, Old: old}))
			case 2:
				changes = append(changes, edit("/etc/x", rule.Edit{Op: rule.InsertAfter, Line: i, New: []string{"i"}}))
			}
		}
		f := hosttest.Tree(t, "")
		f.Write("/etc/x", before.String())
		render := func(list []rule.Change) string {
			p, err := plan.New(f, entries(list...))
			if err != nil {
				rt.Fatal(err)
			}
			content, err := p.After.ReadFile("/etc/x")
			if err != nil {
				rt.Fatal(err)
			}
			return string(content)
		}
		shuffled := rapid.Permutation(changes).Draw(rt, "order")
		if a, b := render(changes), render(shuffled); a != b {
			rt.Errorf("%q and %q", a, b)
		}
	})
}
