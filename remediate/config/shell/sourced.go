package shell

import "github.com/nodeimage/packer-plugin-harden/remediate/host"

// Sourced tells what is left in a POSIX shell that has sourced files one after the other, starting from
// the given variables: the settings of programs whose configuration is shell. An absent file is left out.
func Sourced(files host.Files, paths []string, inherited map[string]string) (Result, error) {
	e := &eval{files: files, kind: Kind{Name: "sh", Posix: true}, home: noHome, parsed: map[string]*script{}, active: map[string]int{}, places: map[string][]Place{}}
	st := &state{masks: []Mask{{Bits: 0o22}}, vars: map[string][]Value{}, funcs: map[string][]node{}}
	for name, value := range inherited {
		st.vars[name] = []Value{{Set: true, Known: true, Text: value}}
	}
	for _, p := range paths {
		st = e.enter(p, st)
	}
	r := Result{Files: e.read, Notes: e.notes, places: e.places}
	if st != nil {
		r.vars = st.vars
	}
	return r, e.err
}
