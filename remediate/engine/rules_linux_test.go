package engine_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// rulesDir holds the cases of every shipped rule; testdata/README.md says how they are written.
const rulesDir = "testdata/rules"

// TestRules takes every shipped rule from a tree that fails to one that passes, or hears from it why it
// cannot, or what a person has to decide.
func TestRules(t *testing.T) {
	load := loader(t)
	for _, file := range ruleCases(t) {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), rulesDir+"/"), ".txtar"), func(t *testing.T) {
			c := readCase(t, file)
			p := load(t, c)
			t.Parallel() // most of the time goes into syncing what apply writes
			goldens := runCase(t, c, p)
			c.compare(t, goldens)
		})
	}
}

// ruleCases lists the files of all cases.
func ruleCases(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(rulesDir + "/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	return files
}

// shippedRules lists the ids of the shipped rules by the file that holds them, without its ending.
func shippedRules(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("../../profiles/rules/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules (%v)", err)
	}
	rules := map[string][]string{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".hcl")
		for _, m := range regexp.MustCompile(`(?m)^rule "([^"]+)" \{`).FindAllStringSubmatch(string(content), -1) {
			rules[name] = append(rules[name], m[1])
		}
	}
	return rules
}

// loader gives a case its rule as it is shipped, with the case's platform and parameters.
func loader(t *testing.T) func(*testing.T, *ruleCase) *profile.Profile {
	var ids []string
	shipped := shippedRules(t)
	for _, file := range slices.Sorted(maps.Keys(shipped)) {
		for _, id := range shipped[file] {
			ids = append(ids, fmt.Sprintf("%q", id))
		}
	}
	loaded := map[string]*profile.Profile{}
	return func(t *testing.T, c *ruleCase) *profile.Profile {
		t.Helper()
		key := fmt.Sprint(c.platform, c.variables)
		all := loaded[key]
		if all == nil {
			file := filepath.Join(t.TempDir(), "all.hcl")
			text := fmt.Sprintf("profile \"all\" {\n  platform {\n    os      = %q\n    version = %q\n  }\n  control \"1\" {\n    level = 1\n    rules = [%s]\n  }\n}\n",
				c.platform.OS, c.platform.Version, strings.Join(ids, ", "))
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var err error
			if all, err = profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{file}, Variables: c.variables}); err != nil {
				t.Fatal(err)
			}
			loaded[key] = all
		}
		i := slices.IndexFunc(all.Rules, func(r profile.Rule) bool { return r.ID == c.rule })
		if i < 0 {
			t.Fatalf("there is no rule %q in profiles/rules", c.rule)
		}
		return &profile.Profile{Name: "case", Rules: all.Rules[i : i+1]}
	}
}

// runCase checks, plans, applies and applies again, and gives what the goldens have to be.
func runCase(t *testing.T, c *ruleCase, p *profile.Profile) []txtar.File {
	o := engine.Options{Require: c.require, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	f := c.tree(t, false)
	before, in := f.Snapshot(), describeTree(t, f)

	found, err := engine.Check(t.Context(), p, f, o)
	if err != nil {
		t.Fatal(err)
	}
	_, planned, err := engine.Plan(t.Context(), p, f, o)
	if err != nil {
		t.Fatalf("cannot plan: %v", err)
	}
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("looking changed the tree:\n%s", diff)
	}
	applied, err := engine.Apply(t.Context(), p, f, o)
	if err != nil {
		t.Fatalf("cannot apply: %v", err)
	}
	out, once := describeTree(t, f), f.Snapshot()
	again, err := engine.Apply(t.Context(), p, f, o)
	if err != nil {
		t.Fatalf("cannot apply again: %v", err)
	}
	if len(again.Steps) != 0 {
		t.Errorf("a second apply makes %d changes, the first at %s", len(again.Steps), again.Steps[0].Target)
	}
	if diff := cmp.Diff(once, f.Snapshot()); diff != "" {
		t.Errorf("a second apply changed the tree:\n%s", diff)
	}

	var shown strings.Builder
	for _, step := range planned.Steps {
		change := report.ChangeOf(step)
		shown.WriteString("# " + change.Target + ": " + change.Action + "\n" + change.Diff)
	}
	said := "in " + spoken(found[0])
	switch c.expect {
	case isFixable:
		wantOutcome(t, "in/", found[0], rule.Fail)
		if len(planned.Steps) == 0 {
			t.Error("nothing is planned")
		}
		wantOutcome(t, "the tree after apply", applied.After[0], rule.Pass)
		said += "out " + spoken(applied.After[0])
	case isUnfixable:
		wantOutcome(t, "in/", found[0], rule.Fail)
		if !strings.Contains(found[0].Message, "(cannot be changed in place: ") || !strings.Contains(found[0].Message, c.reason) {
			t.Errorf("in/ is %q, and does not say that it cannot be changed in place: %s", found[0].Message, c.reason)
		}
		wantUntouched(t, before, once, len(planned.Steps))
		said += "pass " + spoken(c.passes(t, p, o))
	case alwaysHolds:
		wantOutcome(t, "in/", found[0], rule.Pass)
		if !strings.Contains(found[0].Message, c.reason) {
			t.Errorf("in/ is %q, and does not say: %s", found[0].Message, c.reason)
		}
		wantUntouched(t, before, once, len(planned.Steps))
	case isManual:
		wantOutcome(t, "in/", found[0], rule.Manual)
		wantUntouched(t, before, once, len(planned.Steps))
	}
	return append([]txtar.File{{Name: "found", Data: []byte(said)}, {Name: "plan", Data: []byte(shown.String())}}, delta(in, out)...)
}

