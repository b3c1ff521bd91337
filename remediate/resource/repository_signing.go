package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/apt"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/yum"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// repositorySigningKind is a package manager that takes nothing whose signature does not hold: neither
// by its settings nor by those of a repository.
func repositorySigningKind() Kind {
	return Kind{Name: "repository_signing", New: newRepositorySigning}
}

type repositorySigning struct {
	program      string
	metadata     bool
	repositories bool
}

func newRepositorySigning(name string, decode Decode) (Resource, error) {
	var body struct {
		Metadata     bool  `hcl:"metadata,optional"`
		Repositories *bool `hcl:"repositories,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "apt" && name != "dnf" && name != "tdnf" {
		return nil, fmt.Errorf("%q is not a package manager: apt, dnf or tdnf", name)
	}
	if name == "apt" && (body.Metadata || body.Repositories != nil) {
		return nil, errors.New("metadata and repositories are for dnf and tdnf: apt checks a repository's metadata and nothing else")
	}
	r := repositorySigning{program: name, metadata: body.Metadata, repositories: true}
	if body.Repositories != nil {
		r.repositories = *body.Repositories
	}
	return r, nil
}

func (r repositorySigning) Ref() rule.Ref {
	return rule.Ref{Kind: "repository_signing", Name: r.program}
}

// repositorySigningFound is what is wrong, and the changes that put it right.
type repositorySigningFound struct{ changes []rule.Change }

func (r repositorySigning) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "signatures are checked"}
	var wrong []string
	var found repositorySigningFound
	var err error
	if r.program == "apt" {
		if missing, err := repositoryProgramMissing(h, "/usr/bin/apt-get", "/etc/apt"); err != nil || missing {
			o.NotApplicable = "apt is not installed"
			return o, err
		}
		wrong, err = r.lookApt(h, &o, &found)
	} else {
		c, ok, readErr := yum.Read(h, r.program)
		if readErr != nil || !ok {
			o.NotApplicable = r.program + " is not installed"
			return o, readErr
		}
		wrong = r.lookYum(c, &o, &found)
	}
	if err != nil {
		return o, err
	}
	o.Persisted = "signatures are checked"
	o.Message = "nothing turns the check of signatures off"
	if len(wrong) > 0 {
		o.Persisted = strings.Join(wrong, "; ")
		o.Message = o.Persisted
	}
	o.State = found
	return o, nil
}

func repositoryProgramMissing(h host.Reader, paths ...string) (bool, error) {
	for _, p := range paths {
		switch _, err := h.Stat(p); {
		case err == nil:
			return false, nil
		case !errors.Is(err, fs.ErrNotExist):
			return false, err
		}
	}
	return true, nil
}

// repositoryAptSettings make apt take what is not signed, or is signed no more.
func repositoryAptSettings() []string {
	return []string{
		"APT::Get::AllowUnauthenticated", "Acquire::AllowInsecureRepositories", "Acquire::AllowWeakRepositories",
		"Acquire::AllowDowngradeToInsecureRepositories",
	}
}

// repositoryAptOptions do so for one repository, from sources.list(5).
func repositoryAptOptions() []string {
	return []string{"trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure"}
}

func (r repositorySigning) lookApt(h host.Reader, o *rule.Observation, found *repositorySigningFound) ([]string, error) {
	settings, err := apt.Settings(h)
	if err != nil {
		return nil, err
	}
	var wrong []string
	for _, key := range repositoryAptSettings() {
		for _, name := range []string{key, "Binary::apt::" + key, "Binary::apt-get::" + key} {
			s, ok := apt.Last(settings, name)
			if !ok {
				continue
			}
			bad := apt.Bool(s.Value, false)
			o.Sources = append(o.Sources, rule.Source{Path: s.Path, Line: s.Line, Text: s.Text, Wins: true})
			if bad {
				wrong = append(wrong, fmt.Sprintf("%s is %s at %s:%d", name, s.Value, s.Path, s.Line))
				found.changes = append(found.changes, repositoryAptFix(s))
			}
		}
	}
	sources, err := apt.Sources(h)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if !s.Enabled {
			continue
		}
		for _, name := range repositoryAptOptions() {
			option, ok := s.Option(name)
			if !ok || !apt.Bool(option.Value, false) {
				continue
			}
			text := s.Text
			if s.Deb822 {
				text = "" // of the stanza's first line
			}
			o.Sources = append(o.Sources, rule.Source{Path: s.Path, Line: option.Line, Text: text, Wins: true})
			wrong = append(wrong, fmt.Sprintf("%s is %s at %s:%d", name, option.Value, s.Path, option.Line))
		}
		found.changes = append(found.changes, repositorySourceFix(h, s)...)
	}
	return wrong, nil
}

// repositoryAptFix turns a setting off where it stands: it is the last word on the matter.
func repositoryAptFix(s apt.Setting) rule.Change {
	end := s.Column + len(s.Raw)
	if end > len(s.Text) || s.Text[s.Column:end] != s.Raw {
		return rule.Unfixable{Subject: fmt.Sprintf("%s:%d", s.Path, s.Line), Reason: "the value spans several lines", Of: rule.Persisted}
	}
	return rule.EditFile{Path: s.Path, Edits: []rule.Edit{
		{Op: rule.ReplaceLine, Line: s.Line, Old: s.Text, New: []string{s.Text[:s.Column] + `"false"` + s.Text[end:]}},
	}}
}

// repositorySourceFix takes the options away from an entry.
func repositorySourceFix(h host.Files, s apt.Source) []rule.Change {
	var bad []apt.Option
	for _, name := range repositoryAptOptions() {
		if option, ok := s.Option(name); !ok || !apt.Bool(option.Value, false) {
			continue
		}
		for _, option := range s.Options {
			if option.Name == name {
				bad = append(bad, option)
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	if !s.Deb822 {
		return []rule.Change{rule.EditFile{Path: s.Path, Edits: []rule.Edit{
			{Op: rule.ReplaceLine, Line: s.Line, Old: s.Text, New: []string{repositoryWithout(s.Text, bad)}},
		}}}
	}
	content, err := h.ReadFile(s.Path)
	if err != nil {
		return []rule.Change{rule.Unfixable{Subject: s.Path, Reason: "it cannot be read again", Of: rule.Persisted}}
	}
	lines := strings.Split(string(content), "\n")
	var edits []rule.Edit
	for _, option := range bad {
		for n := option.Line; n <= option.Last && n <= len(lines); n++ {
			edits = append(edits, rule.Edit{Op: rule.DeleteLine, Line: n, Old: lines[n-1]})
		}
	}
	return []rule.Change{rule.EditFile{Path: s.Path, Edits: edits}}
}

// repositoryWithout gives an entry of a .list file without options, and without brackets when none is
// left.
func repositoryWithout(text string, bad []apt.Option) string {
	before, rest, _ := strings.Cut(text, "[")
	inside, after, _ := strings.Cut(rest, "]")
	var keep []string
	for _, word := range strings.Fields(inside) {
		name, _, _ := strings.Cut(word, "=")
		name = strings.TrimRight(strings.ToLower(name), "+-")
		drop := false
		for _, b := range bad {
			drop = drop || b.Name == name
		}
		if !drop {
			keep = append(keep, word)
		}
	}
	if len(keep) == 0 {
		return before + strings.TrimLeft(after, " \t")
	}
	return before + "[" + strings.Join(keep, " ") + "]" + after
}

func (r repositorySigning) lookYum(c yum.Config, o *rule.Observation, found *repositorySigningFound) []string {
	keys := []string{"gpgcheck"}
	if r.metadata {
		keys = append(keys, "repo_gpgcheck")
	}
	var wrong []string
	for _, key := range keys {
		a, ok := c.Setting(key)
		switch {
		case !ok:
			wrong = append(wrong, key+" is not set in "+c.Main)
			found.changes = append(found.changes, rule.EditFile{Path: c.Main, Create: rule.Attr{Mode: 0o644},
				Edits: []rule.Edit{{Op: rule.Append, Section: "[main]", New: []string{key + "=1"}}}})
		default:
			wrong = append(wrong, r.judge(a, o, found)...)
		}
	}
	if !r.repositories {
		return wrong
	}
	for _, repo := range c.Repos {
		if !repo.Enabled() {
			continue
		}
		for _, key := range keys {
			if a, ok := repo.Setting(key); ok {
				wrong = append(wrong, r.judge(a, o, found)...)
			}
		}
	}
	return wrong
}

func (r repositorySigning) judge(a yum.Assignment, o *rule.Observation, found *repositorySigningFound) []string {
	o.Sources = append(o.Sources, rule.Source{Path: a.Path, Line: a.Line, Text: a.Text, Wins: true})
	if yum.Bool(a.Value) {
		return nil
	}
	if a.Last != a.Line {
		found.changes = append(found.changes, rule.Unfixable{Subject: fmt.Sprintf("%s:%d", a.Path, a.Line), Reason: "the value spans several lines", Of: rule.Persisted})
	} else {
		found.changes = append(found.changes, rule.EditFile{Path: a.Path, Edits: []rule.Edit{
			{Op: rule.ReplaceLine, Line: a.Line, Old: a.Text, New: []string{a.Key + "=1"}},
		}})
	}
	return []string{fmt.Sprintf("%s is %q for %s at %s:%d", a.Key, a.Value, a.Section, a.Path, a.Line)}
}

func (r repositorySigning) Diff(o rule.Observation) []rule.Change {
	found, _ := o.State.(repositorySigningFound)
	return found.changes
}
