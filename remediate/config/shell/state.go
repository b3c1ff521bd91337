package shell

import "slices"

// maxAlternatives bounds how many different values are told apart.
const maxAlternatives = 24

// state is what the shell may hold at one point: each mask and each variable separately, so what
// belongs together is not known. That only ever adds possibilities.
type state struct {
	masks []Mask
	vars  map[string][]Value
	funcs map[string][]node
}

func (s *state) clone() *state {
	c := &state{masks: slices.Clone(s.masks), vars: make(map[string][]Value, len(s.vars)), funcs: make(map[string][]node, len(s.funcs))}
	for k, v := range s.vars {
		c.vars[k] = slices.Clone(v)
	}
	for k, v := range s.funcs {
		c.funcs[k] = slices.Clone(v)
	}
	return c
}

// join is what holds after either of two ways; nil is a way that was not taken.
func join(a, b *state) *state {
	if a == nil {
		return b
	}
	if b == nil || a == b {
		return a
	}
	out := a.clone()
	for _, m := range b.masks {
		out.masks = addMask(out.masks, m)
	}
	for name := range out.vars {
		if _, ok := b.vars[name]; !ok {
			out.vars[name] = addValue(out.vars[name], foreign(name))
		}
	}
	for name, values := range b.vars {
		if _, ok := out.vars[name]; !ok {
			out.vars[name] = []Value{foreign(name)}
		}
		for _, v := range values {
			out.vars[name] = addValue(out.vars[name], v)
		}
	}
	for name, bodies := range b.funcs {
		if len(out.funcs[name]) < maxAlternatives {
			out.funcs[name] = append(out.funcs[name], bodies...)
		}
	}
	return out
}

func addMask(masks []Mask, m Mask) []Mask {
	if slices.Contains(masks, m) {
		return masks
	}
	if len(masks) >= maxAlternatives {
		m = Mask{Bits: Unknown, Why: "too many possibilities"}
		if slices.Contains(masks, m) {
			return masks
		}
	}
	return append(masks, m)
}

func addValue(values []Value, v Value) []Value {
	if slices.Contains(values, v) {
		return values
	}
	if len(values) >= maxAlternatives {
		v = Value{Set: true, Why: "too many possibilities"}
		if slices.Contains(values, v) {
			return values
		}
	}
	return append(values, v)
}

// foreign is a variable that the files have not set: what the environment brings, which is unknown
// but for a few that a login starts without.
func foreign(name string) Value {
	switch name {
	case "TMOUT", "XDG_CONFIG_HOME", "BASH_ENV", "ENV", "KSH_VERSION", "ZSH_VERSION", "BASH_VERSION", "BASH", "PS1", "PROMPT_COMMAND", "POSIXLY_CORRECT":
		return Value{Known: true}
	}
	return Value{Set: true, Why: "it comes from the environment"}
}

func (s *state) lookup(name string) []Value {
	if v, ok := s.vars[name]; ok {
		return v
	}
	return []Value{foreign(name)}
}

// set gives a variable a new value; one that is read-only keeps its old one.
func (s *state) set(name string, v Value) (fixed bool) {
	var out []Value
	open := false
	for _, old := range s.lookup(name) {
		if old.Readonly {
			out = addValue(out, old)
			fixed = true
			continue
		}
		open = true
		n := v
		n.Exported = n.Exported || old.Exported
		out = addValue(out, n)
	}
	if !open && len(out) == 0 {
		out = []Value{v}
	}
	s.vars[name] = out
	return fixed
}
