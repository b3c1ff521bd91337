// Package grub reads what GRUB 2 boots with: grub.cfg, the settings that it is generated from, and the
// generator's scripts, in the layouts of Debian and Ubuntu (/boot/grub), of Azure Linux (/boot/grub2)
// and of its version 2.0, whose grub.cfg takes its arguments from /boot/mariner.cfg. It judges nothing
// and changes nothing.
package grub

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

const (
	Defaults    = "/etc/default/grub"
	DefaultsDir = "/etc/default/grub.d"
	Scripts     = "/etc/grub.d"
)

// Command is a line of grub.cfg that loads a kernel.
type Command struct {
	Line int
	Text string // as it stands
	// Args are the kernel's arguments, with the variables that grub.cfg knows filled in.
	Args []string
}

// Entry is a menuentry or a submenu.
type Entry struct {
	Title   string
	Line    int
	Text    string
	Submenu bool
	// Unrestricted: choosing it needs no password, whatever superusers says.
	Unrestricted bool
	Boots        bool // a kernel is loaded in it, or in an entry below it
}

// Password is a password or password_pbkdf2 line.
type Password struct {
	Line   int
	User   string
	Hashed bool // it has the shape of grub-mkpasswd-pbkdf2's output
}

// Config is grub.cfg.
type Config struct {
	Path  string
	Lines []string
	// Superusers is the value in force, SuperusersLine the line that sets it; 0 where none does.
	Superusers     []string
	SuperusersLine int
	Passwords      []Password
	Entries        []Entry
	Kernels        []Command
	// Blscfg: entries stand in files of the Boot Loader Specification, which are not read here.
	Blscfg bool

	files host.Files
	vars  map[string]string
}

// Find gives the path of grub.cfg, or "" where there is none.
func Find(h host.Files) (string, error) {
	for _, p := range []string{"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"} {
		switch _, err := h.Stat(p); {
		case err == nil:
			return p, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("cannot look for %s: %w", p, err)
		}
	}
	return "", nil
}

// Load reads grub.cfg at a path.
func Load(h host.Files, name string) (*Config, error) {
	return host.Once(h, loadKey{name}, func() (*Config, error) { return loadConfig(h, name) })
}

type loadKey struct {
	name string
}

func loadConfig(h host.Files, name string) (*Config, error) {
	content, err := h.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	c := &Config{Path: name, files: h, vars: map[string]string{}}
	if text := strings.TrimSuffix(string(content), "\n"); text != "" {
		c.Lines = strings.Split(text, "\n")
	}
	c.parse()
	return c, nil
}

// parse follows the file line by line. Conditions are not evaluated: what stands in one counts, and of
// two values of a variable the last one does.
func (c *Config) parse() {
	var open []int // index of the entry of each open brace; -1 for a function
	add := func(line int, text, word string, args []string) int {
		e := Entry{Line: line, Text: text, Submenu: word == "submenu"}
		if len(args) > 0 {
			e.Title = args[0]
		}
		for i, a := range args {
			e.Unrestricted = e.Unrestricted || a == "--unrestricted" && i > 0
		}
		c.Entries = append(c.Entries, e)
		return len(c.Entries) - 1
	}
	for i, text := range c.Lines {
		for _, words := range commands(text) {
			opened := -1
			switch words[0] {
			case "menuentry", "submenu":
				opened = add(i+1, text, words[0], words[1:])
			case "linux", "linux16", "linuxefi":
				c.kernel(i+1, text, words[1:], open)
			case "set":
				c.set(i+1, words[1:], open)
			case "load_env":
				c.loadEnv(words[1:])
			case "password", "password_pbkdf2":
				c.password(i+1, words)
			case "blscfg":
				c.Blscfg = true
			}
			for _, w := range words {
				switch {
				case w == "{":
					open = append(open, opened)
					opened = -1
				case w == "}" && len(open) > 0:
					open = open[:len(open)-1]
				}
			}
		}
	}
}

