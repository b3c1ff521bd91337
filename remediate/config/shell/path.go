package shell

import (
	"slices"
	"strings"
)

// identity answers $(id -u) and the like where the user is known to be root.
func (e *eval) identity(p part) (string, bool) {
	l, isList := p.cmd.(list)
	if !e.root || !isList || len(l.items) != 1 {
		return "", false
	}
	s, ok := l.items[0].(simple)
	if !ok || len(s.assigns) > 0 {
		return "", false
	}
	var words []string
	for _, w := range s.words {
		words = append(words, w.bare())
	}
	switch strings.Join(words, " ") {
	case "id -u", "id -ru", "id -g", "/usr/bin/id -u":
		return "0", true
	case "id -un", "id -nu", "id -gn", "whoami", "logname", "/usr/bin/id -un":
		return "root", true
	}
	return "", false
}

// eachPath runs an assignment once for each search path that is possible, so that what is put before
// or behind it stays known. Of other variables only the certain value is needed.
func (e *eval) eachPath(n simple, st *state) (*state, answer, bool) {
	values := st.lookup("PATH")
	if len(values) < 2 || !n.onlyAssigns() || !n.mentions("PATH") {
		return nil, maybe, false
	}
	if slices.ContainsFunc(values, func(v Value) bool { return v.Readonly }) {
		return nil, maybe, false
	}
	var out *state
	for _, v := range values {
		one := st.clone()
		one.vars["PATH"] = []Value{v}
		after, _ := e.simple(n, one)
		out = join(out, after)
	}
	return out, maybe, true
}

// onlyAssigns reports whether the command does nothing but set variables.
func (n simple) onlyAssigns() bool {
	return len(n.words) == 0 || slices.Contains([]string{"export", "declare", "typeset", "readonly", "local"}, n.words[0].bare())
}

func (n simple) mentions(name string) bool {
	var words []word
	for _, a := range n.assigns {
		words = append(words, a.value)
	}
	for _, w := range slices.Concat(words, n.words) {
		for _, p := range w.parts {
			if p.kind == parameter && p.text == name {
				return true
			}
		}
	}
	return false
}

// pathHelper knows the functions of the profile of Linux From Scratch, which Azure Linux has: they
// work on a variable that they get by name, which is not followed otherwise.
func (e *eval) pathHelper(name string, args []field, st *state, line int) (*state, bool) {
	if !slices.Contains([]string{"pathremove", "pathprepend", "pathappend"}, name) {
		return nil, false
	}
	if len(args) == 0 || len(args) > 2 || !args[0].known || len(args) == 2 && (!args[1].known || args[1].text != "PATH") {
		return nil, false
	}
	st = st.clone()
	var out []Value
	for _, v := range st.lookup("PATH") {
		if v.Readonly || v.Set && !v.Known {
			out = addValue(out, v)
			continue
		}
		var dirs []string
		if v.Text != "" {
			dirs = slices.DeleteFunc(strings.Split(v.Text, ":"), func(d string) bool { return d == args[0].text })
		}
		switch name {
		case "pathprepend":
			dirs = append([]string{args[0].text}, dirs...)
		case "pathappend":
			dirs = append(dirs, args[0].text)
		}
		text := strings.Join(dirs, ":")
		out = addValue(out, Value{Set: true, Known: len(text) <= maxText, Text: text, Exported: true, From: e.place(line)})
	}
	st.vars["PATH"] = out
	e.mention("PATH", e.place(line))
	return st, true
}
