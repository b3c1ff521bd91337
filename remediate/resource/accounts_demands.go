package resource

import (
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/accounts"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const needsPerson = "which of its files and rights belong to whom is for a person to say"

func userFlaw(u accounts.User, what string) accountsFlaw {
	return accountsFlaw{what: fmt.Sprintf("%s (%s:%d) %s", strconv.Quote(u.Name), accounts.PasswdFile, u.Line.Number, what), path: accounts.PasswdFile, line: u.Line}
}

func groupFlaw(g accounts.Group, what string) accountsFlaw {
	return accountsFlaw{what: fmt.Sprintf("group %s (%s:%d) %s", strconv.Quote(g.Name), accounts.GroupFile, g.Line.Number, what), path: accounts.GroupFile, line: g.Line}
}

// eachUser makes flaws of the accounts that the profile does not leave out.
func (a accountsResource) eachUser(v accountsView, flaw func(accounts.User) (accountsFlaw, bool)) []accountsFlaw {
	var flaws []accountsFlaw
	for _, u := range v.Users {
		if u.Legacy || a.spared(u.Name) {
			continue
		}
		if f, bad := flaw(u); bad {
			flaws = append(flaws, f)
		}
	}
	return flaws
}

func accountsUIDZero(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, "has user id 0")
		f.stuck = needsPerson
		return f, u.UID == 0 && u.Name != "root"
	})
}

func accountsRootGroup(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, fmt.Sprintf("has group %d", u.GID))
		f.changes = []rule.Change{v.field(accounts.PasswdFile, u.Line, accounts.UserGIDField, "0")}
		return f, u.Name == "root" && u.GID != 0
	})
}

func accountsGIDZero(a accountsResource, v accountsView) []accountsFlaw {
	flaws := accountsRootGroup(a, v)
	return append(flaws, a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, "has group 0")
		f.stuck = needsPerson
		return f, u.GID == 0 && u.Name != "root" && !slices.Contains([]string{"sync", "shutdown", "halt", "operator"}, u.Name)
	})...)
}

func accountsGroupZero(a accountsResource, v accountsView) []accountsFlaw {
	var flaws []accountsFlaw
	found := false
	for _, g := range v.Groups {
		switch {
		case g.Legacy || a.spared(g.Name):
		case g.Name == "root" && g.GID == 0:
			found = true
		case g.GID == 0:
			f := groupFlaw(g, "has group id 0")
			f.stuck = needsPerson
			flaws = append(flaws, f)
		}
	}
	if !found {
		flaws = append(flaws, accountsFlaw{what: "no group root has group id 0", path: accounts.GroupFile, stuck: needsPerson})
	}
	return flaws
}

// accountsTwice makes flaws of what has a key that an earlier entry has.
func accountsTwice[T any](list []T, key func(T) (string, bool), flaw func(T, string) accountsFlaw) []accountsFlaw {
	seen := map[string]bool{}
	var flaws []accountsFlaw
	for _, e := range list {
		k, counts := key(e)
		if !counts {
			continue
		}
		if seen[k] {
			f := flaw(e, k)
			f.stuck = needsPerson
			flaws = append(flaws, f)
		}
		seen[k] = true
	}
	return flaws
}

func accountsUniqueUIDs(a accountsResource, v accountsView) []accountsFlaw {
	return accountsTwice(v.Users, func(u accounts.User) (string, bool) {
		return strconv.FormatUint(uint64(u.UID), 10), !u.Legacy && !a.spared(u.Name)
	}, func(u accounts.User, id string) accountsFlaw {
		return userFlaw(u, "has user id "+id+" like another before it")
	})
}

func accountsUniqueUsers(a accountsResource, v accountsView) []accountsFlaw {
	return accountsTwice(v.Users, func(u accounts.User) (string, bool) { return u.Name, !u.Legacy && !a.spared(u.Name) },
		func(u accounts.User, _ string) accountsFlaw { return userFlaw(u, "is named like another before it") })
}

func accountsUniqueGIDs(a accountsResource, v accountsView) []accountsFlaw {
	return accountsTwice(v.Groups, func(g accounts.Group) (string, bool) {
		return strconv.FormatUint(uint64(g.GID), 10), !g.Legacy && !a.spared(g.Name)
	}, func(g accounts.Group, id string) accountsFlaw {
		return groupFlaw(g, "has group id "+id+" like another before it")
	})
}