// passes looks at the tree of pass/.
func (c *ruleCase) passes(t *testing.T, p *profile.Profile, o engine.Options) engine.Finding {
	t.Helper()
	found, err := engine.Check(t.Context(), p, c.tree(t, true), o)
	if err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, "pass/", found[0], rule.Pass)
	return found[0]
}

func wantOutcome(t *testing.T, what string, f engine.Finding, want rule.Outcome) {
	t.Helper()
	if f.Outcome != want {
		t.Errorf("%s is %s (%s), and must be %s", what, f.Outcome, f.Message, want)
	}
}

func wantUntouched(t *testing.T, before, after map[string]string, steps int) {
	t.Helper()
	if steps != 0 {
		t.Errorf("%d changes are planned where none can be", steps)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("apply changed the tree:\n%s", diff)
	}
}

// spoken is a finding as a person reads it: what is wanted, what was found, and the evidence.
func spoken(f engine.Finding) string {
	text := string(f.Outcome) + ": " + f.Message + "\n"
	for _, p := range f.Parts {
		if p.Outcome == rule.Manual {
			for _, line := range p.Observation.Evidence {
				text += "  " + line + "\n"
			}
		}
	}
	return text
}

// perSystem lists the kinds whose rules have a case for Ubuntu and one for Azure Linux where both systems
// have profiles with the rule: there the layout differs.
func perSystem() []string {
	return []string{
		"audit_control", "audit_file", "audit_merged", "audit_privileged", "audit_rule", "audit_setting", "grub_password",
		"kernel_argument", "package", "pam", "pam_lockout", "sshd", "umask",
	}
}

func TestEveryRuleHasACase(t *testing.T) {
	cases := map[string][]string{} // by rules file and rule, the systems
	for _, file := range ruleCases(t) {
		c := readCase(t, file)
		key := filepath.Base(filepath.Dir(file)) + "/" + c.rule
		cases[key] = append(cases[key], c.platform.OS)
	}
	systems, kinds := systemsOfRules(t)
	shipped := shippedRules(t)
	for _, file := range slices.Sorted(maps.Keys(shipped)) {
		for _, id := range shipped[file] {
			key := file + "/" + id
			have := cases[key]
			delete(cases, key)
			if len(have) == 0 {
				t.Errorf("rule %s has no case: write remediate/engine/%s/%s.txtar with a tree that fails (testdata/README.md says how), and run go test ./remediate/engine -run 'TestRules/%s/%s' -update",
					id, rulesDir, key, file, id)
				continue
			}
			if !slices.ContainsFunc(kinds[id], func(k string) bool { return slices.Contains(perSystem(), k) }) {
				continue
			}
			for _, os := range systems[id] {
				if !slices.Contains(have, os) {
					t.Errorf("rule %s differs by system and has no case for %s: write remediate/engine/%s/%s.%s.txtar", id, os, rulesDir, key, os)
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(cases)) {
		t.Errorf("%s/%s.txtar is about a rule that profiles/rules/%s.hcl does not have", rulesDir, key, filepath.Dir(key))
	}
}

// systemsOfRules lists, for every rule, the systems whose profiles ask for it, and the kinds of its
// resources that apply there.
func systemsOfRules(t *testing.T) (systems, kinds map[string][]string) {
	t.Helper()
	list, err := profile.List(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	systems, kinds = map[string][]string{}, map[string][]string{}
	for _, s := range list {
		p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{s.Name}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Rules {
			for _, res := range r.Resources {
				kinds[r.ID] = append(kinds[r.ID], res.Ref().Kind)
			}
			for _, platform := range p.Platforms {
				os := platform.OS
				if os == "mariner" {
					os = "azurelinux" // 2.0 calls itself so
				}
				if !slices.Contains(systems[r.ID], os) {
					systems[r.ID] = append(systems[r.ID], os)
				}
			}
		}
	}
	return systems, kinds
}
