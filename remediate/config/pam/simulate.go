package pam

// Step is one entry that ran, what it returned, and what that did.
type Step struct {
	Index  int // in the stack
	Code   Code
	Action Action
}

// Outcome is what a stack comes to.
type Outcome struct {
	Code  Code
	Trace []Step
	// Decider is the index in the stack of the entry that gave the code, or -1 when none did.
	Decider int
	// cached holds the first pass's code of every entry, invalid where it did not run.
	cached []Code
}

const invalidCode Code = -1

type impression int

const (
	undecided impression = iota
	positive
	negative
)

// verdict is the state that libpam carries through a stack.
type verdict struct {
	impression impression
	code       Code
	decider    int
}

// Simulate walks a stack as libpam's dispatcher does. run says what the module of an entry returns;
// it is not asked about entries that always fail.
func Simulate(stack []Handler, run func(index int, h Handler) Code) Outcome {
	return dispatch(stack, nil, Dialect{}, run)
}

// SimulateAgain walks a stack for the second call that follows a first one (pam_setcred after
// pam_authenticate, closing a session after opening it): the codes of the first pass steer, those of
// the second decide. dialect matters, because Debian treats a jump in this pass as Linux-PAM itself
// does not.
func SimulateAgain(stack []Handler, first Outcome, dialect Dialect, run func(index int, h Handler) Code) Outcome {
	return dispatch(stack, first.cached, dialect, run)
}

func dispatch(stack []Handler, cached []Code, dialect Dialect, run func(int, Handler) Code) Outcome {
	out := Outcome{Code: PermDenied, Decider: -1, cached: make([]Code, len(stack))}
	for i := range out.cached {
		out.cached[i] = invalidCode
	}
	if len(stack) == 0 {
		return out
	}
	v := verdict{code: PermDenied, decider: -1}
	saved := map[int]verdict{0: v} // by level, as it was when the substack was entered
	previous := 0
	for i := 0; i < len(stack); i++ {
		h := stack[i]
		if previous < h.Level {
			saved[h.Level] = v
		}
		previous = h.Level
		if h.Substack {
			continue
		}
		code := PermDenied
		if h.Fail == "" {
			code = run(i, h)
		}
		steer := code
		if cached == nil {
			out.cached[i] = code
		} else if cached[i] != invalidCode {
			steer = cached[i]
		}
		action := ActBad
		if steer >= 0 && steer < codes {
			action = h.Actions[steer]
		} else {
			code = PermDenied
		}
		out.Trace = append(out.Trace, Step{Index: i, Code: code, Action: action})

		decided := false
		switch action {
		case ActReset:
			v = verdict{code: PermDenied, decider: -1}
			if entered, ok := saved[h.Level]; ok {
				v = entered
			}
		case ActOK, ActDone:
			v.ok(i, code, steer)
			decided = action == ActDone && v.impression == positive
		case ActBad, ActDie:
			if v.impression != negative {
				v = verdict{impression: negative, code: code, decider: i}
				if code == Ignore {
					v.code = PermDenied
				}
			}
			decided = action == ActDie
		case ActIgnore:
		default:
			if cached != nil && !dialect.Debian {
				v.ok(i, code, steer)
			}
			next, whole := jump(stack, i, int(action))
			if !whole {
				v = verdict{impression: negative, code: PermDenied, decider: i}
			}
			i = next
		}
		if decided {
			for i+1 < len(stack) && stack[i+1].Level >= h.Level {
				i++
			}
		}
	}
	out.Code, out.Decider = v.code, v.decider
	if out.Code == Success && v.impression != positive {
		out.Code = PermDenied
	}
	return out
}

func (v *verdict) ok(index int, code, steer Code) {
	if v.impression != undecided && (v.impression != positive || v.code != Success) {
		return
	}
	if code == Ignore && steer != code {
		return
	}
	if v.impression == undecided || code != Success {
		v.decider = index
	}
	v.impression, v.code = positive, code
}

// jump gives the last entry that a jump of n from entry i passes over; a substack counts as one. whole
// is false when there are fewer.
func jump(stack []Handler, i, n int) (next int, whole bool) {
	level := stack[i].Level
	for i+1 < len(stack) && stack[i+1].Level >= level && n > 0 {
		i++
		for i+1 < len(stack) && stack[i+1].Level > level {
			i++
		}
		n--
	}
	return i, n == 0
}

// Landing is the index of the entry that runs next when entry i jumps over n entries. It is
// len(stack) at the end of the stack, and beyond it when there are fewer than n.
func Landing(stack []Handler, i, n int) int {
	next, whole := jump(stack, i, n)
	if !whole {
		return len(stack) + 1
	}
	return next + 1
}
