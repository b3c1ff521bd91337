package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// pamView is all that the PAM kinds know of a machine: what Observe read, and what Diff works from.
type pamView struct {
	machine  pam.Machine
	services []*pam.Service
	// managed says that pam-auth-update writes the common-* files; profiles are those installed.
	managed  bool
	profiles []pam.Profile
}

// entryKey names an entry of a stack; one line can stand in the stacks of several services.
func entryKey(h pam.Handler) string {
	return fmt.Sprintf("%s:%d:%s:%s", h.Path, h.Line, h.Type, h.Module)
}

// viewPAM reads the named services that exist here, and looks for modules that a change could bring in.
func viewPAM(h host.Reader, names []string, wanted ...string) (*pamView, error) {
	v := &pamView{}
	dialect := pam.Dialect{Debian: h.Info().OS == "ubuntu" || h.Info().OS == "debian"}
	modules := pam.FindModules(h)
	installed := map[string]bool{}
	options := map[string]pam.Options{}
	for _, name := range names {
		s, err := pam.Load(h, dialect, name)
		if err != nil {
			return nil, err
		}
		if s.Path == "" {
			continue
		}
		v.services = append(v.services, s)
		for _, t := range pam.Types() {
			stack, _ := s.Stack(t)
			for _, e := range stack {
				if _, known := options[entryKey(e)]; known || e.Module == "" || e.Substack {
					continue
				}
				installed[e.Module] = modules.Path(e.Module) != ""
				if options[entryKey(e)], err = pam.ReadOptions(h, modules, e); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, module := range wanted {
		installed[module] = modules.Path(module) != ""
	}
	v.machine = pam.Machine{
		Dialect:   dialect,
		Installed: func(module string) bool { return installed[module] },
		Options:   func(e pam.Handler) pam.Options { return options[entryKey(e)] },
		Strangers: true,
	}
	if dialect.Debian {
		var err error
		if v.profiles, err = pam.Profiles(h); err != nil {
			return nil, err
		}
		_, err = pam.Update(h, nil)
		v.managed = err == nil && len(v.profiles) > 0
	}
	return v, nil
}

// isCommon reports whether pam-auth-update writes a file here.
func (v *pamView) isCommon(file string) bool {
	return v.managed && slices.ContainsFunc(pam.CommonKinds(), func(kind string) bool { return pam.CommonPath(kind) == file })
}

// ownFile is the file nearest to an entry that belongs to one of the services of the rule and not to
// others besides: su-l includes su.
func (v *pamView) ownFile(s *pam.Service, h pam.Handler) string {
	trail := []string{h.Path}
	for i := len(h.Via) - 1; i >= 0; i-- {
		trail = append(trail, h.Via[i].Path)
	}
	for _, file := range trail {
		if slices.ContainsFunc(v.services, func(named *pam.Service) bool { return named.Path == file }) {
			return file
		}
	}
	return s.Path
}

// find gives the entries of a stack that run a module.
func find(stack []pam.Handler, module string) []int {
	var at []int
	for i, h := range stack {
		if !h.Substack && pam.Base(h.Module) == module {
			at = append(at, i)
		}
	}
	return at
}

// place is a spot in a file: before or after the lines of an entry or include.
type place struct {
	file  string
	line  int
	raw   []string
	after bool
}

func (p place) edit(line string) rule.Change {
	e := rule.Edit{Op: rule.InsertBefore, Line: p.line, New: []string{line}}
	if p.after {
		e.Op, e.Line = rule.InsertAfter, p.line+len(p.raw)-1
	}
	return rule.EditFile{Path: p.file, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{e}}
}

// lineIn gives the line of a file through which an entry comes into the stack: its own, or that of
// the include that leads to it.
func lineIn(h pam.Handler, file string) (place, bool) {
	for _, in := range h.Via {
		if in.Path == file {
			return place{file: in.Path, line: in.Line, raw: in.Raw}, true
		}
	}
	return place{file: h.Path, line: h.Line, raw: h.Raw}, h.Path == file
}

// spot finds where in a file an entry can be put so that it comes before stack[pos], and after
// stack[floor] (-1 for none), without coming in between a jump and where it lands.
func spot(stack []pam.Handler, file string, pos, floor int) (place, bool) {
	for moved := true; moved; {
		moved = false
		for i := range pos {
			if landing(stack, i) > pos {
				pos, moved = i, true
				break
			}
		}
	}
	if pos <= floor {
		return place{}, false
	}
	at, ok := lineIn(stack[pos], file)
	if floor >= 0 && ok {
		if above, same := lineIn(stack[floor], file); same && landsBehind(stack, floor) && above.line < at.line {
			above.after = true
			return above, true
		}
	}
	return at, ok
}

// landsBehind reports whether no jump passes the place right behind an entry.
func landsBehind(stack []pam.Handler, at int) bool {
	for i := range at + 1 {
		if landing(stack, i) > at+1 {
			return false
		}
	}
	return true
}

// landing is the furthest entry that a jump from stack[i] goes to, or i+1 without one.
func landing(stack []pam.Handler, i int) int {
	to := i + 1
	for _, action := range stack[i].Actions {
		if action > 0 && !stack[i].Substack {
			to = max(to, pam.Landing(stack, i, int(action)))
		}
	}
	return to
}

// replaceEntry puts one line in the place of an entry's lines.
func replaceEntry(h pam.Handler, line string) rule.Change {
	edits := []rule.Edit{{Op: rule.ReplaceLine, Line: h.Line, Old: h.Raw[0], New: []string{line}}}
	return rule.EditFile{Path: h.Path, Edits: append(edits, dropLines(h, 1)...)}
}

// removeEntry takes an entry's lines away.
func removeEntry(h pam.Handler) rule.Change {
	return rule.EditFile{Path: h.Path, Edits: dropLines(h, 0)}
}

func dropLines(h pam.Handler, from int) []rule.Edit {
	var edits []rule.Edit
	for i := from; i < len(h.Raw); i++ {
		edits = append(edits, rule.Edit{Op: rule.DeleteLine, Line: h.Line + i, Old: h.Raw[i]})
	}
	return edits
}

// withArgs is an entry's line with some arguments taken away and others added at the end; the rest of
// an entry of one line stays as it stands.
func withArgs(h pam.Handler, drop func(arg string) bool, add []string) string {
	text := h.Raw[0]
	if len(h.Raw) > 1 {
		text = pamLine(h.Type, controlText(h), h.Module, h.Args)
		if h.Silent {
			text = "-" + text
		}
	}
	text, comment, commented := strings.Cut(text, "#")
	text = strings.TrimRight(text, " \t")
	for _, arg := range h.Args {
		if drop == nil || !drop(arg) {
			continue
		}
		// the arguments stand behind the module's name
		start := strings.Index(text, h.Module) + len(h.Module)
		for _, form := range []string{arg, "[" + arg + "]"} {
			text = text[:start] + cutWord(text[start:], form)
		}
	}
	for _, arg := range add {
		if strings.ContainsAny(arg, " \t") {
			arg = "[" + arg + "]"
		}
		text += " " + arg
	}
	if commented {
		text += " #" + comment
	}
	return text
}

// cutWord takes every occurrence of a word between blanks out of a text.
func cutWord(text, word string) string {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return text
		}
		i += from
		end := i + len(word)
		bounded := i > 0 && strings.ContainsRune(" \t", rune(text[i-1])) && (end == len(text) || strings.ContainsRune(" \t", rune(text[end])))
		if !bounded {
			from = end
			continue
		}
		text = strings.TrimRight(text[:i], " \t") + text[end:]
		from = 0
	}
}

// controlText is an entry's control as it is written in a file.
func controlText(h pam.Handler) string {
	if strings.ContainsAny(h.Control, "= \t") {
		return "[" + h.Control + "]"
	}
	return h.Control
}

// pamLine writes an entry.
func pamLine(t pam.Type, control, module string, args []string) string {
	line := fmt.Sprintf("%-9s %-11s %s", t, control, module)
	for _, arg := range args {
		if strings.ContainsAny(arg, " \t") {
			arg = "[" + strings.ReplaceAll(arg, "]", `\]`) + "]"
		}
		line += " " + arg
	}
	return line
}

// once drops changes that are asked for again: services share lines.
func once(changes []rule.Change) []rule.Change {
	var kept []rule.Change
	seen := map[string]bool{}
	for _, c := range changes {
		key := fmt.Sprintf("%#v", c)
		if !seen[key] {
			seen[key] = true
			kept = append(kept, c)
		}
	}
	return kept
}

// source is where an entry stands.
func source(h pam.Handler, wins bool) rule.Source {
	text := ""
	if len(h.Raw) > 0 {
		text = h.Raw[0]
	}
	return rule.Source{Path: h.Path, Line: h.Line, Text: text, Wins: wins}
}

func addSource(sources []rule.Source, s rule.Source) []rule.Source {
	if slices.Contains(sources, s) {
		return sources
	}
	return append(sources, s)
}

func notInstalled(module string) rule.Change {
	reason := module + " is not installed"
	switch module {
	case "pam_pwquality.so":
		reason += " (package libpam-pwquality on Ubuntu, libpwquality on Azure Linux)"
	case faillockModule:
		reason += " (it comes with Linux-PAM 1.4)"
	}
	return rule.Unfixable{Subject: module, Reason: reason, Of: rule.Persisted}
}

// pamServices checks names that a rule gives.
func pamServices(names []string, fallback ...string) (list []string, err error) {
	if names == nil {
		return fallback, nil
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("services must name at least one service")
	}
	for _, name := range names {
		if name == "" || strings.ContainsAny(name, "/ \t") || strings.HasPrefix(name, ".") {
			return nil, fmt.Errorf("%q is not the name of a PAM service", name)
		}
	}
	return names, nil
}
