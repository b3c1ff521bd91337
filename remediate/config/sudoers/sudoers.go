// Package sudoers reads /etc/sudoers and all that it includes, as sudo does: sudoers(5). It holds no
// opinion about what should stand there, and changes nothing.
package sudoers

import (
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Path is the file that sudo starts with.
const Path = "/etc/sudoers"

// Place is one or more lines of a file: a line that ends in a backslash goes on.
type Place struct {
	Path        string
	First, Last int    // 1-based
	Text        string // the lines as they stand, joined by line feeds
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.Path, p.First) }

// Problem is what sudo cannot read.
type Problem struct {
	Place
	Reason string
}

func (p Problem) String() string { return p.Place.String() + ": " + p.Reason }

// Scope says whom a Defaults line is about. Sudo applies them in this order, each in the order of the
// files, and the last that matches wins: everybody's, those of the host, the user, the user that
// the command runs as, and of the command.
type Scope string

const (
	Everybody Scope = ""
	ByHost    Scope = "@"
	ByUser    Scope = ":"
	ByRunAs   Scope = ">"
	ByCommand Scope = "!"
)

// Op is what a Defaults entry does to its setting.
type Op string

const (
	On     Op = ""   // a flag: name
	Off    Op = "!"  // !name
	Set    Op = "="  // name=value
	Add    Op = "+=" // name+=value
	Remove Op = "-=" // name-=value
)

// Setting is one entry of a Defaults line.
type Setting struct {
	Place
	Scope   Scope
	Members []Member // whom it is about; none for everybody
	Prefix  string   // "Defaults", "Defaults:joe": what a line for the same scope starts with
	Name    string
	Op      Op
	Value   string
	Alone   bool // the line sets nothing else
}

// Member is an item of a list: a user, %group, #uid, %#gid, +netgroup, host, alias, command or ALL.
type Member struct {
	Name    string
	Negated bool
}

func (m Member) String() string {
	if m.Negated {
		return "!" + m.Name
	}
	return m.Name
}

// Tag is PASSWD, NOPASSWD or neither.
type Tag string

const (
	NoTag    Tag = ""
	Passwd   Tag = "PASSWD"
	NoPasswd Tag = "NOPASSWD"
)

// Grant is one command of a user specification, with what it inherits from the commands before it.
type Grant struct {
	Place
	Users, Hosts []Member
	RunAs        []Member // empty means root, or the default that runas_default names
	RunAsGroups  []Member
	HasRunAs     bool // a list in parentheses is there
	Authenticate Tag
	Command      Member // without arguments' meaning: the text as it stands, one blank between words
}

// AliasKind tells the four kinds of aliases apart; a name may be used once in each.
type AliasKind string

const (
	UserAlias    AliasKind = "User_Alias"
	RunAsAlias   AliasKind = "Runas_Alias"
	HostAlias    AliasKind = "Host_Alias"
	CommandAlias AliasKind = "Cmnd_Alias"
)

// Alias is a named list.
type Alias struct {
	Place
	Kind    AliasKind
	Name    string
	Members []Member
}

// File is a file that was read, or that sudo would leave out.
type File struct {
	Path    string
	Lines   []string // without line feeds
	Ignored string   // why sudo leaves the file out; Lines is then empty

	includes []include
}

// include is a line that includes something, for staging.
type include struct {
	line int
	dir  bool
	path string
}

// Config is what sudo reads.
type Config struct {
	Files    []File // in the order in which they are reached
	Defaults []Setting
	Aliases  []Alias
	Grants   []Grant
	Problems []Problem
}

// Settings lists the entries about one setting, in the order of the files.
func (c *Config) Settings(name string) []Setting {
	var out []Setting
	for _, s := range c.Defaults {
		if s.Name == name {
			out = append(out, s)
		}
	}
	return out
}

// File gives the file of a path, and whether it was reached.
func (c *Config) File(path string) (File, bool) {
	for _, f := range c.Files {
		if f.Path == path {
			return f, true
		}
	}
	return File{}, false
}

// alias finds a list by name; sudo refuses two of one name, so the first is as good as any.
func (c *Config) alias(kind AliasKind, name string) (Alias, bool) {
	for _, a := range c.Aliases {
		if a.Kind == kind && a.Name == name {
			return a, true
		}
	}
	return Alias{}, false
}

// maxAliasDepth bounds aliases that name aliases; sudo refuses loops.
const maxAliasDepth = 32

// Expand replaces aliases by what they stand for. An alias that does not exist stays: sudo takes such a
// name for a user's or host's own. A negated alias negates its members.
func (c *Config) Expand(kind AliasKind, members []Member) []Member {
	return c.expand(kind, members, 0)
}

func (c *Config) expand(kind AliasKind, members []Member, depth int) []Member {
	var out []Member
	for _, m := range members {
		a, ok := c.alias(kind, m.Name)
		if !ok || depth >= maxAliasDepth {
			out = append(out, m)
			continue
		}
		for _, inner := range c.expand(kind, a.Members, depth+1) {
			inner.Negated = inner.Negated != m.Negated
			out = append(out, inner)
			if len(out) > maxMembers {
				return out
			}
		}
	}
	return out
}

// maxMembers bounds what aliases of aliases may come to.
const maxMembers = 10000

// Load reads the configuration. The error of an absent one is fs.ErrNotExist.
func Load(h host.Files) (*Config, error) {
	return host.Once(h, loadKey{}, func() (*Config, error) { return loadConfig(h) })
}

type loadKey struct{}

func loadConfig(h host.Files) (*Config, error) {
	l := &loader{files: h, config: &Config{}}
	if err := l.main(); err != nil {
		return nil, err
	}
	return l.config, nil
}
