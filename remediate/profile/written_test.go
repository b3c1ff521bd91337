package profile

import (
	"strings"
	"testing"
	"testing/fstest"
)

// wishes has each way in which a parameter can stand in a resource.
const wishes = `# Wishes, for tests:
# all of them.

variable "tries" {
  description = "log in attempts"
  default     = 4
}
variable "group" {
  description = "who may"
  default     = "wheel"
}
variable "macs" {
  description = "codes"
  default     = ["hmac-sha2-512-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "umac-128-etm@openssh.com"]
}
variable "firewall" {
  description = "which"
  default     = "ufw"
}

rule "number" {
  title = "a number"
  why   = "because"

  sshd "MaxAuthTries" {
    min = 1 # at least
    max = var.tries
  }
}

rule "list" {
  title = "a long list"
  why   = "because"

  sshd "MACs" {
    allowed = var.macs
  }
}

rule "inside" {
  title = "inside a list and an object"
  why   = "because"

  pam "su is for a group" {
    stack     = "auth"
    services  = ["su"]
    module    = "pam_wheel.so"
    arguments = ["use_uid", "group=${var.group}"]
    minimum   = { remember = var.tries }
  }
}

rule "choice" {
  title = "a choice"
  why   = "because"

  package "ufw" {
    state = "installed"
    dpkg  = var.firewall == "ufw" ? ["ufw"] : []
    rpm   = []
  }
}

rule "several" {
  title = "several resources"
  why   = "because"

  sshd "X11Forwarding" {
    value = "no"
  }
  sshd "MaxSessions" {
    max = var.tries
  }
}
`

const wishing = `
profile "wishes" {
  version   = "1"
  benchmark = "Wishes"
  variables = {
    tries = 3
  }
  control "1" {
    level = 1
    rules = ["number", "list", "inside", "choice"]
  }
  control "2" {
    level = 2
    rules = ["number"]
  }
}
profile "more" {
  extends = "wishes"
  control "3" {
    level = 1
    rules = ["number"]
  }
}
`

func wishLibrary() fstest.MapFS {
	return fstest.MapFS{"rules/wishes.hcl": {Data: []byte(wishes)}, "x/wishing.hcl": {Data: []byte(wishing)}}
}

