// Package shell tells what the startup files of a login shell leave behind: the possible file mode
// creation masks and the possible values of variables, each with the line that set it. It parses and
// follows the files without running anything, so what it cannot tell is a possibility, never a
// certainty. It judges nothing and changes nothing.
//
// The language is the part of sh and bash that startup files use. A condition that depends on the
// user or the terminal takes both branches. A file that does not parse is searched for the words
// that matter, and what it may do is then unknown.
package shell

import "fmt"

// Kind is a shell and the way it is started.
type Kind struct {
	Name        string // for people: "bash, login, interactive"
	Bash        bool   // bash under either name; otherwise dash
	Posix       bool   // started as sh
	Login       bool
	Interactive bool
}

// Place is a line of a file.
type Place struct {
	Path string
	Line int
	Text string // the line as it stands
}

func (p Place) String() string {
	if p.Path == "" {
		return "(inherited)"
	}
	return fmt.Sprintf("%s:%d", p.Path, p.Line)
}

// Unknown is the Bits of a mask that cannot be told.
const Unknown = -1

// Mask is one file mode creation mask that the shell may end up with.
type Mask struct {
	Bits int // Unknown, or 0 to 0777
	// Word is the argument of umask as it stands in the line, when it is a plain word.
	Word string
	From Place
	Why  string // why it cannot be told
}

// Value is one state that a variable may end up in.
type Value struct {
	Set      bool
	Known    bool // Text is certain; always true when not Set
	Text     string
	Exported bool
	Readonly bool
	From     Place
	Why      string
}

// Result is what the startup files leave behind.
type Result struct {
	Masks []Mask // at least one; in the order in which they were found
	// MaskPlaces are the lines that may set the mask, in the order in which they run.
	MaskPlaces []Place
	Files      []string // the files that were read, in order
	// Notes are for people: what was not understood and what would end the shell.
	Notes []string

	vars   map[string][]Value
	places map[string][]Place
}

// Variable lists the states that a variable may end up in.
func (r Result) Variable(name string) []Value {
	if v, ok := r.vars[name]; ok {
		return v
	}
	return []Value{{Known: true}}
}

// VariablePlaces lists the lines that may set a variable, in the order in which they run.
func (r Result) VariablePlaces(name string) []Place { return r.places[name] }
