package unitfile

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Words splits a value as systemd does: at blanks, with single and double quotes and C escapes.
func Words(s string) ([]string, error) {
	var (
		words []string
		cur   strings.Builder
		in    bool
		quote byte
	)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, in = c, true
		case c == '\\':
			in = true
			if i+1 == len(s) {
				return nil, errors.New("a backslash ends the line")
			}
			r, n := unescape(s[i+1:])
			cur.WriteString(r)
			i += n
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			if in {
				words = append(words, cur.String())
				cur.Reset()
				in = false
			}
		default:
			in = true
			cur.WriteByte(c)
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if in {
		words = append(words, cur.String())
	}
	return words, nil
}

// unescape reads what follows a backslash and says how many bytes it took. Unknown escapes stay.
func unescape(s string) (string, int) {
	const plain, meaning = `abfnrtv\"'s`, "\a\b\f\n\r\t\v\\\"' "
	if i := strings.IndexByte(plain, s[0]); i >= 0 {
		return meaning[i : i+1], 1
	}
	digits := func(n, base int) (string, int) {
		if len(s) < n {
			return "", 0
		}
		v := 0
		from := 0
		if base == 16 {
			from = 1
		}
		for _, c := range []byte(s[from:n]) {
			d := strings.IndexByte("0123456789abcdef", c|0x20)
			if c >= '0' && c <= '9' {
				d = int(c - '0')
			}
			if d < 0 || d >= base {
				return "", 0
			}
			v = v*base + d
		}
		if v == 0 || v > 255 {
			return "", 0
		}
		return string([]byte{byte(v)}), n
	}
	if s[0] == 'x' {
		if r, n := digits(3, 16); n > 0 {
			return r, n
		}
	}
	if r, n := digits(3, 8); n > 0 {
		return r, n
	}
	return `\` + s[:1], 1
}

// Variable is an environment variable of a service, with the place that set it last.
type Variable struct {
	Name, Value string
	From        Assignment
}

// Environment works out the variables that a service starts with: Environment= first, then the
// files of EnvironmentFile= in their order, which override it; then UnsetEnvironment=. The variables
// that systemd itself sets are not among them.
func Environment(f host.Files, u *Unit) ([]Variable, error) {
	var vars []Variable
	set := func(v Variable) {
		vars = slices.DeleteFunc(vars, func(o Variable) bool { return o.Name == v.Name })
		vars = append(vars, v)
	}
	for _, a := range u.List("Service", "Environment") {
		words, err := Words(a.Value)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: cannot read Environment=: %w", a.Path, a.Line, err)
		}
		for _, w := range words {
			if name, value, ok := strings.Cut(w, "="); ok && validEnvName(name) {
				set(Variable{name, strings.ReplaceAll(value, "%%", "%"), a})
			}
		}
	}
	for _, a := range u.List("Service", "EnvironmentFile") {
		file, optional := strings.CutPrefix(strings.Trim(a.Value, `"'`), "-")
		files, err := envFiles(f, file)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", a.Path, a.Line, err)
		}
		if len(files) == 0 && !optional {
			return nil, fmt.Errorf("%s:%d: %s does not exist, so the service cannot start", a.Path, a.Line, file)
		}
		for _, p := range files {
			content, err := f.ReadFile(p)
			if err != nil {
				if optional {
					continue
				}
				return nil, fmt.Errorf("cannot read %s: %w", p, err)
			}
			for _, e := range ParseEnv(p, content) {
				set(Variable{e.Key, e.Value, e})
			}
		}
	}
	for _, a := range u.List("Service", "UnsetEnvironment") {
		words, err := Words(a.Value)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: cannot read UnsetEnvironment=: %w", a.Path, a.Line, err)
		}
		for _, w := range words {
			vars = slices.DeleteFunc(vars, func(v Variable) bool { return v.Name == w || v.Name+"="+v.Value == w })
		}
	}
	return vars, nil
}

