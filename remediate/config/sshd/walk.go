package sshd

import (
	"fmt"
	"slices"
)

// state is what was set, by keyword.
type state map[string]*value

type value struct {
	set    bool
	values []string
	from   []Place
	lost   []Place
}

// sshd walks its configuration twice: when it starts, for the global section, and for a connection,
// when only what stands below a Match counts. These flags steer the second walk through included
// files; their names are those of servconf.c.
const (
	neverMatch = 1 << iota // the file is included in a block that does not match
	matchOnly              // no Match line has been met on the way here
)

// scope is the Match line that a statement stands below, for questions about blocks.
type scope struct {
	at    Place
	conds [][]criterion
	set   bool
}

// walker goes over the statements as sshd does. With visit set it calls it for every statement
// instead of working out a state.
type walker struct {
	config *Config
	conn   *Conn
	state  state
	steps  int
	visit  func(s *statement, in *scope)
}

func (w *walker) walk(f *file, flags int, active *bool, depth int, in *scope) error {
	if depth > maxDepth {
		return fmt.Errorf("cannot follow the includes of %s: more than %d levels", ConfigPath, maxDepth)
	}
	for i := range f.statements {
		s := &f.statements[i]
		if w.steps++; w.steps > maxSteps {
			return fmt.Errorf("cannot follow the includes of %s: more than %d lines", ConfigPath, maxSteps)
		}
		if err := w.statement(s, &flags, active, depth, in); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) statement(s *statement, flags *int, active *bool, depth int, in *scope) error {
	starting := w.conn == nil && w.visit == nil
	if s.problem != "" && starting {
		w.problem(s, s.problem)
	}
	if s.key == nil || s.problem != "" && s.key.form != formInclude {
		return nil
	}
	if !*active && !s.inMatch {
		if starting {
			w.problem(s, fmt.Sprintf("keyword %s is not allowed in a Match block", s.spelling))
		}
		return nil
	}
	switch s.key.form {
	case formMatch:
		*active = *flags&neverMatch == 0 && (w.visit != nil || holds(s.cond, w.conn))
		*flags &^= matchOnly
		in.enter(s)
	case formInclude:
		return w.include(s, *flags, active, depth, in)
	case formIgnored:
		if starting {
			w.config.Notes = append(w.config.Notes, Note{s.place, s.spelling})
		}
	default:
		if w.visit != nil {
			w.visit(s, in)
			return nil
		}
		w.apply(s, *active)
	}
	return nil
}

func (w *walker) include(s *statement, flags int, active *bool, depth int, in *scope) error {
	was := *active
	for _, paths := range s.includes {
		for _, path := range paths {
			f := w.config.parser.read[path]
			if f == nil {
				continue
			}
			inner := 0
			switch {
			case flags&matchOnly != 0:
				inner = matchOnly
			case !was:
				inner = neverMatch
			}
			below := *in
			if err := w.walk(f, inner, active, depth+1, &below); err != nil {
				return err
			}
			// A Match in an included file ends with the file.
			*active = was
		}
	}
	return nil
}

// enter starts a block. In a file included within a block both conditions have to hold.
func (in *scope) enter(s *statement) {
	outer := in.conds
	if in.set && in.at.Path == s.place.Path {
		outer = outer[:len(outer)-1]
	}
	in.at, in.set = s.place, true
	in.conds = slices.Concat(outer, [][]criterion{s.cond})
}

func (w *walker) problem(s *statement, reason string) {
	w.config.Problems = append(w.config.Problems, Problem{s.place, reason})
}

func (w *walker) apply(s *statement, active bool) {
	id := s.key.id()
	v := w.state[id]
	if v == nil {
		v = &value{}
		w.state[id] = v
	}
	if w.conn == nil && s.key.form == formMethods && s.values[0] == "any" && v.set {
		w.problem(s, `"any" must appear alone`)
	}
	// MaxStartups is the one keyword that counts wherever it is read; it cannot stand in a block that
	// does not match, so the difference shows nowhere.
	if !active {
		return
	}
	switch {
	case s.key.form == formStartups:
		v.startups(s)
	case s.key.form == formRekey:
		v.rekey(s)
	case s.key.form == formSubsystem && v.holdsSubsystem(s):
		if w.conn == nil && !w.config.Server.Version.AtLeast(9, 5) {
			w.problem(s, "subsystem is defined twice")
		}
		v.lost = append(v.lost, s.place)
	case s.key.form == formCommand && !w.config.Server.Version.AtLeast(9, 4):
		w.command(s, v)
	case s.key.form == formTimeOrNone && s.values[0] == "none":
		v.replace(s)
	case s.key.combine == accumulates:
		v.values = append(v.values, s.values...)
		if len(s.values) > 0 {
			v.from = append(v.from, s.place)
		}
	case s.key.combine == lastWins:
		v.replace(s)
	case v.set:
		v.lost = append(v.lost, s.place)
	case len(s.values) == 0:
		// An empty list leaves the keyword unset.
	default:
		v.replace(s)
	}
}

func (v *value) replace(s *statement) {
	v.lost = append(v.lost, v.from...)
	v.set, v.values, v.from = true, s.values, []Place{s.place}
}

// startups: a single number sets begin and full, and leaves the rate as an earlier line set it.
func (v *value) startups(s *statement) {
	rate := 0
	if v.set {
		if was, err := ParseStartups(v.values[0]); err == nil {
			rate = was.Rate
		}
	}
	now, err := ParseStartups(s.values[0])
	if err != nil {
		return
	}
	if now.Rate == 0 {
		now.Rate = rate
		if rate == 0 {
			now.Rate = defaultStartups().Rate
		}
	}
	v.replace(s)
	v.values = []string{now.String()}
}

// rekey: bytes and seconds are set by the first line that has each.
func (v *value) rekey(s *statement) {
	switch {
	case !v.set:
		v.replace(s)
	case len(v.values) == 1 && len(s.values) == 2:
		v.values = append(v.values[:1:1], s.values[1])
		v.from = append(v.from, s.place)
	default:
		v.lost = append(v.lost, s.place)
	}
}

func (v *value) holdsSubsystem(s *statement) bool {
	for _, have := range v.values {
		if firstWord(have) == firstWord(s.values[0]) {
			return true
		}
	}
	return false
}

// command: until 9.3 a line with either of the two command keywords was dropped once
// AuthorizedKeysCommand was set, and overwrote otherwise.
func (w *walker) command(s *statement, v *value) {
	if keys := w.state["authorizedkeyscommand"]; keys != nil && keys.set {
		v.lost = append(v.lost, s.place)
		return
	}
	v.replace(s)
}