func TestStateIsShownWithParametersFilledIn(t *testing.T) {
	p, err := Load(Options{Library: wishLibrary(), Profiles: []string{"wishes"}, Variables: map[string]string{"group": `staff"$`}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"number": `sshd "MaxAuthTries" {
  min = 1 # at least
  max = 3
}`,
		"list": `sshd "MACs" {
  allowed = [
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "umac-128-etm@openssh.com",
  ]
}`,
		"inside": `pam "su is for a group" {
  stack     = "auth"
  services  = ["su"]
  module    = "pam_wheel.so"
  arguments = ["use_uid", "group=staff\"$"]
  minimum   = { remember = 3 }
}`,
		"choice": `package "ufw" {
  state = "installed"
  dpkg  = ["ufw"]
  rpm   = []
}`,
	}
	for _, r := range p.Rules {
		if got := r.HCL(); got != want[r.ID] {
			t.Errorf("%s is shown as\n%s\nwant\n%s", r.ID, got, want[r.ID])
		}
	}
}

// TestShownStateIsTheSameState reads what is shown as a rule again: it has to come to the same resources.
func TestShownStateIsTheSameState(t *testing.T) {
	p, err := Load(Options{Library: wishLibrary(), Profiles: []string{"wishes"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range p.Rules {
		again, err := Resources("shown", []byte(r.HCL()), Platform{})
		if err != nil {
			t.Errorf("%s: %v", r.ID, err)
			continue
		}
		if len(again) != len(r.Resources) {
			t.Errorf("%s: %d resources are shown, want %d", r.ID, len(again), len(r.Resources))
			continue
		}
		for i := range again {
			if again[i].Ref() != r.Resources[i].Ref() {
				t.Errorf("%s: resource %d is shown as %s, want %s", r.ID, i, again[i].Ref(), r.Resources[i].Ref())
			}
		}
	}
}

func TestARuleListsTheParametersThatItUses(t *testing.T) {
	p, err := Load(Options{Library: wishLibrary(), Profiles: []string{"wishes"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"number": "tries=3", "list": "macs", "inside": "group=wheel tries=3", "choice": "firewall=ufw"}
	for _, r := range p.Rules {
		var names []string
		for _, v := range r.Variables {
			if v.Name == "macs" {
				names = append(names, v.Name)
				continue
			}
			names = append(names, v.Name+"="+v.Value)
		}
		if got := strings.Join(names, " "); got != want[r.ID] {
			t.Errorf("%s uses %q, want %q", r.ID, got, want[r.ID])
		}
	}
	if len(p.Variables) != 4 {
		t.Errorf("the profile has %d parameters, want the four that its rules use", len(p.Variables))
	}
}

func TestTheLibraryHasEveryRuleByFile(t *testing.T) {
	l, err := ReadLibrary(wishLibrary())
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Files) != 1 || l.Files[0].Name != "wishes" || l.Files[0].About != "Wishes, for tests: all of them." {
		t.Fatalf("files are %+v", l.Files)
	}
	var ids []string
	for _, r := range l.Files[0].Rules {
		ids = append(ids, r.ID)
	}
	if got := strings.Join(ids, " "); got != "number list inside choice several" {
		t.Errorf("rules are %q, want all of them in the file's order", got)
	}
	number, ok := l.Rule("number")
	if !ok || number.Variables[0].Value != "4" || !strings.Contains(number.HCL(), "max = 4") {
		t.Errorf("the library's rule has not the default: %+v", number)
	}
	var asked []string
	for _, c := range number.Controls {
		asked = append(asked, c.Benchmark+" "+c.ID)
	}
	if got := strings.Join(asked, ", "); got != "Wishes 1, Wishes 2, Wishes 3" {
		t.Errorf("asked for by %q", got)
	}
	if len(l.Benchmarks) != 1 || l.Benchmarks[0].Profile != "wishes" || strings.Join(l.Benchmarks[0].Profiles, " ") != "more wishes" {
		t.Errorf("benchmarks are %+v", l.Benchmarks)
	}
}

func TestFind(t *testing.T) {
	library, err := ReadLibrary(wishLibrary())
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load(Options{Library: wishLibrary(), Profiles: []string{"wishes"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		in       *Profile
		find     string
		controls int
		rules    string
		fails    string
	}{
		{"a control gives its rules", p, "1", 1, "number list inside choice", ""},
		{"a rule of the profile has its parameters", p, "number", 0, "number", ""},
		{"a rule that only the library has is found there", p, "several", 0, "several", ""},
		{"without a profile the library's rules are known", nil, "list", 0, "list", ""},
		{"a control of no profile is unknown", nil, "1", 0, "", `no rule or control "1"`},
		{"a misspelt name suggests a near one", p, "numbr", 0, "", `did you mean "number"?`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			controls, rules, err := Find(tt.find, tt.in, library)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Fatalf("error is %v, want %s", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, r := range rules {
				ids = append(ids, r.ID)
			}
			if got := strings.Join(ids, " "); len(controls) != tt.controls || got != tt.rules {
				t.Errorf("%d controls and rules %q, want %d and %q", len(controls), got, tt.controls, tt.rules)
			}
		})
	}
}

// TestEveryFormOfExpressionIsFilledIn: where a parameter can stand in the language, its value stands in what is shown.
func TestEveryFormOfExpressionIsFilledIn(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a template of one parameter", `value = "${var.word}"`, `value = "a"`},
		{"a template with text around it", `value = "x ${var.word} y"`, `value = "x a y"`},
		{"parentheses", `value = (var.word)`, `value = "a"`},
		{"an element", `value = var.list[1]`, `value = "c"`},
		{"a choice", `value = var.word == "a" ? "yes" : "no"`, `value = "yes"`},
		{"a loop", `accept = [for x in var.list : "${x}!"]`, `accept = ["b!", "c!"]`},
		{"a splat", `accept = var.list[*]`, `accept = ["b", "c"]`},
		{"a list in which some is fixed", `accept = ["0", var.word]`, `accept = ["0", "a"]`},
		{"a heredoc", "value = <<EOT\n${var.word}\nEOT\n  accept = [\"1\"]", "value  = \"a\\n\"\n  accept = [\"1\"]"},
		{"a value with the language's own signs", `value = "${var.odd}"`, `value = "$${x} %%{y} \"z\""`},
		{"nothing but a comment's mention", "value = \"0\" # not var.word", "value = \"0\" # not var.word"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := `
variable "word" {
  description = "w"
  default     = "a"
}
variable "list" {
  description = "l"
  default     = ["b", "c"]
}
variable "odd" {
  description = "o"
  default     = "$${x} %%{y} \"z\""
}
rule "r" {
  title = "t"
  why   = "w"
  sysctl "kernel.panic" {
    value = "0"
  }
}
profile "p" {
  benchmark = "B"
  control "1" {
    level = 1
    rules = ["r"]
  }
}
`
			attribute := tt.in
			if strings.HasPrefix(attribute, "accept") {
				attribute = "value = \"0\"\n    " + attribute
			}
			src = strings.Replace(src, `    value = "0"`, "    "+attribute, 1)
			p, err := Load(Options{Library: fstest.MapFS{"rules/x.hcl": {Data: []byte(src)}}, Profiles: []string{"p"}})
			if err != nil {
				t.Fatal(err)
			}
			shown := p.Rules[0].HCL()
			if !strings.Contains(shown, tt.want) {
				t.Errorf("shown as\n%s\nwant\n%s", shown, tt.want)
			}
			if _, err := Resources("shown", []byte(shown), Platform{}); err != nil {
				t.Errorf("what is shown is no profile: %v", err)
			}
		})
	}
}
