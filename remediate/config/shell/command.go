package shell

import (
	"slices"
	"strings"
)

func (e *eval) simple(n simple, st *state) (*state, answer) {
	if forked, status, ok := e.eachPath(n, st); ok {
		return forked, status
	}
	if len(n.words) == 0 {
		st = st.clone()
		for _, a := range n.assigns {
			e.assign(st, a.name, e.assigned(a, st), n.line)
		}
		return st, yes
	}
	var args []field
	certain := true
	for _, w := range n.words {
		f, ok := e.fields(w, st)
		if !ok {
			f, certain = append(f, field{set: true}), false
		}
		args = append(args, f...)
	}
	return e.invoke(n, args, certain, st)
}

func (e *eval) invoke(n simple, args []field, certain bool, st *state) (*state, answer) {
	if len(args) == 0 {
		return st, maybe
	}
	if !args[0].known {
		// A command that cannot be told could be umask only where the word is an argument.
		return st, maybe
	}
	name := args[0].text
	if bodies := st.funcs[name]; len(bodies) > 0 {
		if after, ok := e.pathHelper(name, args[1:], st, n.line); ok {
			return after, maybe
		}
		return e.call(bodies, st), maybe
	}
	args = args[1:]
	switch name {
	case "command", "builtin":
		if len(args) > 0 && args[0].known && !strings.HasPrefix(args[0].text, "-") {
			return e.invoke(n, args, certain, st)
		}
	case ":", "true":
		return st, yes
	case "false":
		return st, no
	case "[", "test":
		if name == "[" {
			if len(args) == 0 {
				return st, no
			}
			args = args[:len(args)-1]
		}
		if !certain {
			// An unknown unquoted word may be any number of words; as one word it is right or maybe.
			for _, f := range args {
				if !f.known && !f.set {
					return st, maybe
				}
			}
		}
		return st, e.test(args)
	case "umask":
		return e.umask(n, args, st), maybe
	case ".", "source":
		return e.dot(n, args, st), maybe
	case "eval":
		return e.evalCommand(n, args, certain, st), maybe
	case "export", "readonly", "declare", "typeset", "local":
		return e.declare(n, name, args, st), yes
	case "unset":
		return e.unset(n, args, st), yes
	case "read", "mapfile", "readarray", "getopts":
		st = st.clone()
		for _, f := range args {
			if f.known && isName(f.text) {
				e.assign(st, f.text, Value{Set: true, Why: "it is read at run time"}, n.line)
			}
		}
	case "printf":
		if len(args) > 1 && args[0].text == "-v" && isName(args[1].text) {
			st = st.clone()
			e.assign(st, args[1].text, Value{Set: true, Why: "it is printed at run time"}, n.line)
		}
	case "return":
		e.exits = append(e.exits, st)
		return nil, maybe
	case "exit":
		e.note("%s may end the shell", e.place(n.line))
		return nil, maybe
	case "exec":
		if len(args) > 0 {
			e.note("%s may replace the shell", e.place(n.line))
		}
	case "break":
		if e.inLoops > 0 {
			e.breaks = append(e.breaks, st)
			return nil, maybe
		}
	case "continue":
		if e.inLoops > 0 {
			e.continues = append(e.continues, st)
			return nil, maybe
		}
	}
	return st, maybe
}

// call runs a function; which one it is may be open.
func (e *eval) call(bodies []node, st *state) *state {
	if e.calls > maxCalls {
		e.note("%s calls functions too deeply to follow", e.path)
		return st
	}
	e.calls++
	outer := e.exits
	var out *state
	for _, b := range bodies {
		e.exits = nil
		after, _ := e.run(b, st.clone())
		out = join(out, after)
		for _, x := range e.exits {
			out = join(out, x)
		}
	}
	e.exits = outer
	e.calls--
	return out
}

