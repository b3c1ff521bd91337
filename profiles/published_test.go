package profiles_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// published is what a vendor publishes of one control: its number, level and status, and the reason in our words where
// one is given. A note says why a profile does otherwise than the status asks for; it begins with "waived: " or
// "not waived: ".
type published struct{ control, level, status, reason, note string }

func readPublished(t *testing.T, name string) []published {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "published", name+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var list []published
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 5 {
			t.Fatalf("%s.tsv:%d has %d columns", name, i+1, len(f))
		}
		if i > 0 {
			list = append(list, published{f[0], f[1], f[2], f[3], f[4]})
		}
	}
	return list
}

// asksForWaiver reports whether a status is a deviation that somebody accepted.
func (p published) asksForWaiver() bool {
	switch p.status {
	case "Fail", "Covered elsewhere", "Equivalent Control", "Depends on Environment":
		return true
	}
	return false
}

// wantReason is the reason that a waiver has to have, or empty where the publisher gives none.
func (p published) wantReason() rule.Reason {
	switch {
	case p.reason != "":
		return rule.Reason(p.reason)
	case p.status == "Covered elsewhere":
		return rule.CoveredElsewhere
	case p.status == "Depends on Environment":
		return rule.DependsOnEnvironment
	}
	return ""
}

func load(t *testing.T, name string) *profile.Profile {
	t.Helper()
	p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestProfilesHaveEveryPublishedControl compares each profile with what is published of its benchmark. A control that a
// profile lacks, a deviation without a waiver and a waiver without a deviation are errors, except where a note explains.
func TestProfilesHaveEveryPublishedControl(t *testing.T) {
	tables, err := filepath.Glob("testdata/published/*.tsv")
	if err != nil || len(tables) < 8 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, file := range tables {
		name := strings.TrimSuffix(filepath.Base(file), ".tsv")
		t.Run(name, func(t *testing.T) {
			p := load(t, name)
			seen := map[string]bool{}
			for _, row := range readPublished(t, name) {
				i := slices.IndexFunc(p.Controls, func(c profile.Control) bool { return c.ID == row.control && c.Benchmark == p.Benchmark })
				if i < 0 {
					t.Errorf("control %s is not in the profile", row.control)
					continue
				}
				comparePublished(t, p.Controls[i], row)
				seen[row.control] = true
			}
			for _, c := range p.Controls {
				if c.Waiver != nil && !seen[c.ID] {
					t.Errorf("control %s is waived, and nothing is published of it", c.ID)
				}
			}
		})
	}
}

func comparePublished(t *testing.T, c profile.Control, row published) {
	t.Helper()
	if row.level != "" && row.level != strconv.Itoa(c.Level) {
		t.Errorf("control %s has level %d, published is %s", c.ID, c.Level, row.level)
	}
	if c.Outside != nil {
		if row.status != "" && c.Outside.Status != row.status {
			t.Errorf("control %s is not applicable with status %q, published is %q", c.ID, c.Outside.Status, row.status)
		}
		return
	}
	want := row.asksForWaiver()
	switch {
	case row.note == "":
	case want && strings.HasPrefix(row.note, "not waived: "), !want && strings.HasPrefix(row.note, "waived: "):
		want = !want
	default:
		t.Errorf("the note of control %s explains nothing: published is %q, and the note says %q", c.ID, row.status, row.note)
	}
	if (c.Waiver != nil) != want {
		t.Errorf("control %s is published as %q %s, and waived is %t (%s)", c.ID, row.status, row.reason, c.Waiver != nil, row.note)
		return
	}
	if c.Waiver != nil && row.wantReason() != "" && c.Waiver.Reason != row.wantReason() {
		t.Errorf("the waiver of control %s has reason %s, published is %s", c.ID, c.Waiver.Reason, row.wantReason())
	}
}

// TestWithdrawnModulesAreAnOptIn: encrypting container networks need some of them, so only who names the add-on gets it,
// and IPsec only who names that.
func TestWithdrawnModulesAreAnOptIn(t *testing.T) {
	withdrawn := []string{"kmod-algif-aead-disabled", "kmod-rxrpc-disabled", "kmod-esp4-disabled", "kmod-esp6-disabled"}
	want := map[string][]string{"withdrawn-modules": withdrawn[:2], "withdrawn-modules-and-ipsec": withdrawn}
	list, err := profile.List(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		var got []string
		for _, r := range load(t, s.Name).Rules {
			if slices.Contains(withdrawn, r.ID) {
				got = append(got, r.ID)
			}
		}
		if !slices.Equal(got, want[s.Name]) {
			t.Errorf("profile %s has %v, want %v", s.Name, got, want[s.Name])
		}
	}
	both, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{"aks-ubuntu-24.04", "withdrawn-modules"}})
	if err != nil || len(both.Rules) != len(load(t, "aks-ubuntu-24.04").Rules)+2 {
		t.Errorf("the add-on does not go beside a node profile: %v", err)
	}
}

// TestBenchmarksWaiveNothing: a benchmark as it stands knows no deviations.
func TestBenchmarksWaiveNothing(t *testing.T) {
	list, err := profile.List(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if strings.HasPrefix(s.Name, "aks-") {
			continue
		}
		for _, c := range load(t, s.Name).Controls {
			if c.Waiver != nil {
				t.Errorf("profile %s waives control %s", s.Name, c.ID)
			}
		}
	}
}
