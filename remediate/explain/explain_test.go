package explain

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var update = flag.Bool("update", false, "rewrite golden files")

// example has everything that an explanation can have, and text that a terminal or a page must not take for more.
func example() *Explanation {
	waiver := &rule.Waiver{Reason: "accepted_risk", Justification: "tunnels to *this* host", Owner: "lab", Expires: "2027-01-31"}
	return &Explanation{
		Profile: "ours",
		Controls: []Control{{
			Benchmark: "CIS Example Benchmark v1", ID: "5.1.16", Level: 1, Title: "sshd ends a connection after a few failed attempts",
			Rules: []string{"ssh-max-auth-tries", "ours-1"}, Waiver: waiver,
		}},
		Rules: []Rule{
			{
				ID: "ssh-max-auth-tries", Title: "sshd ends a connection after a few failed attempts",
				Why:    "It slows guessing down, and half of the limit is when failures are logged.",
				Breaks: "Clients that offer many keys before the right one are cut off: IdentitiesOnly makes them offer one.",
				Source: "CIS benchmarks, ssh server; sshd_config(5), MaxAuthTries.", Severity: "medium",
				Parameters: []profile.Variable{
					{Name: "ssh_max_auth_tries", Value: "3", Default: "4", Description: "failed attempts that sshd allows in one connection"},
					{Name: "ssh_macs", Value: `["hmac-sha2-512-etm@openssh.com","hmac-sha2-256-etm@openssh.com"]`,
						Default: `["hmac-sha2-512-etm@openssh.com","hmac-sha2-256-etm@openssh.com"]`, Description: "codes | best first"},
				},
				State: "sshd \"MaxAuthTries\" {\n  min = 1\n  max = 3\n}",
				Controls: []Asking{
					{"CIS Example Benchmark v1", "5.1.16", 1, true, true},
					{"CIS Example Benchmark v1", "5.1.17", 2, true, false},
					{"Another Benchmark", "9.1", 1, false, false},
				},
				Waiver: waiver,
			},
			{
				ID: "ours-1", Title: "an operator's rule may be short", Why: "because\x1b[31m of <b>\n# what\n", Parameters: []profile.Variable{},
				State: "file \"/etc/x\" {\n  # ```\n  mode = \"0600\" # \x1b]0;title\a\n}", Controls: []Asking{},
			},
		},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s", name, got)
	}
}