func (e *eval) umask(n simple, args []field, st *state) *state {
	place := e.place(n.line)
	var operand *field
	for i := range args {
		f := &args[i]
		if f.known && (f.text == "-S" || f.text == "-p" || f.text == "-Sp" || f.text == "-pS" || f.text == "--") {
			continue
		}
		operand = f
		break
	}
	if operand == nil {
		return st
	}
	if !slices.Contains(e.maskPlaces, place) {
		e.maskPlaces = append(e.maskPlaces, place)
	}
	st = st.clone()
	if !operand.known {
		st.masks = addMask(nil, Mask{Bits: Unknown, From: place, Why: "its argument is not a plain value"})
		return st
	}
	word := ""
	for _, w := range n.words {
		if p, ok := w.plain(); ok && p == operand.text && w.bare() != "" {
			word = p
		}
	}
	var out []Mask
	for _, m := range st.masks {
		bits, ok := setMask(m.Bits, operand.text)
		if !ok {
			out = addMask(out, m)
			continue
		}
		next := Mask{Bits: bits, Word: word, From: place}
		if bits == Unknown {
			next.Why = "what it comes to differs between shells or is unknown"
		}
		out = addMask(out, next)
	}
	st.masks = out
	return st
}

// dot follows a sourced file. One in a home directory that is not looked at is the user's own.
func (e *eval) dot(n simple, args []field, st *state) *state {
	if len(args) == 0 {
		return st
	}
	f := args[0]
	switch {
	case !f.known:
		e.note("%s sources a file that cannot be told", e.place(n.line))
		return e.anything(st, n.line, "a file that cannot be told is sourced")
	case f.text == noHome || strings.HasPrefix(f.text, noHome+"/"):
		return st
	case !strings.HasPrefix(f.text, "/"):
		e.note("%s sources a file by a relative name", e.place(n.line))
		return e.anything(st, n.line, "a file is sourced by a relative name")
	}
	return e.source(f.text, st)
}

// anything adds the possibility that the mask and the variables that matter are set to anything.
func (e *eval) anything(st *state, line int, why string) *state {
	place := e.place(line)
	st = st.clone()
	st.masks = addMask(st.masks, Mask{Bits: Unknown, From: place, Why: why})
	e.maskPlaces = append(e.maskPlaces, place)
	e.possible(st, "TMOUT", place, why)
	e.possible(st, "PATH", place, why)
	return st
}

func (e *eval) possible(st *state, name string, place Place, why string) {
	old := slices.Clone(st.lookup(name))
	st.set(name, Value{Set: true, From: place, Why: why})
	for _, v := range old {
		st.vars[name] = addValue(st.vars[name], v)
	}
	e.places[name] = append(e.places[name], place)
}

// harmless are programs whose output is made for eval and sets neither a mask nor a time-out.
func harmless(name string) bool {
	switch name[strings.LastIndexByte(name, '/')+1:] {
	case "dircolors", "lesspipe", "lesspipe.sh", "locale-gen", "ssh-agent", "resize", "tset":
		return true
	}
	return false
}

func (e *eval) evalCommand(n simple, args []field, certain bool, st *state) *state {
	if certain {
		var texts []string
		for _, f := range args {
			texts = append(texts, f.text)
		}
		body, err := parse(strings.Join(texts, " "))
		if err == nil {
			// The lines of the text are those of the eval.
			return e.at(n.line, body, st)
		}
	}
	for _, w := range n.words[1:] {
		for _, p := range w.parts {
			l, isList := p.cmd.(list)
			if p.kind != substitution || !isList || len(l.items) != 1 {
				continue
			}
			if s, ok := l.items[0].(simple); ok && len(s.words) > 0 {
				if name, ok := e.text(s.words[0], st); ok && harmless(name) {
					return st
				}
			}
		}
	}
	e.note("%s evaluates a text that cannot be told", e.place(n.line))
	return e.anything(st, n.line, "a text that cannot be told is evaluated")
}

// at runs a body whose commands all count as standing in one line.
func (e *eval) at(line int, body node, st *state) *state {
	if e.calls > maxCalls || e.script == nil {
		return st
	}
	outer := e.script
	text := e.place(line).Text
	flat := &script{lines: make([]string, line)}
	flat.lines[line-1] = text
	e.script = flat
	e.calls++
	after, _ := e.run(relocate(body, line), st)
	e.calls--
	e.script = outer
	return after
}

