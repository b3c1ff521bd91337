package shell

import (
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// maxText bounds what a word may expand to and still be known: text that doubles in a loop would grow
// without end.
const maxText = 1 << 14

// field is one word after expansion.
type field struct {
	text     string
	known    bool
	set      bool // for test: an unknown text that is there all the same
	pattern  bool
	possible bool // it may be absent
}

// text expands a word to one string, without splitting or matching.
func (e *eval) text(w word, st *state) (string, bool) {
	var b strings.Builder
	for i, p := range w.parts {
		t, ok := e.part(p, st, i == 0)
		if !ok {
			return "", false
		}
		b.WriteString(t)
	}
	return b.String(), b.Len() <= maxText
}

// pattern expands a word to a pattern, in which quoted wildcards stand for themselves.
func (e *eval) pattern(w word, st *state) (string, bool) {
	var b strings.Builder
	for i, p := range w.parts {
		t, ok := e.part(p, st, i == 0)
		if !ok {
			return "", false
		}
		if p.quoted {
			t = quotePattern(t)
		}
		b.WriteString(t)
	}
	return b.String(), b.Len() <= maxText
}

func quotePattern(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(`*?[]\`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func (e *eval) part(p part, st *state, first bool) (string, bool) {
	switch p.kind {
	case literal:
		if first && !p.quoted && (p.text == "~" || strings.HasPrefix(p.text, "~/")) {
			return e.home + p.text[1:], true
		}
		return p.text, true
	case parameter:
		return e.parameter(p, st)
	case substitution:
		return e.identity(p)
	}
	return "", false
}

func (e *eval) parameter(p part, st *state) (string, bool) {
	var v Value
	switch p.text {
	case "-":
		v = Value{Set: true, Known: true, Text: "hB"}
		if e.kind.Interactive {
			v.Text = "himBH"
		}
		if !e.kind.Bash {
			v.Text = strings.Trim(v.Text, "hBH")
		}
	case "HOME":
		v = Value{Set: true, Known: true, Text: e.home}
		if set, ok := st.vars["HOME"]; ok {
			v = only(set)
		}
	default:
		v = only(st.lookup(p.text))
	}
	if !v.Known {
		return "", false
	}
	empty := !v.Set || v.Text == ""
	switch p.op {
	case "":
		return v.Text, true
	case ":-", "-":
		if p.op == ":-" && empty || !v.Set {
			return e.text(p.arg, st)
		}
		return v.Text, true
	case ":+", "+":
		if p.op == ":+" && empty || !v.Set {
			return "", true
		}
		return e.text(p.arg, st)
	}
	return "", false
}

// only is the value of a variable that has just one possible text, and unknown otherwise.
func only(values []Value) Value {
	if len(values) == 0 {
		return Value{}
	}
	v := values[0]
	for _, o := range values[1:] {
		if o.Set != v.Set || o.Known != v.Known || o.Text != v.Text {
			return Value{Set: true}
		}
	}
	return v
}

// fields expands a word as an argument: unquoted results are split, wildcards are matched. ok is
// false when there may be other fields than these.
func (e *eval) fields(w word, st *state) (out []field, ok bool) {
	if names, found := e.runParts(w, st); found {
		return names, true
	}
	pattern, known := e.pattern(w, st)
	if !known {
		return nil, false
	}
	text, _ := e.text(w, st)
	words := []string{pattern}
	split := false
	for _, p := range w.parts {
		split = split || p.kind == parameter && !p.quoted
	}
	if split {
		words = strings.Fields(pattern)
	}
	for _, p := range words {
		if !wild(p) {
			if !split {
				out = append(out, field{text: text, known: true})
			} else {
				out = append(out, field{text: p, known: true})
			}
			continue
		}
		if strings.HasPrefix(p, e.home+"/") && e.home == noHome {
			return out, false
		}
		if !strings.HasPrefix(p, "/") {
			return out, false
		}
		paths, err := host.Glob(e.files, p)
		if err != nil {
			e.stop(err)
			return out, false
		}
		if e.order == Collated {
			collate(paths)
		}
		for _, f := range paths {
			out = append(out, field{text: f, known: true})
		}
		if len(paths) == 0 {
			out = append(out, field{text: p, known: true})
		}
	}
	return out, true
}

func wild(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '*', '?':
			return true
		case '[':
			if strings.IndexByte(pattern[i:], ']') > 0 {
				return true
			}
		}
	}
	return false
}

// runParts knows $(run-parts --list DIR), which newer Debian profiles loop over. Names that
// run-parts may leave out are only possible.
func (e *eval) runParts(w word, st *state) ([]field, bool) {
	if len(w.parts) != 1 || w.parts[0].kind != substitution {
		return nil, false
	}
	l, isList := w.parts[0].cmd.(list)
	if !isList || len(l.items) != 1 {
		return nil, false
	}
	s, isSimple := l.items[0].(simple)
	if !isSimple || len(s.words) < 3 || s.words[0].bare() != "run-parts" {
		return nil, false
	}
	dir, listing, regex := "", false, false
	for i := 1; i < len(s.words); i++ {
		arg, ok := e.text(s.words[i], st)
		switch {
		case !ok:
			return nil, false
		case arg == "--list":
			listing = true
		case arg == "--regex":
			regex = true
			i++
		case strings.HasPrefix(arg, "--regex="):
			regex = true
		case strings.HasPrefix(arg, "/"):
			dir = arg
		}
	}
	if !listing || dir == "" {
		return nil, false
	}
	paths, err := host.Glob(e.files, strings.TrimSuffix(quotePattern(dir), "/")+"/*")
	if err != nil {
		e.stop(err)
		return nil, false
	}
	var out []field
	for _, p := range paths {
		name := p[strings.LastIndexByte(p, '/')+1:]
		plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
		stem, isScript := strings.CutSuffix(name, ".sh")
		switch {
		case regex && isScript:
			odd := strings.Trim(stem, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != ""
			out = append(out, field{text: p, known: true, possible: odd})
		case regex:
			out = append(out, field{text: p, known: true, possible: true})
		case plain:
			out = append(out, field{text: p, known: true})
		}
	}
	return out, true
}
