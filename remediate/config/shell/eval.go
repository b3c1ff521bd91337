package shell

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Bounds on what a hostile tree can make the evaluation do.
const (
	maxSteps   = 200_000
	maxSources = 2_000
	maxCalls   = 24
)

// answer is the exit status of a command as far as it can be told.
type answer int

const (
	maybe answer = iota
	yes
	no
)

func (a answer) invert() answer {
	switch a {
	case yes:
		return no
	case no:
		return yes
	}
	return maybe
}

// Order is how the shell sorts what a pattern matches: bytewise in the C locale, or as most other
// locales do. A login starts with either.
type Order int

const (
	Bytewise Order = iota
	Collated
)

type eval struct {
	files   host.Files
	kind    Kind
	home    string
	order   Order
	root    bool
	steps   int
	sources int
	calls   int
	err     error

	parsed map[string]*script
	active map[string]int // how often a file is being sourced right now
	script *script        // the file whose lines run
	path   string

	maskPlaces []Place
	places     map[string][]Place
	read       []string
	notes      []string
	exits      []*state // states in which return leaves the current file or function
	breaks     []*state
	continues  []*state
	inLoops    int
}

type script struct {
	lines []string
	body  node
	err   error
	data  string
}

func (e *eval) note(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	if !slices.Contains(e.notes, n) && len(e.notes) < 50 {
		e.notes = append(e.notes, n)
	}
}

func (e *eval) place(line int) Place {
	p := Place{Path: e.path, Line: line}
	if e.script != nil && line >= 1 && line <= len(e.script.lines) {
		p.Text = e.script.lines[line-1]
	}
	return p
}

// load reads and parses a file once. An absent one is nil.
func (e *eval) load(file string) *script {
	if s, ok := e.parsed[file]; ok {
		return s
	}
	data, err := e.files.ReadFile(file)
	var s *script
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
	case err != nil:
		if info, serr := e.files.Stat(file); serr == nil && info.Mode.IsDir() {
			break
		}
		e.stop(fmt.Errorf("cannot read %s: %w", file, err))
	default:
		s, _ = host.Pure(e.files, scriptText(data), func() (*script, error) { return newScript(string(data)), nil })
		e.read = append(e.read, file)
	}
	e.parsed[file] = s
	return s
}

// scriptText is the key of a script that was taken apart.
type scriptText string

func newScript(text string) *script {
	s := &script{data: text, lines: strings.Split(text, "\n")}
	s.body, s.err = parse(text)
	return s
}

func (e *eval) stop(err error) {
	if e.err == nil {
		e.err = err
	}
}

// source runs a file in the shell itself.
func (e *eval) source(file string, st *state) *state {
	s := e.load(file)
	if s == nil || e.err != nil {
		return st
	}
	if e.active[file] > 2 {
		// A file that sources itself sets nothing the third time that it has not set before.
		e.note("%s sources itself", file)
		return st
	}
	e.sources++
	if e.sources > maxSources || e.calls > maxCalls {
		e.stop(fmt.Errorf("cannot follow %s: too many files are sourced", file))
		return st
	}
	oldScript, oldPath, oldExits := e.script, e.path, e.exits
	e.script, e.path, e.exits = s, file, nil
	e.calls++
	e.active[file]++
	if s.err != nil {
		st = e.search(s, st)
	} else {
		st, _ = e.run(s.body, st)
		for _, x := range e.exits {
			st = join(st, x)
		}
	}
	e.calls--
	e.active[file]--
	e.script, e.path, e.exits = oldScript, oldPath, oldExits
	return st
}

func (e *eval) run(n node, st *state) (*state, answer) {
	e.steps++
	if e.steps > maxSteps {
		e.stop(fmt.Errorf("cannot follow %s: it does too much", e.path))
	}
	if st == nil || e.err != nil {
		return st, maybe
	}
	switch n := n.(type) {
	case list:
		status := yes
		for _, item := range n.items {
			st, status = e.run(item, st)
		}
		return st, status
	case detached:
		return st, maybe
	case not:
		st, status := e.run(n.body, st)
		return st, status.invert()
	case andOr:
		return e.andOr(n, st)
	case ifElse:
		return e.ifElse(n, st)
	case forIn:
		return e.forIn(n, st), maybe
	case loop:
		return e.loop(n, st), maybe
	case caseOf:
		return e.caseOf(n, st), maybe
	case function:
		st = st.clone()
		st.funcs[n.name] = []node{n.body}
		return st, yes
	case bracket:
		return st, e.bracket(n, st)
	case simple:
		return e.simple(n, st)
	}
	return st, maybe
}