// relocate gives every command of an evaluated text the line of the eval.
func relocate(n node, line int) node {
	switch n := n.(type) {
	case list:
		items := make([]node, len(n.items))
		for i, item := range n.items {
			items[i] = relocate(item, line)
		}
		return list{items}
	case simple:
		n.line = line
		return n
	case andOr:
		n.left, n.right = relocate(n.left, line), relocate(n.right, line)
		return n
	case ifElse:
		n.cond, n.then = relocate(n.cond, line), relocate(n.then, line)
		if n.els != nil {
			n.els = relocate(n.els, line)
		}
		return n
	}
	return n
}

func (e *eval) assigned(a assign, st *state) Value {
	if a.array || a.append {
		return Value{Set: true, Why: "it is put together at run time"}
	}
	text, ok := e.text(a.value, st)
	if !ok {
		return Value{Set: true, Why: "its value is worked out at run time"}
	}
	return Value{Set: true, Known: true, Text: text}
}

func (e *eval) assign(st *state, name string, v Value, line int) {
	v.From = e.place(line)
	e.mention(name, v.From)
	if st.set(name, v) {
		e.note("%s sets %s, which may be read-only by then", v.From, name)
	}
}

func (e *eval) mention(name string, p Place) {
	if !slices.Contains(e.places[name], p) && len(e.places[name]) < 200 {
		e.places[name] = append(e.places[name], p)
	}
}

// declare is export, readonly, declare, typeset and local.
func (e *eval) declare(n simple, name string, args []field, st *state) *state {
	st = st.clone()
	export, readonly := name == "export", name == "readonly"
	off := false
	for _, f := range args {
		switch {
		case !f.known:
			// The name is known where only the value is not: the word starts with NAME=.
			continue
		case strings.HasPrefix(f.text, "-") && len(f.text) > 1:
			if name != "export" && name != "readonly" {
				export = export || strings.Contains(f.text, "x")
				readonly = readonly || strings.Contains(f.text, "r")
			}
			if strings.ContainsAny(f.text, "fFp") {
				return st
			}
			off = name == "export" && strings.Contains(f.text, "n")
			continue
		}
		variable, value, has := strings.Cut(f.text, "=")
		if !isName(variable) {
			continue
		}
		if has {
			e.assign(st, variable, Value{Set: true, Known: true, Text: value}, n.line)
		}
		e.attributes(st, variable, export && !off, readonly, off, e.place(n.line))
	}
	// NAME=$(command): the value is unknown, the name is not.
	for _, w := range n.words[1:] {
		if len(w.parts) < 2 || w.parts[0].kind != literal {
			continue
		}
		if _, known := e.text(w, st); known {
			continue
		}
		variable := strings.TrimSuffix(w.parts[0].text, "=")
		if isName(variable) {
			e.assign(st, variable, Value{Set: true, Why: "its value is worked out at run time"}, n.line)
			e.attributes(st, variable, export, readonly, false, e.place(n.line))
		}
	}
	return st
}

func (e *eval) attributes(st *state, name string, export, readonly, off bool, place Place) {
	var out []Value
	for _, v := range st.lookup(name) {
		v.Exported = (v.Exported || export) && !off
		if readonly {
			if v.Readonly && !e.kind.Bash {
				e.note("%s declares %s read-only a second time, which ends dash", place, name)
			}
			v.Readonly = true
		}
		out = addValue(out, v)
	}
	st.vars[name] = out
	e.mention(name, place)
}

func (e *eval) unset(n simple, args []field, st *state) *state {
	st = st.clone()
	for _, f := range args {
		if !f.known || strings.HasPrefix(f.text, "-") {
			if f.text == "-f" {
				return st
			}
			continue
		}
		var out []Value
		for _, v := range st.lookup(f.text) {
			if v.Readonly {
				out = addValue(out, v)
				continue
			}
			out = addValue(out, Value{Known: true, From: e.place(n.line)})
		}
		st.vars[f.text] = out
		e.mention(f.text, e.place(n.line))
	}
	return st
}
