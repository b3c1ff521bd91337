//go:build linux

package behaviour

import (
	"maps"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestBlameIsRead(t *testing.T) {
	got := blame("1min 2.345s slow.service\n  34.6s a.service\n  78ms dev-disk-by\\x2dlabel.device\nnonsense\nBootup is not yet finished\n")
	want := map[string]time.Duration{
		"slow.service":                 time.Minute + 2345*time.Millisecond,
		"a.service":                    34600 * time.Millisecond,
		"dev-disk-by\\x2dlabel.device": 78 * time.Millisecond,
	}
	if !maps.Equal(got, want) {
		t.Errorf("blame: %v, want %v", got, want)
	}
}

func TestOnlyWhatPassesIsPromised(t *testing.T) {
	s := &Subject{Attested: &report.Report{Results: []report.Result{
		{Rule: "passes", Outcome: rule.Pass},
		{Rule: "waived", Outcome: rule.Waived},
	}}}
	for _, tc := range []struct {
		rules []string
		want  bool
	}{
		{nil, true},
		{[]string{"passes"}, true},
		{[]string{"waived"}, false},
		{[]string{"passes", "absent"}, false},
	} {
		if got := s.promises(tc.rules); got != tc.want {
			t.Errorf("promises(%q) is %v", tc.rules, got)
		}
	}
}

func TestBehavioursHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range list() {
		if b.name == "" || b.holds == nil || seen[b.name] {
			t.Errorf("behaviour %q", b.name)
		}
		seen[b.name] = true
	}
}
