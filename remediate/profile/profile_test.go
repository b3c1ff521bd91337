package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const rules = `
variable "tries" {
  description = "log in attempts"
  default     = 4
}
variable "text" {
  description = "some text"
  default     = "0"
}
rule "one" {
  title = "the first"
  why   = "because"
  sysctl "net.ipv4.conf.all.log_martians" {
    value = var.text
  }
}
rule "two" {
  title = "the second"
  why   = "because"
  sysctl "kernel.sysrq" {
    value = var.tries
  }
}
`

const base = `
profile "cis-x" {
  version   = "1.0"
  benchmark = "CIS X"
  platform {
    os      = "ubuntu"
    version = "24.04"
  }
  control "1.1" {
    level = 1
    rules = ["one"]
  }
  control "1.2" {
    level = 2
    rules = ["two"]
  }
}
`

func library(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{"rules/rules.hcl": {Data: []byte(rules)}}
	for i, text := range files {
		fsys["x/"+string(rune('a'+i))+".hcl"] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mine.hcl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLayersCombine(t *testing.T) {
	aks := `
profile "aks-x" {
  extends = "cis-x"
  variables = {
    tries = 3
  }
  control "1.1" {
    waiver {
      reason        = "accepted_risk"
      justification = "shown in another place"
      owner         = "aks"
      expires       = "2027-01-31"
    }
  }
}
`
	p, err := Load(Options{Library: library(base, aks), Profiles: []string{"aks-x"}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Benchmark != "CIS X" || p.Version != "1.0" || !p.Supports("ubuntu", "24.04") || p.Supports("ubuntu", "22.04") {
		t.Errorf("benchmark, version and platform are not those of the base: %+v", p)
	}
	if len(p.Rules) != 2 || p.Rules[0].ID != "one" || p.Rules[1].ID != "two" {
		t.Fatalf("rules are %v", p.Rules)
	}
	w := p.Rules[0].Waiver
	if w == nil || w.Origin != rule.VendorWaiver || p.Rules[1].Waiver != nil {
		t.Errorf("the waiver is not on the first rule alone: %+v", w)
	}
	i := slices.IndexFunc(p.Variables, func(v Variable) bool { return v.Name == "tries" })
	if i < 0 || p.Variables[i].Value != "3" || p.Variables[i].Default != "4" {
		t.Errorf("variables are %+v", p.Variables)
	}
}

func TestOneWaiverCoversSeveralControls(t *testing.T) {
	aks := "profile \"aks-x\" {\n  extends = \"cis-x\"\n  waiver {\n    controls = [\"1.1\", \"1.2\"]\n    reason = \"accepted_risk\"\n    justification = \"j\"\n    owner = \"o\"\n    expires = \"2027-01-01\"\n  }\n}\n"
	p, err := Load(Options{Library: library(base, aks), Profiles: []string{"aks-x"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Rules {
		if r.Waiver == nil || r.Waiver.Justification != "j" {
			t.Errorf("rule %s has waiver %+v", r.ID, r.Waiver)
		}
	}
}

func TestPlatformPicksTheFirstByName(t *testing.T) {
	aks := "profile \"aks-x\" {\n  extends = \"cis-x\"\n}\n"
	p, err := Load(Options{Library: library(base, aks), Platform: Platform{"ubuntu", "24.04"}})
	if err != nil || p.Name != "aks-x" {
		t.Errorf("picked %v, %v", p, err)
	}
	_, err = Load(Options{Library: library(base), Platform: Platform{"plan9", "4"}})
	if err == nil || !strings.Contains(err.Error(), "no shipped profile is for plan9 4") {
		t.Errorf("error is %v", err)
	}
}

func TestSelection(t *testing.T) {
	for name, tc := range map[string]struct {
		o    Options
		want []string
	}{
		"everything":              {Options{}, []string{"one", "two"}},
		"level one only":          {Options{Level: 1}, []string{"one"}},
		"level two has level one": {Options{Level: 2}, []string{"one", "two"}},
		"a rule by its id":        {Options{Only: []string{"two"}}, []string{"two"}},
		"a rule by its control":   {Options{Only: []string{"1.1"}}, []string{"one"}},
		"all but a rule":          {Options{Skip: []string{"one"}}, []string{"two"}},
		"all but a control":       {Options{Skip: []string{"1.2"}}, []string{"one"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.o.Library, tc.o.Profiles = library(base), []string{"cis-x"}
			p, err := Load(tc.o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range p.Rules {
				got = append(got, r.ID)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

const outside = `
profile "kube" {
  version   = "1.0"
  benchmark = "CIS K: 2"
  control "1.1" {
    level = 1
    rules = ["one"]
  }
  not_applicable {
    reason = "about the cluster"
    owner  = "aks"
    status = "Pass"
    control "5.1" {
      level = 1
      title = "few may do everything"
    }
    control "5.2" {
      level  = 2
      title  = "fewer may do more"
      status = "Fail"
    }
  }
  control "6.1" {
    level = 1
    title = "the processor protects pages"
    not_applicable {
      reason = "about the machine below"
      owner  = "azure"
    }
  }
}
`

func TestControlsThatAreNotAboutAnImage(t *testing.T) {
	load := func(o Options, layers ...string) (*Profile, error) {
		o.Library = library(append([]string{base, outside}, layers...)...)
		if o.Profiles == nil {
			o.Profiles = []string{"kube"}
		}
		return Load(o)
	}
	p, err := load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range p.Outside() {
		got = append(got, fmt.Sprintf("%s %s L%d %s: %s", c.ReportID(), c.ID, c.Level, c.Title, c.Outside.Message()))
		if c.Rules == nil || len(c.Rules) > 0 {
			t.Errorf("the rules of %s are %#v", c.ID, c.Rules)
		}
	}
	want := []string{
		"cis-k--2-5.1 5.1 L1 few may do everything: about the cluster (owner aks, who publishes Pass)",
		"cis-k--2-5.2 5.2 L2 fewer may do more: about the cluster (owner aks, who publishes Fail)",
		"cis-k--2-6.1 6.1 L1 the processor protects pages: about the machine below (owner azure)",
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if len(p.Rules) != 1 || len(p.Controls) != 4 {
		t.Errorf("%d rules of %d controls", len(p.Rules), len(p.Controls))
	}

	layer := "profile \"mine\" {\n extends = \"kube\"\n control \"5.1\" {\n rules = [\"two\"]\n }\n}\n"
	mine, err := load(Options{Profiles: []string{"mine"}}, layer)
	if err != nil || len(mine.Outside()) != 2 || len(mine.Rules) != 2 || mine.Rules[1].Controls[0].Title != "few may do everything" {
		t.Errorf("a layer above does not give rules instead: %+v, %v", mine, err)
	}
	other, err := load(Options{Profiles: []string{"other"}}, "profile \"other\" {\n extends = \"kube\"\n control \"5.1\" {\n not_applicable {\n reason = \"r\"\n owner = \"o\"\n }\n }\n}\n")
	if err != nil || other.Digest == p.Digest {
		t.Errorf("another reason does not change the digest: %v", err)
	}

	for name, tc := range map[string]struct {
		o     Options
		rules int
		ids   []string
	}{
		"by its number":          {Options{Only: []string{"5.1"}}, 0, []string{"5.1"}},
		"by its name in reports": {Options{Only: []string{"cis-k--2-5.1"}}, 0, []string{"5.1"}},
		"beside others":          {Options{Only: []string{"5.1", "1.1"}}, 1, []string{"1.1", "5.1"}},
		"left out":               {Options{Skip: []string{"5.1", "cis-k--2-6.1"}}, 1, []string{"1.1", "5.2"}},
		"by level":               {Options{Level: 1}, 1, []string{"1.1", "5.1", "6.1"}},
	} {
		p, err := load(tc.o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var ids []string
		for _, c := range p.Controls {
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		if len(p.Rules) != tc.rules || !slices.Equal(ids, tc.ids) {
			t.Errorf("%s: %d rules of controls %v", name, len(p.Rules), ids)
		}
	}
	if _, err := load(Options{Skip: []string{"1.1"}}); err == nil || !strings.Contains(err.Error(), "look at nothing") {
		t.Errorf("a selection with no rule that nobody asked for: %v", err)
	}
}

func TestErrorsAboutControlsThatAreNotAboutAnImage(t *testing.T) {
	waiver := "waiver {\n reason = \"accepted_risk\"\n justification = \"j\"\n owner = \"o\"\n expires = \"2027-01-01\"\n"
	reason := "not_applicable {\n reason = \"r\"\n owner = \"o\"\n"
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"without an owner":        {"control \"9\" {\n level = 1\n title = \"t\"\n not_applicable {\n reason = \"r\"\n }\n}", []string{"line 6", "owner"}},
		"with an empty owner":     {"control \"9\" {\n level = 1\n title = \"t\"\n not_applicable {\n reason = \"r\"\n owner = \" \"\n }\n}", []string{"line 6", "needs a reason and an owner"}},
		"without a reason":        {"control \"9\" {\n level = 1\n title = \"t\"\n not_applicable {\n owner = \"o\"\n }\n}", []string{"line 6", "reason"}},
		"without a title":         {"control \"9\" {\n level = 1\n " + reason + "}\n}", []string{"line 3", "needs one"}},
		"without a level":         {"control \"9\" {\n title = \"t\"\n " + reason + "}\n}", []string{"line 3", "needs a level"}},
		"with rules":              {"control \"9\" {\n level = 1\n title = \"t\"\n rules = [\"one\"]\n " + reason + "}\n}", []string{"line 7", "no rules and nothing to waive"}},
		"with no rules":           {"control \"9\" {\n level = 1\n title = \"t\"\n rules = []\n " + reason + "}\n}", []string{"line 7", "no rules and nothing to waive"}},
		"with a waiver":           {"control \"9\" {\n level = 1\n title = \"t\"\n " + waiver + "}\n" + reason + "}\n}", []string{"line 12", "nothing to waive"}},
		"that a layer waives":     {"control \"5.1\" {\n " + waiver + "}\n}", []string{"line 3", "Waiver for nothing", "about the cluster"}},
		"that a group waives":     {waiver + "controls = [\"5.1\"]\n}", []string{"line 8", "Waiver for nothing", "about the cluster"}},
		"that has rules below":    {"control \"1.1\" {\n " + reason + "}\n}", []string{"line 3", "a deviation from them is a waiver"}},
		"in a group of none":      {reason + "}", []string{"line 3", "names no control"}},
		"in a group with a label": {"not_applicable \"x\" {\n reason = \"r\"\n owner = \"o\"\n control \"9\" {\n level = 1\n title = \"t\"\n }\n}", []string{"line 3"}},
		"in a group, with rules":  {reason + "control \"9\" {\n level = 1\n title = \"t\"\n rules = [\"one\"]\n }\n}", []string{"line 9", "rules"}},
		"in a group, twice":       {reason + "control \"9\" {\n level = 1\n title = \"t\"\n }\n control \"9\" {\n level = 1\n title = \"t\"\n }\n}", []string{"line 10", "Duplicate control"}},
		"in a group, level three": {reason + "control \"9\" {\n level = 3\n title = \"t\"\n }\n}", []string{"line 6", "1 or 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := "profile \"mine\" {\n  extends = \"kube\"\n  " + tc.text + "\n}\n"
			_, err := Load(Options{Library: library(base, outside), Profiles: []string{write(t, text)}})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q:\n%v", want, err)
				}
			}
		})
	}
	file := write(t, "waiver \"5.1\" {\n reason = \"accepted_risk\"\n justification = \"j\"\n owner = \"o\"\n expires = \"2027-01-01\"\n}\n")
	_, err := Load(Options{Library: library(outside), Profiles: []string{"kube"}, Waivers: []string{file}})
	if err == nil || !strings.Contains(err.Error(), "mine.hcl line 1") || !strings.Contains(err.Error(), "about the cluster") {
		t.Errorf("a waiver file waives what is not applicable: %v", err)
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	control := func(body string) string {
		return "profile \"mine\" {\n  extends = \"cis-x\"\n  " + body + "\n}\n"
	}
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"an unknown rule":               {control(`control "9" { level = 1, rules = ["onee"] }`), []string{"mine.hcl", "line 3"}},
		"a misspelt rule":               {control("control \"9\" {\n level = 1\n rules = [\"onee\"]\n}"), []string{"mine.hcl line 5", `There is no rule "onee"; did you mean "one"?`}},
		"a misspelt base":               {"profile \"mine\" {\n  extends = \"cis-y\"\n}\n", []string{"mine.hcl line 2", `did you mean "cis-x"?`}},
		"a misspelt attribute":          {"profile \"mine\" {\n  extend = \"cis-x\"\n}\n", []string{"mine.hcl line 2", "extend"}},
		"a misspelt kind":               {"rule \"r\" {\n title = \"t\"\n why = \"w\"\n sysctll \"a\" {\n }\n}\n" + control("control \"9\" {\n level = 1\n rules = [\"r\"]\n}"), []string{"mine.hcl line 4", `did you mean "sysctl"?`}},
		"a misspelt kind's attribute":   {"rule \"r\" {\n title = \"t\"\n why = \"w\"\n sysctl \"kernel.sysrq\" {\n  valeu = \"1\"\n }\n}\n" + control("control \"9\" {\n level = 1\n rules = [\"r\"]\n}"), []string{"mine.hcl line 5", "valeu"}},
		"a section of nothing":          {control("sections = { \"7\" = \"accounts\" }"), []string{"mine.hcl line", "in section \"7\""}},
		"a section without a title":     {control("sections = { \"1\" = \"\" }"), []string{"mine.hcl line", "needs a title"}},
		"an unknown severity":           {"rule \"r\" {\n title = \"t\"\n why = \"w\"\n severity = \"worst\"\n sysctl \"kernel.sysrq\" {\n  value = \"1\"\n }\n}\n" + control(""), []string{"mine.hcl line 1", "high, medium, low"}},
		"a rule with no resource":       {"rule \"r\" {\n title = \"t\"\n why = \"w\"\n}\n" + control(""), []string{"mine.hcl line 1", "could never fail"}},
		"a waiver for nothing":          {control("control \"9\" {\n waiver {\n reason = \"accepted_risk\"\n justification = \"j\"\n owner = \"o\"\n expires = \"2027-01-01\"\n}\n}"), []string{"mine.hcl line 3", "Waiver for nothing"}},
		"a group waiver for nothing":    {control("waiver {\n controls = [\"1.1\", \"7\"]\n reason = \"accepted_risk\"\n justification = \"j\"\n owner = \"o\"\n expires = \"2027-01-01\"\n}"), []string{"mine.hcl line 4", `no control "7"`}},
		"a waiver without an owner":     {control("control \"1.1\" {\n waiver {\n reason = \"accepted_risk\"\n justification = \"j\"\n expires = \"2027-01-01\"\n}\n}"), []string{"mine.hcl line 4", "owner"}},
		"an unknown waiver reason":      {control("control \"1.1\" {\n waiver {\n reason = \"accepted_risks\"\n justification = \"j\"\n owner = \"o\"\n expires = \"2027-01-01\"\n}\n}"), []string{"mine.hcl line 4", `did you mean "accepted_risk"?`}},
		"a date that is none":           {control("control \"1.1\" {\n waiver {\n reason = \"accepted_risk\"\n justification = \"j\"\n owner = \"o\"\n expires = \"31.12.2027\"\n}\n}"), []string{"mine.hcl line 4", "YYYY-MM-DD"}},
		"an unknown variable":           {control("variables = {\n  trie = 3\n}"), []string{"mine.hcl line 4", `did you mean "tries"?`}},
		"a variable of a wrong type":    {control("variables = {\n  tries = \"many\"\n}"), []string{"mine.hcl line 4", "is a number"}},
		"a control without a level":     {control("control \"9\" {\n rules = [\"one\"]\n}"), []string{"mine.hcl line 3", "needs a level"}},
		"a control twice":               {control("control \"9\" {\n level = 1\n rules = [\"one\"]\n}\ncontrol \"9\" {\n level = 1\n rules = [\"two\"]\n}"), []string{"mine.hcl line 7", "Duplicate control"}},
		"a profile that extends itself": {"profile \"mine\" {\n  extends = \"mine\"\n}\n", []string{"mine.hcl line 2", "mine extends mine"}},
		"broken HCL":                    {"profile \"mine\" {\n", []string{"mine.hcl line 1"}},
		"nothing":                       {"", []string{"defines no profile"}},
		"a thousand brackets":           {strings.Repeat("x = [", 1000), []string{"Nested too deeply"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Options{Library: library(base), Profiles: []string{write(t, tc.text)}})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestOptionsThatMatchNothingAreErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		o    Options
		want string
	}{
		"a misspelt profile":     {Options{Profiles: []string{"cis-z"}}, `did you mean "cis-x"?`},
		"a misspelt rule":        {Options{Only: []string{"onne"}}, `did you mean "one"?`},
		"a skipped nothing":      {Options{Skip: []string{"7.7"}}, `no rule or control "7.7"`},
		"an unknown variable":    {Options{Variables: map[string]string{"triess": "3"}}, `did you mean "tries"?`},
		"a selection of nothing": {Options{Only: []string{"one"}, Skip: []string{"1.1"}}, "no rule of profile cis-x is selected"},
		"a level of three":       {Options{Level: 3}, "level is 1 or 2"},
		"a missing file":         {Options{Profiles: []string{"./nowhere.hcl"}}, "cannot read profile"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.o.Library = library(base)
			if tc.o.Profiles == nil {
				tc.o.Profiles = []string{"cis-x"}
			}
			_, err := Load(tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

func TestWaiverFileBelongsToTheOperator(t *testing.T) {
	file := write(t, "waiver \"1.1\" {\n reason = \"accepted_risk\"\n justification = \"j\"\n owner = \"o\"\n expires = \"2027-01-01\"\n}\n")
	p, err := Load(Options{Library: library(base), Profiles: []string{"cis-x"}, Waivers: []string{file}})
	if err != nil {
		t.Fatal(err)
	}
	if w := p.Rules[0].Waiver; w == nil || w.Origin != rule.OperatorWaiver {
		t.Errorf("waiver is %+v", w)
	}
	file = write(t, "waiver \"8.8\" {\n reason = \"accepted_risk\"\n justification = \"j\"\n owner = \"o\"\n expires = \"2027-01-01\"\n}\n")
	if _, err := Load(Options{Library: library(base), Profiles: []string{"cis-x"}, Waivers: []string{file}}); err == nil || !strings.Contains(err.Error(), "Waiver for nothing") {
		t.Errorf("error is %v", err)
	}
}

func TestDigestSeesWhatMatters(t *testing.T) {
	load := func(o Options) string {
		t.Helper()
		o.Library = library(base)
		if o.Profiles == nil {
			o.Profiles = []string{"cis-x"}
		}
		p, err := Load(o)
		if err != nil {
			t.Fatal(err)
		}
		return p.Digest
	}
	plain := load(Options{})
	if plain != load(Options{}) {
		t.Error("the same profile has two digests")
	}
	for name, o := range map[string]Options{
		"a variable":  {Variables: map[string]string{"tries": "5"}},
		"a level":     {Level: 1},
		"a selection": {Skip: []string{"one"}},
	} {
		if load(o) == plain {
			t.Errorf("%s does not change the digest", name)
		}
	}
	mine := "profile \"mine\" {\n  extends = \"cis-x\"\n}\n"
	here, there := load(Options{Profiles: []string{write(t, mine)}}), load(Options{Profiles: []string{write(t, mine)}})
	if here != there {
		t.Error("the place of a file changes the digest")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(base)
	f.Add(rules)
	f.Add(outside)
	f.Add("profile \"mine\" {\n  extends = [\"cis-x\"]\n variables = { tries = 1 }\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := newSources()
		if err := s.addLibrary(library(base)); err != nil {
			t.Fatal(err)
		}
		names := s.parse("fuzz.hcl", []byte(text), operator)
		if s.diags.HasErrors() {
			_ = s.fail()
			return
		}
		if p, err := s.resolve(names, Options{}); err == nil && p.Digest == "" {
			t.Error("a profile without a digest")
		}
	})
}

func TestSectionsOfSelectedControlsAreNamed(t *testing.T) {
	mine := "profile \"mine\" {\n extends = \"cis-x\"\n benchmark = \"CIS X\"\n sections = {\n  \"1\" = \"first\"\n  \"1.2\" = \"second of the first\"\n }\n}\n" +
		"profile \"other\" {\n extends = \"mine\"\n sections = {\n  \"1\" = \"renamed\"\n }\n}\n"
	load := func(only ...string) *Profile {
		t.Helper()
		p, err := Load(Options{Library: library(base, mine), Profiles: []string{"other"}, Only: only})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, second := Section{"CIS X", "1", "renamed"}, Section{"CIS X", "1.2", "second of the first"}
	if got := load().Sections; !slices.Equal(got, []Section{second, first}) {
		t.Errorf("sections are %v", got)
	}
	if got := load("1.1").Sections; !slices.Equal(got, []Section{first}) {
		t.Errorf("sections of 1.1 are %v", got)
	}
}