func accountsUniqueGroups(a accountsResource, v accountsView) []accountsFlaw {
	return accountsTwice(v.Groups, func(g accounts.Group) (string, bool) { return g.Name, !g.Legacy && !a.spared(g.Name) },
		func(g accounts.Group, _ string) accountsFlaw { return groupFlaw(g, "is named like another before it") })
}

func accountsGroupsExist(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, fmt.Sprintf("has group %d, which does not exist", u.GID))
		f.stuck = needsPerson
		return f, !slices.ContainsFunc(v.Groups, func(g accounts.Group) bool { return !g.Legacy && g.GID == u.GID })
	})
}

func accountsShadowGroup(a accountsResource, v accountsView) []accountsFlaw {
	var flaws []accountsFlaw
	for _, g := range v.Groups {
		if g.Legacy || g.Name != "shadow" {
			continue
		}
		if len(g.Members) > 0 {
			f := groupFlaw(g, "has members")
			if g.Whole {
				f.changes = []rule.Change{v.field(accounts.GroupFile, g.Line, accounts.MembersField, "")}
			} else {
				f.stuck = "the line has not the fields of a group"
			}
			flaws = append(flaws, f)
		}
		flaws = append(flaws, a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
			f := userFlaw(u, "has the group shadow")
			f.stuck = needsPerson
			return f, u.GID == g.GID
		})...)
	}
	for _, g := range v.GShadows {
		if g.Legacy || g.Name != "shadow" || len(g.Members) == 0 {
			continue
		}
		f := accountsFlaw{what: fmt.Sprintf("group \"shadow\" (%s:%d) has members", accounts.GShadowFile, g.Line.Number), path: accounts.GShadowFile, line: g.Line}
		if g.Whole {
			f.changes = []rule.Change{v.field(accounts.GShadowFile, g.Line, accounts.MembersField, "")}
		} else {
			f.stuck = "the line has not the fields of a group"
		}
		flaws = append(flaws, f)
	}
	return flaws
}

func accountsShadowed(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, "has its password in passwd")
		s, has := v.Shadow(u.Name)
		switch {
		case u.Password.Empty():
			f.what = userFlaw(u, "has an empty password in passwd").what
			f.changes, f.stuck = v.lock(u)
		case u.Password.Locked() || !has:
			// No password fits, or none that another place could take: the mark alone is enough only
			// for the first, and the second has to be written down as pwconv does.
			f.changes = []rule.Change{v.field(accounts.PasswdFile, u.Line, accounts.PasswordField, "x")}
			if !has {
				line := u.Name + ":" + string(u.Password) + ":::::::"
				f.changes = append(f.changes, rule.EditFile{Path: accounts.ShadowFile, Secret: true, Edits: []rule.Edit{{Op: rule.Append, New: []string{line}}}})
			} else if !s.Password.Locked() {
				f.changes = append(f.changes, v.field(accounts.ShadowFile, s.Line, accounts.PasswordField, string(u.Password)))
			}
		default:
			f.changes = []rule.Change{
				v.field(accounts.PasswdFile, u.Line, accounts.PasswordField, "x"),
				v.field(accounts.ShadowFile, s.Line, accounts.PasswordField, string(u.Password)),
			}
		}
		if !v.HasShadow {
			f.changes, f.stuck = nil, "there is no shadow file; pwconv makes one"
		}
		return f, !u.Password.Shadowed()
	})
}

func accountsNotEmpty(a accountsResource, v accountsView) []accountsFlaw {
	flaws := a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, "has an empty password")
		password, found := v.Password(u)
		bad := found && password.Empty()
		if bad {
			f.changes, f.stuck = v.lock(u)
		}
		return f, bad
	})
	// An entry without an account lets nobody in, until an account of that name is made.
	for _, s := range v.Shadows {
		if _, known := v.User(s.Name); s.Legacy || known || a.spared(s.Name) || !s.Password.Empty() {
			continue
		}
		flaws = append(flaws, accountsFlaw{
			what: fmt.Sprintf("%s (%s:%d) has an empty password", strconv.Quote(s.Name), accounts.ShadowFile, s.Line.Number),
			path: accounts.ShadowFile, line: s.Line,
			changes: []rule.Change{v.field(accounts.ShadowFile, s.Line, accounts.PasswordField, "!")},
		})
	}
	return flaws
}

func accountsHashes(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		password, _ := v.Password(u)
		algorithm := password.Algorithm()
		f := userFlaw(u, "has a password hashed with "+algorithm)
		f.stuck = "only a new password gets a new hash"
		return f, slices.Contains([]string{"des", "bsdi", "md5", "sunmd5", "nt", "sha1", "unknown"}, algorithm)
	})
}