// envFiles expands the pattern of an EnvironmentFile= in its last component; systemd uses glob(7).
func envFiles(f host.Files, pattern string) ([]string, error) {
	if !path.IsAbs(pattern) {
		return nil, fmt.Errorf("environment file %q is not an absolute path", pattern)
	}
	dir, last := path.Split(pattern)
	if !strings.ContainsAny(last, "*?[") {
		if _, err := f.Stat(pattern); absent(err) {
			return nil, nil
		} else if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", pattern, err)
		}
		return []string{pattern}, nil
	}
	entries, err := f.ReadDir(dir)
	if absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", dir, err)
	}
	var files []string
	for _, e := range entries {
		ok, err := path.Match(last, e.Name())
		if err != nil {
			return nil, fmt.Errorf("environment file pattern %q: %w", pattern, err)
		}
		if ok && (!strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(last, ".")) {
			files = append(files, path.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// Word is one argument of a command, with the place that it comes from.
type Word struct {
	Text string
	From Assignment // the ExecStart= line, or the variable's
	Var  string     // the variable that it was expanded from, if any
}

// Command is one command of an Exec setting, after expansion.
type Command struct {
	Words []Word
}

// Commands expands the Exec lines of a service into commands.
func Commands(list []Assignment, vars []Variable) ([]Command, error) {
	var cmds []Command
	for _, a := range list {
		words, err := Words(a.Value)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: cannot read %s=: %w", a.Path, a.Line, a.Key, err)
		}
		for len(words) > 0 {
			end := slices.Index(words, ";")
			one := words
			if end >= 0 {
				one, words = words[:end], words[end+1:]
			} else {
				words = nil
			}
			if len(one) > 0 {
				cmds = append(cmds, command(a, one, vars))
			}
		}
	}
	return cmds, nil
}

func command(a Assignment, words []string, vars []Variable) Command {
	c := Command{}
	expand := true
	first := strings.TrimLeft(words[0], "-@:+!|")
	for _, p := range words[0][:len(words[0])-len(first)] {
		switch p {
		case ':':
			expand = false
		case '@':
			// The word after the program is what it is told its name is.
			if len(words) > 1 {
				words = append([]string{words[0]}, words[2:]...)
			}
		}
	}
	c.Words = append(c.Words, Word{Text: first, From: a})
	for _, w := range words[1:] {
		w = strings.ReplaceAll(w, "%%", "%")
		if !expand {
			c.Words = append(c.Words, Word{Text: w, From: a})
			continue
		}
		if name, ok := strings.CutPrefix(w, "$"); ok && validEnvName(name) {
			// A variable that is a word of its own is split into words.
			v, _ := lookupVar(vars, name)
			parts, err := Words(v.Value)
			if err != nil {
				parts = strings.Fields(v.Value)
			}
			for _, p := range parts {
				c.Words = append(c.Words, Word{Text: p, From: v.From, Var: name})
			}
			continue
		}
		c.Words = append(c.Words, inWord(a, w, vars))
	}
	return c
}

// inWord replaces ${NAME} inside a word, and $$ by $.
func inWord(a Assignment, w string, vars []Variable) Word {
	word := Word{From: a}
	var b strings.Builder
	for i := 0; i < len(w); i++ {
		if w[i] == '$' && i+1 < len(w) {
			if w[i+1] == '$' {
				b.WriteByte('$')
				i++
				continue
			}
			if end := strings.IndexByte(w[i:], '}'); w[i+1] == '{' && end > 0 {
				name := w[i+2 : i+end]
				if v, ok := lookupVar(vars, name); ok {
					b.WriteString(v.Value)
					word.From, word.Var = v.From, name
				}
				i += end
				continue
			}
		}
		b.WriteByte(w[i])
	}
	word.Text = b.String()
	return word
}

func lookupVar(vars []Variable, name string) (Variable, bool) {
	for _, v := range vars {
		if v.Name == name {
			return v, true
		}
	}
	return Variable{}, false
}