func (e *eval) andOr(n andOr, st *state) (*state, answer) {
	st, left := e.run(n.left, st)
	if st == nil {
		return nil, maybe
	}
	skip := no
	if !n.and {
		skip = yes
	}
	switch left {
	case skip:
		return st, left
	case maybe:
		other, right := e.run(n.right, st.clone())
		status := maybe
		if right == skip {
			status = skip
		}
		return join(st, other), status
	}
	return e.run(n.right, st)
}

func (e *eval) ifElse(n ifElse, st *state) (*state, answer) {
	st, cond := e.run(n.cond, st)
	if st == nil {
		return nil, maybe
	}
	switch cond {
	case yes:
		return e.run(n.then, st)
	case no:
		if n.els == nil {
			return st, yes
		}
		return e.run(n.els, st)
	}
	then, _ := e.run(n.then, st.clone())
	els := st
	if n.els != nil {
		els, _ = e.run(n.els, st.clone())
	}
	return join(then, els), maybe
}

func (e *eval) forIn(n forIn, st *state) *state {
	var items []field
	certain := n.has
	for _, w := range n.words {
		f, ok := e.fields(w, st)
		items = append(items, f...)
		certain = certain && ok
	}
	outer := e.enterLoop()
	for _, item := range items {
		if st == nil {
			break
		}
		st = st.clone()
		st.set(n.name, Value{Set: true, Known: true, Text: item.text})
		after := e.round(n.body, st)
		if item.possible {
			after = join(st, after)
		}
		st = after
	}
	if !certain && st != nil {
		once := st.clone()
		once.set(n.name, Value{Set: true, Why: "the list of the loop is unknown"})
		st = join(st, e.round(n.body, once))
	}
	return e.leaveLoop(st, outer)
}

type ways struct{ breaks, continues []*state }

func (e *eval) enterLoop() ways {
	outer := ways{e.breaks, e.continues}
	e.breaks, e.continues = nil, nil
	e.inLoops++
	return outer
}

func (e *eval) leaveLoop(st *state, outer ways) *state {
	for _, b := range e.breaks {
		st = join(st, b)
	}
	e.breaks, e.continues = outer.breaks, outer.continues
	e.inLoops--
	return st
}

// round runs the body of a loop once.
func (e *eval) round(body node, st *state) *state {
	st, _ = e.run(body, st)
	for _, c := range e.continues {
		st = join(st, c)
	}
	e.continues = nil
	return st
}

func (e *eval) loop(n loop, st *state) *state {
	outer := e.enterLoop()
	st, cond := e.run(n.cond, st)
	stops := no
	if n.until {
		stops = yes
	}
	if cond != stops && st != nil {
		// What a second round starts from is unknown unless the first changed nothing that matters;
		// two rounds over joined states cover every value that a fixed list of commands can set.
		for range 2 {
			again := e.round(n.body, st.clone())
			again, _ = e.run(n.cond, again)
			st = join(st, again)
		}
	}
	return e.leaveLoop(st, outer)
}

func (e *eval) caseOf(n caseOf, st *state) *state {
	subject, known := e.text(n.subject, st)
	var out *state
	matched := maybe
	for _, item := range n.items {
		hit := no
		for _, p := range item.patterns {
			pattern, ok := e.pattern(p, st)
			switch {
			case ok && pattern == "*":
				hit = yes
			case !ok || !known:
				if hit == no {
					hit = maybe
				}
			case host.Match(pattern, subject):
				hit = yes
			}
		}
		if hit == no {
			continue
		}
		after, _ := e.run(item.body, st.clone())
		out = join(out, after)
		if hit == yes {
			matched = yes
			break
		}
	}
	if matched != yes {
		out = join(out, st)
	}
	return out
}

// bracket answers [[ ... ]].
func (e *eval) bracket(n bracket, st *state) answer {
	var args []field
	for i, w := range n.words {
		if w.bare() == "=~" {
			return maybe
		}
		f := field{}
		if i > 0 && slices.Contains([]string{"=", "==", "!="}, n.words[i-1].bare()) {
			f.text, f.known = e.pattern(w, st)
			f.pattern = true
		} else {
			f.text, f.known = e.text(w, st)
			f.set = true
		}
		if b := w.bare(); b == "&&" {
			f.text = "-a"
		} else if b == "||" {
			f.text = "-o"
		}
		args = append(args, f)
	}
	return e.test(args)
}

// collate sorts paths as glibc's locales other than C do, near enough: case and the underscore come
// second.
func collate(paths []string) {
	slices.SortStableFunc(paths, func(a, b string) int {
		if c := strings.Compare(collationKey(a), collationKey(b)); c != 0 {
			return c
		}
		return strings.Compare(b, a) // lower case before upper case
	})
}

func collationKey(s string) string {
	return strings.ReplaceAll(strings.ToLower(path.Clean(s)), "_", " ")
}
