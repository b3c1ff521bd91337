package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// accountsKind is one demand on the accounts of passwd, shadow, group and gshadow as a whole.
func accountsKind() Kind {
	return Kind{Name: "accounts", New: newAccounts}
}

type accountsResource struct {
	name   string
	demand accountsDemand
	except []string
	names  []string
	now    func() time.Time
}

// accountsDemand is what can be asked of the accounts.
type accountsDemand struct {
	word     string
	expected string
	find     func(accountsResource, accountsView) []accountsFlaw
	names    bool // takes a list of names
}

// accountsDemands is the closed list of demands.
func accountsDemands() []accountsDemand {
	return []accountsDemand{
		{word: "uid_0_is_root", expected: "root is the only account with user id 0", find: accountsUIDZero},
		{word: "gid_0_is_root", expected: "root's group is 0, and root is the only account whose group is 0", find: accountsGIDZero},
		{word: "root_default_group", expected: "root's group is 0", find: accountsRootGroup},
		{word: "group_0_is_root", expected: "the group root exists, and it alone has group id 0", find: accountsGroupZero},
		{word: "unique_uids", expected: "no two accounts have one user id", find: accountsUniqueUIDs},
		{word: "unique_gids", expected: "no two groups have one group id", find: accountsUniqueGIDs},
		{word: "unique_users", expected: "no two accounts have one name", find: accountsUniqueUsers},
		{word: "unique_groups", expected: "no two groups have one name", find: accountsUniqueGroups},
		{word: "groups_exist", expected: "the group of every account exists", find: accountsGroupsExist},
		{word: "shadow_group_empty", expected: "nobody is in the group shadow", find: accountsShadowGroup},
		{word: "passwords_shadowed", expected: "no password stands in passwd", find: accountsShadowed},
		{word: "passwords_not_empty", expected: "no account has an empty password", find: accountsNotEmpty},
		{word: "passwords_strongly_hashed", expected: "no password has an outdated hash", find: accountsHashes},
		{word: "changes_in_the_past", expected: "no password was last changed in the future", find: accountsChanged},
		{word: "no_legacy_entries", expected: "no entry starts with + or -", find: accountsLegacy},
		{word: "system_accounts_no_shell", expected: "no system account has a shell that takes commands", find: accountsSystemShells},
		{word: "no_shell_is_locked", expected: "accounts without a shell that takes commands have no password that fits", find: accountsNoShellLocked},
		{word: "nologin_not_a_shell", expected: "/etc/shells does not list nologin", find: accountsNologin},
		{word: "root_has_password_or_lock", expected: "root has a password, or none fits", find: accountsRootControlled},
		{word: "absent", expected: "the named accounts do not exist", find: accountsAbsent, names: true},
	}
}

func newAccounts(name string, decode Decode) (Resource, error) {
	var body struct {
		Require string    `hcl:"require"`
		Except  *[]string `hcl:"except,optional"`
		Names   *[]string `hcl:"names,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	a := accountsResource{name: name, now: time.Now}
	demands := accountsDemands()
	i := slices.IndexFunc(demands, func(d accountsDemand) bool { return d.word == body.Require })
	if i < 0 {
		var words []string
		for _, d := range demands {
			words = append(words, d.word)
		}
		return nil, fmt.Errorf("require is %q, and must be one of %s", body.Require, strings.Join(words, ", "))
	}
	a.demand = demands[i]
	if body.Except != nil {
		a.except = *body.Except
	}
	if body.Names != nil {
		a.names = *body.Names
	}
	if a.demand.names != (len(a.names) > 0) {
		return nil, fmt.Errorf("names and require = %q do not go together: only absent takes names, and needs them", body.Require)
	}
	return a, accountNames(slices.Concat(a.except, a.names))
}

func accountNames(names []string) error {
	for _, n := range names {
		if n == "" || strings.ContainsAny(n, ":\n, \t") {
			return fmt.Errorf("%q is not the name of an account", n)
		}
	}
	return nil
}

func (a accountsResource) Ref() rule.Ref { return rule.Ref{Kind: "accounts", Name: a.name} }

// accountsFlaw is one deviation: what, where, and the changes that end it, or why none does.
type accountsFlaw struct {
	what    string
	path    string
	line    accounts.Line
	changes []rule.Change
	stuck   string // why it cannot be changed in place
}

// accountsView is the accounts of a machine with what it takes to judge them.
type accountsView struct {
	accounts.Database
	shells []accounts.Shell
	system func(uid uint32) bool
	today  int
	// nologin is the program that refuses logins, as the machine has it.
	nologin string
}

func (a accountsResource) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: a.demand.expected}
	if len(a.names) > 0 {
		o.Expected = "no account is named " + strings.Join(a.names, " or ")
	}
	v, err := viewAccounts(h, a.now())
	if err != nil {
		return o, err
	}
	flaws := a.demand.find(a, v)
	o.State = flaws
	o.Persisted = fmt.Sprintf("%d accounts, %d groups", len(v.Users), len(v.Groups))
	describeFlaws(&o, flaws, o.Expected)
	for _, p := range v.Problems {
		o.Evidence = append(o.Evidence, p.String())
	}
	slices.Sort(o.Evidence)
	return o, nil
}

// describeFlaws puts flaws into words. Lines are named and never shown: some hold hashes.
func describeFlaws(o *rule.Observation, flaws []accountsFlaw, fine string) {
	if len(flaws) == 0 {
		o.Message = fine
		return
	}
	var what []string
	for i, f := range flaws {
		if f.path != "" && !slices.ContainsFunc(o.Sources, func(s rule.Source) bool { return s.Path == f.path && s.Line == f.line.Number }) {
			o.Sources = append(o.Sources, rule.Source{Path: f.path, Line: f.line.Number, Wins: true})
		}
		if i < maxFlawsShown {
			what = append(what, f.what)
		}
	}
	if more := len(flaws) - len(what); more > 0 {
		what = append(what, fmt.Sprintf("and %d more", more))
	}
	o.Message = strings.Join(what, "; ")
	o.Persisted = o.Message
}

// maxFlawsShown bounds a message; Sources names every place.
const maxFlawsShown = 20

func (a accountsResource) Diff(o rule.Observation) []rule.Change {
	flaws, _ := o.State.([]accountsFlaw)
	return flawChanges(flaws)
}

func flawChanges(flaws []accountsFlaw) []rule.Change {
	var changes []rule.Change
	for _, f := range flaws {
		changes = append(changes, f.changes...)
		if f.stuck != "" {
			changes = append(changes, rule.Unfixable{Subject: f.what, Reason: f.stuck, Of: rule.Persisted})
		}
	}
	return changes
}

// spared reports whether the profile leaves an account out.
func (a accountsResource) spared(name string) bool { return slices.Contains(a.except, name) }

// field sets one field of a line. The file is shown only where no line of it holds a hash.
func (v accountsView) field(path string, line accounts.Line, field int, text string) rule.Change {
	edit := rule.Edit{Op: rule.SetField, Line: line.Number, Old: line.Raw(), Field: field, New: []string{text}}
	return rule.EditFile{Path: path, Secret: v.secret(path), Edits: []rule.Edit{edit}}
}