func accountsChanged(a accountsResource, v accountsView) []accountsFlaw {
	var flaws []accountsFlaw
	for _, s := range v.Shadows {
		if s.Legacy || a.spared(s.Name) || s.LastChange <= v.today {
			continue
		}
		flaws = append(flaws, accountsFlaw{
			what: fmt.Sprintf("%s (%s:%d) changed its password in the future", strconv.Quote(s.Name), accounts.ShadowFile, s.Line.Number),
			path: accounts.ShadowFile, line: s.Line,
			stuck: "when the password was changed is not known; chage -d sets the day",
		})
	}
	return flaws
}

func accountsLegacy(_ accountsResource, v accountsView) []accountsFlaw {
	var flaws []accountsFlaw
	add := func(path string, line accounts.Line, legacy bool) {
		if legacy {
			flaws = append(flaws, accountsFlaw{
				what: fmt.Sprintf("%s:%d is an entry for NIS", path, line.Number), path: path, line: line,
				changes: []rule.Change{rule.EditFile{Path: path, Secret: v.secret(path), Edits: []rule.Edit{{Op: rule.DeleteLine, Line: line.Number, Old: line.Raw()}}}},
			})
		}
	}
	for _, e := range v.Users {
		add(accounts.PasswdFile, e.Line, e.Legacy)
	}
	for _, e := range v.Shadows {
		add(accounts.ShadowFile, e.Line, e.Legacy)
	}
	for _, e := range v.Groups {
		add(accounts.GroupFile, e.Line, e.Legacy)
	}
	for _, e := range v.GShadows {
		add(accounts.GShadowFile, e.Line, e.Legacy)
	}
	return flaws
}

func accountsSystemShells(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		shell := u.Shell
		if shell == "" {
			shell = "/bin/sh, as the field is empty"
		}
		f := userFlaw(u, "has the shell "+strconv.Quote(shell))
		switch {
		case v.nologin == "":
			f.stuck = "the system has no nologin"
		default:
			f.changes = []rule.Change{v.field(accounts.PasswdFile, u.Line, accounts.ShellField, v.nologin)}
			// Without a shell it has to be locked as well, which no_shell_is_locked would ask for next.
			if password, found := v.Password(u); found && !password.Locked() {
				lock, _ := v.lock(u)
				f.changes = append(f.changes, lock...)
			}
		}
		if !u.WholeLine() {
			f.changes, f.stuck = nil, "the line has not the fields of an account"
		}
		return f, u.Name != "root" && u.UID != 0 && v.system(u.UID) && v.interactive(u)
	})
}

func accountsNoShellLocked(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, "has no shell that takes commands, and is not locked")
		password, found := v.Password(u)
		bad := u.Name != "root" && !v.interactive(u) && found && !password.Locked()
		if bad {
			f.changes, f.stuck = v.lock(u)
		}
		return f, bad
	})
}

func accountsRootControlled(_ accountsResource, v accountsView) []accountsFlaw {
	root, ok := v.User("root")
	if !ok {
		return []accountsFlaw{{what: "there is no account root", path: accounts.PasswdFile, stuck: needsPerson}}
	}
	if password, found := v.Password(root); !found || !password.Empty() {
		return nil
	}
	f := userFlaw(root, "has an empty password")
	f.changes, f.stuck = v.lock(root)
	return []accountsFlaw{f}
}

func accountsAbsent(a accountsResource, v accountsView) []accountsFlaw {
	return a.eachUser(v, func(u accounts.User) (accountsFlaw, bool) {
		f := userFlaw(u, "exists")
		f.stuck = "its files would be left without an owner; userdel removes it when nothing needs them"
		return f, slices.Contains(a.names, u.Name)
	})
}

func accountsNologin(_ accountsResource, v accountsView) []accountsFlaw {
	var flaws []accountsFlaw
	for _, s := range v.shells {
		if path.Base(s.Path) != "nologin" {
			continue
		}
		flaws = append(flaws, accountsFlaw{
			what: fmt.Sprintf("%s:%d lists %s", accounts.ShellsFile, s.Line, s.Path), path: accounts.ShellsFile, line: accounts.Line{Number: s.Line},
			changes: []rule.Change{rule.EditFile{Path: accounts.ShellsFile, Edits: []rule.Edit{{Op: rule.DeleteLine, Line: s.Line, Old: s.Text}}}},
		})
	}
	return flaws
}
