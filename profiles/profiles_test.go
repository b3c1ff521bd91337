package profiles_test

import (
	"bytes"
	"io/fs"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

func library(t *testing.T) *profile.Library {
	t.Helper()
	l, err := profile.ReadLibrary(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func shippedRules(t *testing.T) []profile.Rule {
	t.Helper()
	var rules []profile.Rule
	for _, f := range library(t).Files {
		rules = append(rules, f.Rules...)
	}
	if len(rules) == 0 {
		t.Fatal("no rule is shipped")
	}
	return rules
}

// TestEveryShippedRuleSaysWhyWhatItBreaksAndWhereItIsFrom is for shipped rules: an operator's may be shorter.
func TestEveryShippedRuleSaysWhyWhatItBreaksAndWhereItIsFrom(t *testing.T) {
	for _, r := range shippedRules(t) {
		for name, text := range map[string]string{"why": r.Why, "breaks": r.Breaks, "source": r.Source} {
			switch {
			case !strings.HasSuffix(text, "."):
				t.Errorf("%s: %s is no whole sentence: %q", r.ID, name, text)
			case strings.ContainsAny(text, "\n\t") || strings.Contains(text, "  "):
				t.Errorf("%s: %s is not one line of words: %q", r.ID, name, text)
			case strings.Contains(text, "Source:"):
				t.Errorf("%s: %s names the source: that is for source", r.ID, name)
			}
		}
		if !slices.Contains(profile.Severities(), r.Severity) {
			t.Errorf("%s: severity is %q, not one of %q", r.ID, r.Severity, profile.Severities())
		}
		if strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: the title ends like a sentence: %q", r.ID, r.Title)
		}
	}
}

func TestShippedReasonsAreShort(t *testing.T) {
	sentence := regexp.MustCompile(`[.!?]( |$)`)
	for _, r := range shippedRules(t) {
		if n := len(sentence.FindAllString(r.Why, -1)); n > 3 {
			t.Errorf("%s: why has %d sentences, want at most three", r.ID, n)
		}
	}
}

// TestNoTwoShippedRulesAskForTheSame keeps one rule for one intention.
func TestNoTwoShippedRulesAskForTheSame(t *testing.T) {
	seen := map[string]string{}
	for _, r := range shippedRules(t) {
		state := r.HCL()
		if before := seen[state]; before != "" {
			t.Errorf("%s and %s ask for the same:\n%s", before, r.ID, state)
		}
		seen[state] = r.ID
	}
}

// TestRulesThatNoProfileAsksForAreOptIn: a rule that a profile forgot would never run.
func TestRulesThatNoProfileAsksForAreOptIn(t *testing.T) {
	optIn := []string{"auditd-off", "kmod-algif-aead-disabled", "kmod-esp4-disabled", "kmod-esp6-disabled", "kmod-rxrpc-disabled"}
	for _, r := range shippedRules(t) {
		if asked := len(r.Controls) > 0; !asked && !slices.Contains(optIn, r.ID) {
			t.Errorf("no shipped profile asks for %s", r.ID)
		}
	}
}

// TestShownStateIsTheRulesOwn reads what explain and docs/rules show as a profile again: it is the rule's resources.
func TestShownStateIsTheRulesOwn(t *testing.T) {
	all := cmp.Exporter(func(reflect.Type) bool { return true })
	noFuncs := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().Type().Kind() == reflect.Func }, cmp.Ignore())
	for _, r := range shippedRules(t) {
		shown, err := profile.Resources(r.ID, []byte(r.HCL()), profile.Platform{})
		if err != nil {
			t.Errorf("%s: %v", r.ID, err)
			continue
		}
		if diff := cmp.Diff(r.Resources, shown, all, noFuncs); diff != "" {
			t.Errorf("%s is shown as\n%s\nwhich is not what it asks for:\n%s", r.ID, r.HCL(), diff)
		}
	}
}

func TestEveryShippedParameterIsDescribed(t *testing.T) {
	for _, r := range shippedRules(t) {
		for _, v := range r.Variables {
			if v.Description == "" {
				t.Errorf("%s: variable %s has no description", r.ID, v.Name)
			}
		}
	}
}

// eachRuleFile visits the files of rules as they are written.
func eachRuleFile(t *testing.T, visit func(name string, src []byte)) {
	t.Helper()
	files, err := fs.Glob(profiles.FS, "rules/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatalf("cannot list the rules: %v, %d files", err, len(files))
	}
	for _, name := range files {
		src, err := fs.ReadFile(profiles.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		visit(name, src)
	}
}

func TestRulesAreFormatted(t *testing.T) {
	eachRuleFile(t, func(name string, src []byte) {
		if !bytes.Equal(src, hclwrite.Format(src)) {
			t.Errorf("%s is not formatted: run packer fmt profiles/%s", name, name)
		}
	})
}

// TestTextComesBeforeResources: title, why, breaks, source, severity, and then what is wanted.
func TestTextComesBeforeResources(t *testing.T) {
	begin := regexp.MustCompile(`(?m)^rule "([^"]+)" \{\n(.*\n){0,7}`)
	ordered := regexp.MustCompile(`^rule .*\n  title    = .*\n  why      = .*\n  breaks   = .*\n  source   = .*\n  severity = .*\n\n  [a-z]`)
	eachRuleFile(t, func(name string, src []byte) {
		for _, text := range begin.FindAll(src, -1) {
			if !ordered.Match(text) {
				t.Errorf("%s: want title, why, breaks, source, severity, an empty line and then resources in\n%s", name, text)
			}
		}
	})
}

// TestSourcesNameTheBenchmarksThatAsk: a source is no ornament. A rule names a family of benchmarks only where one of
// them asks for it, and the one that asks where there is no other.
func TestSourcesNameTheBenchmarksThatAsk(t *testing.T) {
	families := map[string]string{"CIS Kubernetes benchmark": "CIS Kubernetes", "CIS ": "CIS ", "Azure security baseline": "Azure"}
	for _, r := range shippedRules(t) {
		for named, benchmarks := range families {
			asks := func(c profile.Control) bool { return strings.HasPrefix(c.Benchmark, benchmarks) }
			names := strings.HasPrefix(r.Source, named) || strings.Contains(r.Source, "; "+named)
			if names && !slices.ContainsFunc(r.Controls, asks) {
				t.Errorf("%s names %q, of which no profile asks for it", r.ID, named)
			}
			only := len(r.Controls) > 0 && !slices.ContainsFunc(r.Controls, func(c profile.Control) bool { return !asks(c) })
			if only && !names {
				t.Errorf("%s is asked for by %q alone, and its source is %q", r.ID, benchmarks, r.Source)
			}
		}
	}
}
