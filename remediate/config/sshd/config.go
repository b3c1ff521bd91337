package sshd

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Config is a server's whole configuration: the main file and everything that it includes.
type Config struct {
	Server Server
	// Missing is set when there is no main file: sshd does not start then, and the defaults are what
	// a program that asks for a value sees.
	Missing bool
	// Problems keep sshd from starting, in the order in which it meets them.
	Problems []Problem
	// Notes are lines that the server reads and drops: keywords that this release no longer has.
	Notes []Note

	parser *parser
	main   *file
	global state
}

// Load reads the configuration of a server from its root. An error means that it could not be read;
// what sshd would refuse is in Problems instead.
func Load(files host.Files, server Server) (*Config, error) {
	key := loadKey{server.Version, server.Program}
	return host.Once(files, key, func() (*Config, error) { return load(files, server) })
}

type loadKey struct {
	version Version
	program string
}

func load(files host.Files, server Server) (*Config, error) {
	p := &parser{
		files: files, server: server, dialect: newDialect(server),
		sets: map[string]algorithmSet{}, read: map[string]*file{},
	}
	c := &Config{Server: server, parser: p, main: &file{path: ConfigPath}}
	main, err := p.file(ConfigPath)
	switch {
	case err == nil:
		c.main = main
	case errors.Is(err, fs.ErrNotExist):
		c.Missing = true
	default:
		return nil, err
	}
	w := walker{config: c, state: state{}}
	if err := w.walk(c.main, 0, new(true), 0, &scope{}); err != nil {
		return nil, err
	}
	c.global = w.state
	c.checkStart()
	return c, nil
}

// Setting is what a keyword comes to.
type Setting struct {
	Keyword string // as sshd_config(5) spells it
	// Values are in the spelling of sshd -T: seconds for times, whole lists for algorithms. No value
	// is one that is not set and has no default.
	Values []string
	// Default is set when no line decides.
	Default bool
	// From are the lines that decide, Overridden those that say something else and lose.
	From, Overridden []Place
}

func (s Setting) String() string { return strings.Join(s.Values, " ") }

// ErrKeyword is returned for a keyword that the server does not have.
var ErrKeyword = errors.New("unknown keyword")

// Effective works out what a keyword comes to for a connection. The zero Conn is a connection of
// which nothing is known: the global section and "Match all".
func (c *Config) Effective(name string, conn Conn) (Setting, error) {
	key, ok := c.parser.dialect.lookup(name)
	if !ok || key.form == formInclude || key.form == formMatch {
		return Setting{}, fmt.Errorf("%w: OpenSSH %s does not know %s", ErrKeyword, c.Server.Version, name)
	}
	if key.form == formIgnored {
		return Setting{}, fmt.Errorf("%w: OpenSSH %s reads %s and drops it", ErrKeyword, c.Server.Version, name)
	}
	matched, err := c.matched(conn)
	if err != nil {
		return Setting{}, err
	}
	return c.setting(key, matched), nil
}

// Knows reports whether the server has a keyword and acts on it.
func (c *Config) Knows(name string) bool {
	key, ok := c.parser.dialect.lookup(name)
	return ok && key.form != formIgnored && key.form != formInclude && key.form != formMatch
}

func (c *Config) matched(conn Conn) (state, error) {
	w := walker{config: c, conn: &conn, state: state{}}
	if err := w.walk(c.main, matchOnly, new(false), 0, &scope{}); err != nil {
		return nil, err
	}
	return w.state, nil
}

// setting combines the global section with what the matching blocks say: where a block sets a
// keyword, or any value of a list, the global value goes.
func (c *Config) setting(key *keyword, matched state) Setting {
	id := key.id()
	out := Setting{Keyword: key.name}
	decided := c.global[id]
	if key.match {
		if m := matched[id]; m != nil && (m.set || len(m.values) > 0) {
			if decided != nil {
				out.Overridden = append(out.Overridden, decided.from...)
				out.Overridden = append(out.Overridden, decided.lost...)
			}
			decided = m
		}
	}
	if decided != nil {
		out.From = append(out.From, decided.from...)
		out.Overridden = append(out.Overridden, decided.lost...)
		out.Values = slices.Clone(decided.values)
	}
	if len(out.From) == 0 || key.combine == accumulates && len(out.Values) == 0 {
		out.Default = true
		out.Values = c.defaults(key)
	}
	switch key.form {
	case formAlgorithms:
		if !out.Default {
			out.Values = []string{strings.Join(c.parser.algorithms(id).assemble(out.Values[0]), ",")}
		}
	case formRekey:
		if len(out.Values) == 1 {
			out.Values = append(out.Values, "0")
		}
	case formNetBlocks:
		if len(out.Values) == 1 && !strings.Contains(out.Values[0], ":") {
			out.Values = []string{out.Values[0] + ":128"}
		}
	case formFlag:
		c.kbdInteractive(key, matched, &out)
	}
	return out
}

// kbdInteractive: until 8.6 keyboard-interactive is on when either of two keywords says so.
func (c *Config) kbdInteractive(key *keyword, matched state, out *Setting) {
	if key.id() != "kbdinteractiveauthentication" || c.Server.Version.AtLeast(8, 7) || out.Values[0] == "yes" {
		return
	}
	challenge, ok := c.parser.dialect.lookup("ChallengeResponseAuthentication")
	if !ok {
		return
	}
	if s := c.setting(challenge, matched); s.Values[0] == "yes" {
		out.Overridden = append(out.From, out.Overridden...)
		out.Values, out.From, out.Default = s.Values, s.From, s.Default
	}
}

// List splits the value of an algorithm keyword.
func (s Setting) List() []string {
	if len(s.Values) == 0 || s.Values[0] == "" {
		return nil
	}
	return strings.Split(s.Values[0], ",")
}

// Files lists the files that make up the configuration, in the order in which sshd opens them.
func (c *Config) Files() []string { return slices.Clone(c.parser.order) }