func (c *Config) kernel(line int, text string, args []string, open []int) {
	if len(args) == 0 || strings.HasPrefix(path.Base(args[0]), "memtest") {
		return
	}
	for _, e := range open {
		if e >= 0 {
			c.Entries[e].Boots = true
		}
	}
	k := Command{Line: line, Text: text}
	for _, a := range args[1:] {
		k.Args = append(k.Args, strings.Fields(c.expand(a))...)
	}
	c.Kernels = append(c.Kernels, k)
}

func (c *Config) set(line int, args []string, open []int) {
	if len(args) == 0 {
		return
	}
	name, value, ok := strings.Cut(args[0], "=")
	if !ok {
		return
	}
	value = c.expand(value)
	c.vars[name] = value
	if name == "superusers" && len(open) == 0 {
		c.SuperusersLine = line
		c.Superusers = strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,;|&", r) })
	}
}

func (c *Config) password(line int, words []string) {
	if len(words) < 3 {
		return
	}
	c.Passwords = append(c.Passwords, Password{Line: line, User: words[1], Hashed: words[0] == "password_pbkdf2" && IsHash(strings.Join(words[2:], " "))})
}

// maxVariable bounds a variable's length after others are filled in, in bytes.
const maxVariable = 1 << 16

// expand fills in $name and ${name}; a variable that grub.cfg does not set stays.
func (c *Config) expand(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			b.WriteByte(text[i])
			continue
		}
		name, length := variable(text[i+1:])
		value, ok := c.vars[name]
		if !ok || b.Len()+len(value) > maxVariable {
			b.WriteByte('$')
			continue
		}
		b.WriteString(value)
		i += length
	}
	return b.String()
}

func variable(s string) (name string, length int) {
	if strings.HasPrefix(s, "{") {
		name, _, ok := strings.Cut(s[1:], "}")
		if !ok {
			return "", 0
		}
		return name, len(name) + 2
	}
	for length < len(s) && (s[length] == '_' || s[length] >= '0' && s[length] <= '9' || s[length]|0x20 >= 'a' && s[length]|0x20 <= 'z') {
		length++
	}
	return s[:length], length
}

// loadEnv takes variables from a file. Paths are those of grub's disk: where /boot is a disk of its own,
// they lack that first part.
func (c *Config) loadEnv(args []string) {
	name := path.Dir(c.Path) + "/grubenv"
	for i, a := range args {
		if (a == "-f" || a == "--file") && i+1 < len(args) {
			name = c.expand(args[i+1])
		} else if rest, ok := strings.CutPrefix(a, "--file="); ok {
			name = c.expand(rest)
		}
	}
	if !strings.HasPrefix(name, "/") {
		return
	}
	for _, p := range []string{name, "/boot" + name} {
		content, err := c.files.ReadFile(p)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			line = strings.TrimRight(line, "\r\n")
			if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
				c.vars[key] = value
			}
		}
		return
	}
}

// commands takes a line apart into commands and their words, with quotes taken away. A brace is a word.
func commands(line string) [][]string {
	var out [][]string
	var words []string
	var word strings.Builder
	inWord := false
	bare := true // nothing of the word was quoted
	var end func()
	flush := func() {
		w := word.String()
		if inWord {
			words = append(words, w)
		}
		word.Reset()
		opens := inWord && bare && w == "{"
		inWord, bare = false, true
		if opens {
			end()
		}
	}
	end = func() {
		flush()
		for len(words) > 0 && (words[0] == "then" || words[0] == "else" || words[0] == "do") {
			words = words[1:]
		}
		if len(words) > 0 {
			out = append(out, words)
		}
		words = nil
	}
	var quote byte
	for i := 0; i < len(line); i++ {
		b := line[i]
		switch {
		case quote != 0 && b == quote:
			quote = 0
		case quote == '\'':
			word.WriteByte(b)
		case b == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			inWord = true
		case quote == '"':
			word.WriteByte(b)
		case b == '"' || b == '\'':
			quote, inWord, bare = b, true, false
		case b == ' ' || b == '\t' || b == '\r':
			flush()
		case b == ';' || b == '|' || b == '&':
			end()
		case b == '#' && !inWord:
			end()
			return out
		default:
			word.WriteByte(b)
			inWord = true
		}
	}
	end()
	return out
}
