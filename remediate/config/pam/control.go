package pam

import (
	"fmt"
	"strings"
)

// Action is what a return code does to a stack: a jump over that many entries when above zero, or one
// of the named actions.
type Action int

const (
	ActIgnore Action = 0
	ActOK     Action = -1
	ActDone   Action = -2
	ActBad    Action = -3
	ActDie    Action = -4
	ActReset  Action = -5
	actUndef  Action = -6
)

// Actions is the action for every return code.
type Actions [codes]Action

// maxJump keeps absurd jump counts from overflowing; any stack is shorter.
const maxJump = 1 << 20

// ParseControl reads a control as libpam does; known is false for a control that libpam cannot read,
// which it takes as "bad" for every code. The words include and substack are not controls.
func ParseControl(text string) (actions Actions, err error) {
	for i := range actions {
		actions[i] = actUndef
	}
	set := func(success, ignore, rest Action) {
		actions[Success], actions[NewAuthtokReqd] = success, success
		actions[Ignore] = ignore
		actions.setDefault(rest)
	}
	switch strings.ToLower(text) {
	case "required":
		set(ActOK, ActIgnore, ActBad)
		return actions, nil
	case "requisite":
		set(ActOK, ActIgnore, ActDie)
		return actions, nil
	case "optional":
		set(ActOK, ActIgnore, ActIgnore)
		return actions, nil
	case "sufficient":
		set(ActDone, ActIgnore, ActIgnore)
		return actions, nil
	}
	if err := actions.parse(text); err != nil {
		for i := range actions {
			actions[i] = ActBad
		}
		return actions, err
	}
	actions.setDefault(ActBad)
	return actions, nil
}

func (a *Actions) setDefault(rest Action) {
	for i := range a {
		if a[i] == actUndef {
			a[i] = rest
		}
	}
}

// isSpace is C's isspace in the POSIX locale.
func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') }

func skipSpace(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

// parse reads "code=action code=action ..."; libpam matches words by prefix and in its own order, and
// needs no blank between pairs.
func (a *Actions) parse(text string) error {
	names := codeNames()
	for {
		text = skipSpace(text)
		if text == "" {
			return nil
		}
		code := -1
		for i := 0; i <= codes; i++ {
			word := "default"
			if i < codes {
				word = names[i]
			}
			if rest, ok := strings.CutPrefix(text, word); ok {
				code, text = i, rest
				break
			}
		}
		if code < 0 {
			return fmt.Errorf("unknown return code at %q", text)
		}
		text = skipSpace(text)
		rest, ok := strings.CutPrefix(text, "=")
		if !ok {
			return fmt.Errorf("no = after a return code at %q", text)
		}
		action, rest, err := parseAction(skipSpace(rest))
		if err != nil {
			return err
		}
		text = rest
		if code == codes {
			a.setDefault(action)
		} else {
			a[code] = action
		}
	}
}

func parseAction(text string) (Action, string, error) {
	for i, word := range []string{"ignore", "ok", "done", "bad", "die", "reset"} {
		if rest, ok := strings.CutPrefix(text, word); ok {
			return Action(-i), rest, nil
		}
	}
	n, digits := 0, 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		n = min(n*10+int(text[digits]-'0'), maxJump)
		digits++
	}
	if n == 0 {
		return 0, "", fmt.Errorf("expected an action or a jump at %q", text)
	}
	return Action(n), text[digits:], nil
}
