package sudoers

import (
	"slices"
	"strconv"
	"strings"
)

// Who asks for something with sudo.
type Who struct {
	User   string
	UID    int // -1 when it is not known
	Groups []string
	Host   string // the machine's name; a short name is enough
}

// Access is what becomes of a request.
type Access struct {
	Allowed bool
	// Passwordless: nothing is asked.
	Passwordless bool
	By           *Grant // the grant that decided; nil when none matched
}

// AnyCommand tells whether somebody may run every command as root. The last grant that matches decides,
// in a list the last item that does.
func (c *Config) AnyCommand(who Who) Access {
	var a Access
	for i := range c.Grants {
		g := &c.Grants[i]
		if !c.matches(UserAlias, g.Users, who.user) || !c.matches(HostAlias, g.Hosts, who.host) || !c.asRoot(g) {
			continue
		}
		for _, m := range c.Expand(CommandAlias, []Member{g.Command}) {
			if m.Name == "ALL" {
				a = Access{Allowed: !m.Negated, By: g}
			}
		}
	}
	if !a.Allowed {
		return a
	}
	a.Passwordless = who.User == "root" || who.UID == 0 || a.By.Authenticate == NoPasswd ||
		a.By.Authenticate == NoTag && !c.authenticates(who) || c.exempt(who)
	return a
}

// matches goes through a list from its end; the first item that is about the asker decides.
func (c *Config) matches(kind AliasKind, list []Member, about func(name string) bool) bool {
	for _, m := range slices.Backward(c.Expand(kind, list)) {
		if m.Name == "ALL" || about(m.Name) {
			return !m.Negated
		}
	}
	return false
}

func (w Who) user(name string) bool {
	switch {
	case strings.HasPrefix(name, "%:"):
		return slices.Contains(w.Groups, name[2:])
	case strings.HasPrefix(name, "%"):
		return slices.Contains(w.Groups, name[1:])
	case strings.HasPrefix(name, "#"):
		return w.UID >= 0 && name[1:] == strconv.Itoa(w.UID)
	}
	return name == w.User
}

func (w Who) host(name string) bool {
	short, _, _ := strings.Cut(w.Host, ".")
	return w.Host != "" && (strings.EqualFold(name, w.Host) || strings.EqualFold(name, short))
}

func root(name string) bool { return name == "root" || name == "#0" }

// asRoot reports whether a grant is for root as the target user. Without a list that is the default.
func (c *Config) asRoot(g *Grant) bool {
	if len(g.RunAs) == 0 {
		return len(g.RunAsGroups) == 0
	}
	return c.matches(RunAsAlias, g.RunAs, root)
}

// authenticates is the setting of that name as it stands for somebody.
func (c *Config) authenticates(who Who) bool {
	on, _ := c.Flag("authenticate", who, true)
	return on
}

// Flag is a setting that is on or off as it stands for somebody who becomes root, and the entry that
// decides; nil where none does.
func (c *Config) Flag(name string, who Who, unset bool) (on bool, by *Setting) {
	on = unset
	for _, scope := range []Scope{Everybody, ByHost, ByUser, ByRunAs} {
		for _, s := range c.Settings(name) {
			if s.Scope != scope {
				continue
			}
			applies := scope == Everybody
			switch scope {
			case ByHost:
				applies = c.matches(HostAlias, s.Members, who.host)
			case ByUser:
				applies = c.matches(UserAlias, s.Members, who.user)
			case ByRunAs:
				applies = c.matches(RunAsAlias, s.Members, root)
			}
			if applies {
				on, by = s.Op != Off, &s
			}
		}
	}
	return on, by
}

// exempt: members of exempt_group are not asked.
func (c *Config) exempt(who Who) bool {
	group := ""
	for _, s := range c.Settings("exempt_group") {
		group = s.Value
	}
	return group != "" && slices.Contains(who.Groups, strings.TrimPrefix(group, "%"))
}

// Staged gives the files for a directory in which visudo can judge them: every include leads below the
// directory, and line numbers stay. Names are paths relative to the directory.
func (c *Config) Staged(dir string) map[string][]byte {
	dir = strings.TrimSuffix(dir, "/")
	out := map[string][]byte{}
	for _, f := range c.Files {
		if f.Ignored != "" {
			continue
		}
		lines := slices.Clone(f.Lines)
		for _, inc := range f.includes {
			word := "@include"
			if inc.dir {
				word = "@includedir"
			}
			lines[inc.line-1] = word + ` "` + dir + inc.path + `"`
		}
		content := strings.Join(lines, "\n")
		if content != "" {
			content += "\n"
		}
		out[strings.TrimPrefix(f.Path, "/")] = []byte(content)
	}
	return out
}

// Unstaged gives a message about staged files the paths of the target.
func Unstaged(dir, message string) string {
	return strings.ReplaceAll(message, strings.TrimSuffix(dir, "/")+"/", "/")
}
