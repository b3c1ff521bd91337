package profile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bombs are files within the size that is read, made to cost far more than they weigh. Each is refused with a word
// on what is wrong, and the line.
func bombs() map[string]struct{ text, want string } {
	value := func(text string) string {
		return "variable \"x\" {\n  description = \"d\"\n  default = " + text + "\n}\n"
	}
	fill := func(piece string) string { return strings.Repeat(piece, (maxSource-200)/len(piece)) }
	big := `"` + strings.Repeat("x", maxSource/4) + `"`
	rule := func(accept string) string {
		return "rule \"bomb\" {\n  title = \"t\"\n  why = \"w\"\n  sysctl \"a.b\" {\n    value = " + accept + "\n  }\n}\n"
	}
	numbers := "[" + strings.Repeat("1,", 3000) + "]"
	return map[string]struct{ text, want string }{
		"brackets":                                   {value(fill("[")), "Nested too deeply"},
		"brackets with closing ones in strings":      {value(fill(`["}]",`)), "Nested too deeply"},
		"brackets after closing ones in a comment":   {"#" + strings.Repeat("}", maxSource/2) + "\n" + value(strings.Repeat("[", maxSource/3)), "Nested too deeply"},
		"templates in templates":                     {value(fill(`"${`)), "Nested too deeply"},
		"blocks in blocks":                           {fill("a {\n"), "Nested too deeply"},
		"negations":                                  {value(fill("!") + "true"), "Too many operators"},
		"minus signs":                                {value(fill("-") + "1"), "Too many operators"},
		"conditions":                                 {value(fill("true?1:") + "1"), "Too many operators"},
		"a sum":                                      {value(fill("1+") + "1"), "Too many operators"},
		"directives in directives":                   {value(`"` + fill("%{if true}") + `"`), "Too many operators"},
		"indices of indices":                         {value("[0]" + fill("[0]")), "Too many operators"},
		"loops in loops":                             {value(fmt.Sprintf("[for a in %[1]s : [for b in %[1]s : [for c in %[1]s : 1]]]", numbers)), "A loop within a loop"},
		"a loop over a loop":                         {value(fmt.Sprintf("[for a in [for b in %[1]s : %[1]s] : a]", numbers)), "A loop within a loop"},
		"a splat of splats":                          {value(numbers + strings.Repeat("[*]", 50)), "A loop within a loop"},
		"a loop that repeats a long text":            {value(fmt.Sprintf("[for a in %s : %s]", numbers, big)), "Too much work"},
		"a loop over long texts that doubles them":   {value(fmt.Sprintf("[for a in [%s] : \"%s\"]", big, strings.Repeat("${a}", 20_000))), "Too much work"},
		"a rule that repeats a long variable":        {"variable \"v\" {\n  description = \"d\"\n  default = " + big + "\n}\n" + rule(`"`+strings.Repeat("${var.v}", 20_000)+`"`), "Too much work"},
		"a here-document without end":                {value("<<E\n" + fill("x\n") + "\nE"), "Too many lines"},
		"a condition on each of a long list's parts": {value(fmt.Sprintf("[for a in %s : a if %s]", numbers, strings.Repeat("true && ", 9000)+"true")), "Too much work"},
	}
}

func TestHCLThatCostsTooMuchIsRefused(t *testing.T) {
	for name, bomb := range bombs() {
		t.Run(name, func(t *testing.T) {
			if len(bomb.text) > maxSource {
				t.Fatalf("%d bytes would be refused for their number", len(bomb.text))
			}
			profile := "profile \"mine\" {\n  control \"1\" {\n    level = 1\n    title = \"t\"\n    rules = [\"bomb\"]\n  }\n}\n"
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			_, err := Load(Options{Library: library(base), Profiles: []string{write(t, profile+bomb.text)}})
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it took %s", took)
			}
			runtime.ReadMemStats(&after)
			if made := after.TotalAlloc - before.TotalAlloc; made > 2<<30 {
				t.Errorf("it took %d MB", made>>20)
			}
			if err == nil || !strings.Contains(err.Error(), bomb.want) || !strings.Contains(err.Error(), ".hcl line ") {
				if s := fmt.Sprint(err); len(s) > 600 {
					err = fmt.Errorf("%s ...", s[:600])
				}
				t.Errorf("got %v, want %q", err, bomb.want)
			}
		})
	}
}

// The command line's values are HCL too.
func TestAVariableThatCostsTooMuchIsNoList(t *testing.T) {
	list := "variable \"names\" {\n  description = \"d\"\n  default = [\"a\"]\n}\n"
	numbers := "[" + strings.Repeat("1,", 3000) + "]"
	for _, text := range []string{strings.Repeat("[", 100_000), strings.Repeat("!", 100_000), fmt.Sprintf("[for a in %[1]s : [for b in %[1]s : b]]", numbers)} {
		s := newSources()
		s.parse("list.hcl", []byte(list), operator)
		if s.diags.HasErrors() {
			t.Fatal(s.fail())
		}
		if got := s.overrideValue("names", text); got.Type().FriendlyName() != "string" {
			t.Errorf("%.40s is a %s", text, got.Type().FriendlyName())
		}
	}
}

func FuzzWaivers(f *testing.F) {
	f.Add("waiver \"1.1\" {\n  reason = \"accepted_risk\"\n  justification = \"a ticket\"\n  owner = \"team\"\n  expires = \"2027-01-01\"\n}\n")
	f.Add("waiver \"1.*\" {\n  reason = \"compensating_control\"\n  justification = <<E\nlong\nE\n}\nwaiver {\n}\n")
	f.Add("waiver \"1.1\" {\n  expires = \"2027-13-01\"\n  owner = [for a in [1] : a]\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := newSources()
		s.parseWaivers("waivers.hcl", []byte(text))
		if s.diags.HasErrors() && s.fail() == nil {
			t.Error("what is wrong is not said")
		}
	})
}
