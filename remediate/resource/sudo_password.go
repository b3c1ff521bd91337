package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sudoers"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sudoPasswordKind: who may use sudo without a password.
func sudoPasswordKind() Kind {
	return Kind{Name: "sudo_password", New: newSudoPassword, Guard: guardSudo}
}

type sudoPassword struct {
	label   string
	allowed []string
}

func newSudoPassword(name string, decode Decode) (Resource, error) {
	var body struct {
		Required string   `hcl:"required_of"`
		Allowed  []string `hcl:"allowed,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if body.Required != "everybody" {
		return nil, fmt.Errorf("required_of of a sudo_password is %q, and must be \"everybody\"", body.Required)
	}
	return sudoPassword{name, body.Allowed}, nil
}

func (r sudoPassword) Ref() rule.Ref { return rule.Ref{Kind: "sudo_password", Name: r.label} }

// sudoResidue is a line that lets somebody run commands without a password.
type sudoResidue struct {
	place sudoers.Place
	who   []string
	// keep is why the line is not changed in place.
	keep string
}

func (r sudoPassword) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "sudo asks everybody for a password"}
	if len(r.allowed) > 0 {
		o.Expected += " but " + strings.Join(r.allowed, ", ")
	}
	c, _, gone, err := sudoConfig(h)
	if err != nil || gone != "" {
		o.NotApplicable = gone
		return o, err
	}
	accounts, err := sudoAccounts(h)
	if err != nil {
		return o, err
	}
	var residue []sudoResidue
	var who []string
	for i, g := range c.Grants {
		names := r.residents(c, i)
		if len(names) == 0 {
			continue
		}
		o.Sources = append(o.Sources, rule.Source{Path: g.Path, Line: g.First, Text: g.Text, Wins: true})
		who = append(who, names...)
		if n := len(residue); n > 0 && residue[n-1].place == g.Place {
			for _, name := range names {
				if !slices.Contains(residue[n-1].who, name) {
					residue[n-1].who = append(residue[n-1].who, name)
				}
			}
			continue
		}
		residue = append(residue, sudoResidue{place: g.Place, who: names})
	}
	for i := range residue {
		residue[i].keep = r.keep(c, residue[i], accounts)
	}
	slices.Sort(who)
	o.Evidence = slices.Compact(who)
	o.Sources = slices.CompactFunc(o.Sources, func(a, b rule.Source) bool { return a == b })
	o.Persisted, o.Message = "asks", "no line lets anybody run commands without a password"
	if len(r.allowed) > 0 {
		o.Message = "no line lets anybody else run commands without a password"
	}
	if len(residue) > 0 {
		o.Persisted = "does not ask " + strings.Join(o.Evidence, ", ")
		var places []string
		for _, x := range residue {
			places = append(places, fmt.Sprintf("%s at %s", strings.Join(x.who, ", "), x.place))
		}
		o.Message = "sudo asks no password of " + strings.Join(places, "; ")
	}
	o.State = residue
	return o, nil
}

// residents lists whom a grant frees of the password, as the line names them, without those who are
// allowed, whom a later line asks again, and root, who is never asked.
func (r sudoPassword) residents(c *sudoers.Config, at int) []string {
	g := c.Grants[at]
	if g.Authenticate != sudoers.NoPasswd || g.Command.Negated {
		return nil
	}
	var out []string
	for _, m := range c.Expand(sudoers.UserAlias, g.Users) {
		if m.Negated || m.Name == "root" || m.Name == "#0" || slices.Contains(r.allowed, m.Name) || slices.Contains(out, m.Name) || sudoAskedLater(c, at, m.Name) {
			continue
		}
		out = append(out, m.Name)
	}
	return out
}

// sudoAskedLater: a later grant for the same name, everywhere and for every command, asks again.
func sudoAskedLater(c *sudoers.Config, at int, name string) bool {
	first := c.Grants[at]
	for _, g := range c.Grants[at+1:] {
		if g.Authenticate == sudoers.NoPasswd || g.Command.Name != "ALL" {
			continue
		}
		all := func(list []sudoers.Member) bool { return len(list) == 1 && list[0] == sudoers.Member{Name: "ALL"} }
		users := c.Expand(sudoers.UserAlias, g.Users)
		if all(g.Hosts) && (all(g.RunAs) || slices.Equal(g.RunAs, first.RunAs)) && len(g.RunAsGroups) >= len(first.RunAsGroups) &&
			len(users) == 1 && !users[0].Negated && (users[0].Name == name || users[0].Name == "ALL") {
			return true
		}
	}
	return false
}

// sudoAccount is an account as far as a password of its own goes.
type sudoAccount struct {
	name     string
	gid      string
	password bool
}

type sudoAccountList struct {
	users  []sudoAccount
	groups map[string][]string // members by name, those of the number in passwd as well
}

func sudoAccounts(h host.Files) (sudoAccountList, error) {
	list := sudoAccountList{groups: map[string][]string{}}
	passwords := map[string]bool{}
	shadow, err := sudoFields(h, "/etc/shadow")
	if err != nil {
		return list, err
	}
	for _, f := range shadow {
		// A hash starts with $ or is 13 characters of the old kind; everything else matches no password.
		if len(f) > 1 {
			passwords[f[0]] = strings.HasPrefix(f[1], "$") || len(f[1]) == 13 && !strings.ContainsAny(f[1], "*!")
		}
	}
	passwd, err := sudoFields(h, "/etc/passwd")
	if err != nil {
		return list, err
	}
	for _, f := range passwd {
		if len(f) > 3 {
			list.users = append(list.users, sudoAccount{name: f[0], gid: f[3], password: passwords[f[0]]})
		}
	}
	group, err := sudoFields(h, "/etc/group")
	if err != nil {
		return list, err
	}
	for _, f := range group {
		if len(f) < 4 {
			continue
		}
		members := strings.FieldsFunc(f[3], func(c rune) bool { return c == ',' })
		for _, u := range list.users {
			if u.gid == f[2] {
				members = append(members, u.name)
			}
		}
		list.groups[f[0]] = members
	}
	return list, nil
}

func sudoFields(h host.Files, path string) ([][]string, error) {
	content, err := h.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	var out [][]string
	for line := range strings.Lines(string(content)) {
		out = append(out, strings.Split(strings.TrimSuffix(line, "\n"), ":"))
	}
	return out, nil
}

// locked names an account that could not answer if it were asked.
func (l sudoAccountList) locked(name string) string {
	var names []string
	switch {
	case strings.HasPrefix(name, "%"):
		names = l.groups[strings.TrimPrefix(name, "%")]
	case name == "ALL" || strings.ContainsAny(name[:1], "#+"):
		return name
	default:
		names = []string{name}
	}
	for _, n := range names {
		for _, u := range l.users {
			if u.name == n && !u.password && n != "root" {
				return n
			}
		}
	}
	return ""
}

// keep is why a line is left as it is: whoever has no password would be locked out of sudo for good,
// and that is how accounts of a build are made.
func (r sudoPassword) keep(c *sudoers.Config, x sudoResidue, accounts sudoAccountList) string {
	for _, name := range x.who {
		if locked := accounts.locked(name); locked != "" {
			return fmt.Sprintf("%s has no password that it could answer with; an account of the build goes with the build, and others get a password first", locked)
		}
	}
	for _, g := range c.Grants {
		if g.Place != x.place {
			continue
		}
		for _, m := range c.Expand(sudoers.UserAlias, g.Users) {
			if slices.Contains(r.allowed, m.Name) {
				return "the line is also for " + m.Name + ", which is allowed"
			}
		}
	}
	if !noPasswdTag.MatchString(x.place.Text) {
		return "the tag cannot be told apart in its line"
	}
	return ""
}

var noPasswdTag = regexp.MustCompile(`\bNOPASSWD[ \t]*:[ \t]*`)

func (r sudoPassword) Diff(o rule.Observation) []rule.Change {
	residue, _ := o.State.([]sudoResidue)
	var changes []rule.Change
	for _, x := range residue {
		if x.keep != "" {
			changes = append(changes, rule.Unfixable{Subject: x.place.String(), Reason: x.keep, Of: rule.Persisted})
			continue
		}
		edit := rule.EditFile{Path: x.place.Path, Create: rule.Attr{Mode: 0o440}}
		for i, line := range strings.Split(x.place.Text, "\n") {
			if noPasswdTag.MatchString(line) {
				edit.Edits = append(edit.Edits, rule.Edit{Op: rule.ReplaceLine, Line: x.place.First + i, Old: line, New: []string{noPasswdTag.ReplaceAllString(line, "")}})
			}
		}
		changes = append(changes, edit)
	}
	return changes
}