func TestText(t *testing.T) {
	for name, columns := range map[string]int{"text-80.golden": 80, "text-120.golden": 120} {
		var b bytes.Buffer
		if err := Text(&b, example(), columns); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

func TestMarkdown(t *testing.T) {
	var b bytes.Buffer
	if err := Markdown(&b, example()); err != nil {
		t.Fatal(err)
	}
	golden(t, "page.md.golden", b.Bytes())
}

func TestJSON(t *testing.T) {
	data, err := json.MarshalIndent(example(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "explanation.json.golden", append(data, '\n'))
}

// TestTextFitsTheTerminal explains every shipped rule. Words and settings are not cut, so only lines of several
// words have to fit.
func TestTextFitsTheTerminal(t *testing.T) {
	l := shipped(t)
	for _, f := range l.Files {
		for _, r := range f.Rules {
			e, err := Of(r.ID, nil, l)
			if err != nil {
				t.Fatal(err)
			}
			state := strings.Split("    "+strings.ReplaceAll(r.HCL(), "\n", "\n    "), "\n")
			for _, columns := range []int{40, 80, 132} {
				var b bytes.Buffer
				if err := Text(&b, e, columns); err != nil {
					t.Fatal(err)
				}
				for _, line := range strings.Split(b.String(), "\n") {
					words := strings.Fields(line)
					if utf8.RuneCountInString(line) > columns && len(words) > 1 && !slices.Contains(state, line) && !labelled(words) {
						t.Errorf("%s: a line is wider than %d columns: %q", r.ID, columns, line)
					}
				}
			}
		}
	}
}

// labelled is a label with one long word beside it, which is not cut.
func labelled(words []string) bool {
	labels := []string{"why", "breaks", "source", "severity", "controls", "parameters", "profile"}
	return len(words) == 2 && slices.Contains(labels, words[0])
}

func shipped(t *testing.T) *profile.Library {
	t.Helper()
	l, err := profile.ReadLibrary(profiles.FS)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestAnExplanationIsThatOfTheProfile(t *testing.T) {
	l := shipped(t)
	p, err := profile.Load(profile.Options{Library: profiles.FS, Profiles: []string{"aks-ubuntu-24.04"}, Variables: map[string]string{"ssh_max_auth_tries": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := Of("ssh-max-auth-tries", p, l)
	if err != nil {
		t.Fatal(err)
	}
	r := e.Rules[0]
	if e.Profile != "aks-ubuntu-24.04" || len(e.Controls) != 0 || len(e.Rules) != 1 {
		t.Errorf("a rule is explained as %+v", e)
	}
	if len(r.Parameters) != 1 || r.Parameters[0].Value != "2" || r.Parameters[0].Default != "4" || !strings.Contains(r.State, "max = 2") {
		t.Errorf("parameters are %+v, the state\n%s", r.Parameters, r.State)
	}
	first, others := r.Controls[0], 0
	for _, c := range r.Controls[1:] {
		if !c.InProfile {
			others++
		}
	}
	if !first.InProfile || !strings.Contains(first.Benchmark, "24.04") || others == 0 {
		t.Errorf("controls are %+v, want the profile's and those of other benchmarks", r.Controls)
	}

	waived, err := Of("1.1.1.6", p, l)
	if err != nil {
		t.Fatal(err)
	}
	if len(waived.Controls) != 1 || waived.Controls[0].Waiver == nil || waived.Rules[0].ID != "kmod-overlayfs-disabled" {
		t.Errorf("a waived control is explained as %+v", waived)
	}

	optIn, err := Of("kmod-esp4-disabled", p, l)
	if err != nil {
		t.Fatal(err)
	}
	if optIn.Profile != "" || len(optIn.Rules) != 1 {
		t.Errorf("a rule that the profile has not is explained as %+v", optIn)
	}
}

// TestPagesLinkToWhatIsThere follows every link of the generated pages.
func TestPagesLinkToWhatIsThere(t *testing.T) {
	pages := Pages(shipped(t))
	headings := map[string][]string{}
	heading := regexp.MustCompile(`(?m)^## (.*)$`)
	for _, p := range pages {
		headings[p.Name] = []string{}
		for _, m := range heading.FindAllSubmatch(p.Text, -1) {
			headings[p.Name] = append(headings[p.Name], string(m[1]))
		}
	}
	link := regexp.MustCompile(`\]\(([^)#]+)(?:#([^)]*))?\)`)
	links := 0
	for _, p := range pages {
		for _, m := range link.FindAllSubmatch(p.Text, -1) {
			links++
			to := filepath.ToSlash(filepath.Join(filepath.Dir(p.Name), string(m[1])))
			have, ok := headings[to]
			if !ok || len(m[2]) > 0 && !slices.Contains(have, string(m[2])) {
				t.Errorf("%s links to %s, which is not there", p.Name, m[0])
			}
		}
	}
	if links == 0 {
		t.Error("no page links to another")
	}
}

func TestPagesAreTheSameEachTime(t *testing.T) {
	first, second := Pages(shipped(t)), Pages(shipped(t))
	if !slices.EqualFunc(first, second, func(a, b Page) bool { return a.Name == b.Name && bytes.Equal(a.Text, b.Text) }) {
		t.Error("the pages differ from one time to the next")
	}
}

func TestEveryRuleAndControlIsOnAPage(t *testing.T) {
	l := shipped(t)
	text := map[string]string{}
	for _, p := range Pages(l) {
		text[p.Name] = string(p.Text)
	}
	for _, f := range l.Files {
		for _, r := range f.Rules {
			for _, want := range []string{"## " + r.ID + "\n", prose(r.Title), prose(r.Why), prose(r.Breaks), prose(r.Source), r.HCL()} {
				if !strings.Contains(text[f.Name+".md"], want) {
					t.Errorf("the page of %s has not %q", r.ID, want)
				}
			}
			if !strings.Contains(text["README.md"], f.Name+".md#"+r.ID) {
				t.Errorf("%s is not in the index", r.ID)
			}
		}
	}
	for _, b := range l.Benchmarks {
		for _, c := range b.Controls {
			if !strings.Contains(text[benchmarkPath(b)], "\n| "+c.ID+" | ") {
				t.Errorf("control %s is not on the page of %s", c.ID, b.Name)
			}
		}
	}
}
