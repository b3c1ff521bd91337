package shell

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Kinds lists the ways in which the shells of a machine start and read the system's files: bash by
// either name, and dash where it is /bin/sh.
func Kinds(files host.Files) []Kind {
	kinds := []Kind{
		{Name: "bash, login, interactive", Bash: true, Login: true, Interactive: true},
		{Name: "bash, login", Bash: true, Login: true},
		{Name: "sh, login, interactive", Bash: true, Posix: true, Login: true, Interactive: true},
		{Name: "sh, login", Bash: true, Posix: true, Login: true},
		{Name: "bash, interactive", Bash: true, Interactive: true},
	}
	if target, err := files.Resolve("/bin/sh"); err == nil && path.Base(target) != "bash" {
		for i := range kinds {
			kinds[i].Bash = kinds[i].Bash && !kinds[i].Posix
		}
	}
	return kinds
}

// noHome stands for a home directory that is not looked at. No path of a machine starts like it.
const noHome = "/\x00home"

// Options are what the evaluation starts from.
type Options struct {
	// Home is the home directory whose startup files are followed, or empty to leave them out.
	Home string
	// Mask is the inherited file mode creation mask.
	Mask  int
	Order Order
	// Root says that the user is root: what asks for the number or the name of the user is answered.
	Root bool
	// Inherited are exported variables that the shell starts with, for shells that are no login.
	Inherited map[string]string
}

// Start tells what is left after the shell's own startup files, in the order of bash(1), section
// INVOCATION, and dash(1). Bash reads /etc/bash.bashrc where its distributor has set that name
// (Debian, Ubuntu and Azure Linux do); /etc/bashrc, which other distributions have their users
// source, counts as well where it is there. An unreadable file is an error.
func Start(files host.Files, kind Kind, o Options) (Result, error) {
	key := startKey{kind, fmt.Sprintf("%+v", o)} // fmt prints a map in order
	return host.Once(files, key, func() (Result, error) { return startShell(files, kind, o) })
}

type startKey struct {
	kind    Kind
	options string
}

func startShell(files host.Files, kind Kind, o Options) (Result, error) {
	e := &eval{files: files, kind: kind, home: o.Home, order: o.Order, root: o.Root, parsed: map[string]*script{}, active: map[string]int{}, places: map[string][]Place{}}
	if e.home == "" {
		e.home = noHome
	}
	st := &state{masks: []Mask{{Bits: o.Mask}}, vars: map[string][]Value{}, funcs: map[string][]node{}}
	if kind.Interactive || !kind.Bash {
		// dash has a prompt even when it does not prompt.
		st.vars["PS1"] = []Value{{Set: true, Known: true, Text: "$ "}}
	}
	if kind.Bash {
		st.vars["BASH_VERSION"] = []Value{{Set: true, Known: true, Text: "5"}}
		st.vars["BASH"] = []Value{{Set: true, Known: true, Text: "/bin/bash"}}
		if kind.Posix {
			st.vars["BASH"] = []Value{{Set: true, Known: true, Text: "/bin/sh"}}
		}
	}
	if o.Root {
		st.vars["USER"] = []Value{{Set: true, Known: true, Text: "root", Exported: true}}
		st.vars["LOGNAME"] = st.vars["USER"]
		if kind.Bash {
			st.vars["UID"] = []Value{{Set: true, Known: true, Text: "0", Readonly: true}}
			st.vars["EUID"] = st.vars["UID"]
		}
	}
	for name, value := range o.Inherited {
		st.vars[name] = []Value{{Set: true, Known: true, Text: value, Exported: true}}
	}
	st = e.start(st, o.Home)
	r := Result{MaskPlaces: e.maskPlaces, Files: e.read, Notes: e.notes, places: e.places}
	if st != nil {
		r.Masks, r.vars = st.masks, st.vars
	} else {
		r.Masks = []Mask{{Bits: Unknown, Why: "the startup files end the shell"}}
	}
	return r, e.err
}

func (e *eval) start(st *state, home string) *state {
	if !e.kind.Login {
		for _, f := range []string{"/etc/bash.bashrc", "/etc/bashrc"} {
			st = e.enter(f, st)
		}
		if home != "" {
			st = e.enter(home+"/.bashrc", st)
		}
		return st
	}
	st = e.enter("/etc/profile", st)
	if home == "" {
		return st
	}
	own := []string{".profile"}
	if e.kind.Bash && !e.kind.Posix {
		own = []string{".bash_profile", ".bash_login", ".profile"}
	}
	for _, name := range own {
		if e.load(home+"/"+name) != nil {
			return e.enter(home+"/"+name, st)
		}
	}
	return st
}

// enter runs a startup file. What exits on some way leaves no shell, so that way does not count.
func (e *eval) enter(file string, st *state) *state {
	if st == nil {
		return nil
	}
	return e.source(file, st)
}

// search looks through a file that does not parse for what could matter, which is then possible.
func (e *eval) search(s *script, st *state) *state {
	e.note("%s is not understood (%v); only the words in it were searched", e.path, s.err)
	mask := regexp.MustCompile(`\bumask\b`)
	tmout := regexp.MustCompile(`\bTMOUT\b`)
	paths := regexp.MustCompile(`\bPATH\+?=`)
	sourced := regexp.MustCompile(`(?:^|[\s;&|])(?:\.|source)\s+["']?(/[^\s;&|"'$` + "`" + `*?]+)`)
	st = st.clone()
	for i, line := range s.lines {
		code := strings.TrimSpace(line)
		if strings.HasPrefix(code, "#") {
			continue
		}
		place := e.place(i + 1)
		if mask.MatchString(code) {
			st.masks = addMask(st.masks, Mask{Bits: Unknown, From: place, Why: "the file is not understood"})
			e.maskPlaces = append(e.maskPlaces, place)
		}
		if tmout.MatchString(code) {
			e.possible(st, "TMOUT", place, "the file is not understood")
		}
		if paths.MatchString(code) {
			e.possible(st, "PATH", place, "the file is not understood")
		}
		for _, m := range sourced.FindAllStringSubmatch(code, 20) {
			st = join(st, e.source(m[1], st.clone()))
		}
	}
	return st
}
