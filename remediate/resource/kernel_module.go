package resource

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/modprobe"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// kernelModuleKind is a kernel module that must not be usable, or that nothing may block.
func kernelModuleKind() Kind {
	return Kind{Name: "kernel_module", New: newKernelModule}
}

type kernelModule struct {
	label string // as the profile wrote it
	name  string // with underscores
}

var moduleName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func newKernelModule(name string, decode Decode) (Resource, error) {
	var body struct {
		State string `hcl:"state"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if !moduleName.MatchString(name) {
		return nil, fmt.Errorf("%q is not a module name: letters, digits, - and _ only", name)
	}
	m := kernelModule{label: name, name: strings.ReplaceAll(name, "-", "_")}
	switch body.State {
	case "disabled":
		return m, nil
	case "loadable":
		return loadableModule{m}, nil
	}
	return nil, fmt.Errorf("state of a kernel_module is %q, and must be \"disabled\" or \"loadable\"", body.State)
}

func (m kernelModule) Ref() rule.Ref { return rule.Ref{Kind: "kernel_module", Name: m.label} }

// moduleFound is what Diff needs to know.
type moduleFound struct {
	builtIn   []modprobe.Place
	needed    bool             // some kernel could load it, or nobody knows
	install   *modprobe.Entry  // the line that decides, when there is one
	blacklist *modprobe.Entry  // likewise
	softdeps  []modprobe.Entry // lines that make modprobe pass over the install line
	loaded    bool
}

func (f moduleFound) stopped() bool { return f.install != nil && isStopper(f.install.Value) }

func (f moduleFound) disabled() bool {
	return f.stopped() && f.blacklist != nil && len(f.softdeps) == 0
}

// isStopper reports whether an install command only ends. kmod gives the command to a shell, so
// anything beyond the bare word could load the module after all.
func isStopper(command string) bool {
	switch strings.Trim(command, " \t") {
	case "/bin/false", "/bin/true", "/usr/bin/false", "/usr/bin/true", "false", "true":
		return true
	}
	return false
}

func (m kernelModule) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	config, err := modprobe.Load(h)
	if err != nil {
		return rule.Observation{}, err
	}
	kernels, err := modprobe.Kernels(h)
	if err != nil {
		return rule.Observation{}, err
	}
	var (
		found   moduleFound
		sources []rule.Source
		absent  []string
		unknown []string
	)
	found.needed = len(kernels) == 0
	for _, k := range kernels {
		presence, place, err := k.Find(h, m.name)
		if err != nil {
			return rule.Observation{}, err
		}
		switch presence {
		case modprobe.BuiltIn:
			found.builtIn = append(found.builtIn, place)
			sources = append(sources, rule.Source{Path: place.Path, Line: place.Line, Text: place.Text, Wins: true})
		case modprobe.Loadable:
			found.needed = true
			sources = append(sources, rule.Source{Path: place.Path, Line: place.Line, Text: place.Text})
		case modprobe.Unknown:
			found.needed = true
			unknown = append(unknown, k.Release)
		case modprobe.Absent:
			absent = append(absent, k.Release)
			sources = append(sources, rule.Source{Path: place.Path, Wins: len(absent) == len(kernels)})
		}
	}
	if e, ok := config.Install(m.name); ok {
		found.install = &e
	}
	if e, ok := config.Blacklist(m.name); ok {
		found.blacklist = &e
	}
	found.softdeps = overridingSoftdeps(config, kernels, m.name)
	sources = append(sources, configSources(config, m.name, found)...)

	o := rule.Observation{Expected: "not loadable and not loaded", Sources: sources}
	var notes []string
	switch {
	case len(found.builtIn) > 0:
		o.Persisted = "built in"
		p := found.builtIn[0]
		notes = append(notes, fmt.Sprintf("%s is built into the kernel (%s:%d), so no configuration keeps it out", m.label, p.Path, p.Line))
	case !found.needed:
		o.Persisted = "absent from every installed kernel"
		notes = append(notes, fmt.Sprintf("no installed kernel has it (%s)", strings.Join(absent, ", ")))
	case found.disabled():
		o.Persisted = "disabled"
		notes = append(notes, fmt.Sprintf("modprobe runs %s instead of loading it, and it is blacklisted", strings.TrimSpace(found.install.Value)))
	default:
		o.Persisted = "loadable"
		notes = append(notes, found.deviation(m.label))
	}
	if found.needed {
		switch {
		case len(kernels) == 0:
			notes = append(notes, "no kernel is installed, so only the configuration can say")
		case len(unknown) > 0:
			notes = append(notes, fmt.Sprintf("kernel %s has no modules.dep, so only the configuration can say", strings.Join(unknown, ", ")))
		}
		more, err := m.mentions(h, config)
		if err != nil {
			return rule.Observation{}, err
		}
		notes = append(notes, more...)
	}
	if running := h.Running(); running != nil {
		modules, err := running.Modules()
		if err != nil {
			return rule.Observation{}, fmt.Errorf("cannot list the loaded modules: %w", err)
		}
		o.Running = "not loaded"
		if found.loaded = slices.Contains(modules, m.name); found.loaded {
			o.Running = "loaded"
			notes = append(notes, "it is loaded now")
		}
	}
	o.Message = strings.Join(notes, "; ")
	o.State = found
	return o, nil
}

// overridingSoftdeps lists the lines that take the effect from the install line, each once.
func overridingSoftdeps(config *modprobe.Config, kernels []modprobe.Kernel, module string) []modprobe.Entry {
	if len(kernels) == 0 {
		kernels = []modprobe.Kernel{{}}
	}
	var lines []modprobe.Entry
	for _, k := range kernels {
		e, ok := config.Softdep(module, k)
		if !ok || len(e.Pre())+len(e.Post()) == 0 {
			continue
		}
		if !slices.ContainsFunc(lines, func(o modprobe.Entry) bool { return o.Path == e.Path && o.Line == e.Line }) {
			lines = append(lines, e)
		}
	}
	return lines
}

func configSources(config *modprobe.Config, module string, found moduleFound) []rule.Source {
	var sources []rule.Source
	add := func(e modprobe.Entry, wins bool) {
		sources = append(sources, rule.Source{Path: e.Path, Line: e.Line, Text: e.Text(), Wins: wins})
	}
	if found.install != nil {
		add(*found.install, found.needed && len(found.softdeps) == 0)
	}
	if found.blacklist != nil {
		add(*found.blacklist, found.needed)
	}
	for _, e := range found.softdeps {
		add(e, found.needed)
	}
	for _, e := range config.Pulls(module) {
		add(e, false)
	}
	return sources
}

// deviation says what is wrong with the configuration, the worst first.
func (f moduleFound) deviation(name string) string {
	switch {
	case f.install == nil && f.blacklist == nil:
		return fmt.Sprintf("no install line and no blacklist line names %s", name)
	case f.install == nil:
		return fmt.Sprintf("no install line names %s; blacklisting alone stops loading through aliases only", name)
	case !f.stopped():
		return fmt.Sprintf("%s:%d decides what is run to load %s, and may load it", f.install.Path, f.install.Line, name)
	case len(f.softdeps) > 0:
		e := f.softdeps[0]
		return fmt.Sprintf("%s:%d is a softdep line for %s, and makes modprobe pass over its install line", e.Path, e.Line, name)
	}
	return fmt.Sprintf("no blacklist line names %s", name)
}

// mentions notes what asks for the module at boot. The install line stops all of it but the copy of
// modprobe.d in an initramfs that was made earlier.
func (m kernelModule) mentions(h host.Files, config *modprobe.Config) ([]string, error) {
	var notes []string
	for _, e := range config.Pulls(m.name) {
		notes = append(notes, fmt.Sprintf("%s:%d asks for it along with %s", e.Path, e.Line, e.Name))
	}
	lists, err := modprobe.LoadLists(h)
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		if l.Module == m.name {
			notes = append(notes, fmt.Sprintf("%s:%d asks for it at boot", l.Path, l.Line))
		}
	}
	return notes, nil
}

// The drop-in, and the name it takes where a file of a package would come before it: the first
// install line wins.
var moduleDropIns = []string{"harden.conf", "00-harden.conf", "00-00-harden.conf"}

func (m kernelModule) Diff(o rule.Observation) []rule.Change {
	found, ok := o.State.(moduleFound)
	if !ok {
		return nil
	}
	var changes []rule.Change
	for _, p := range found.builtIn {
		changes = append(changes, rule.Unfixable{
			Subject: m.label,
			Reason:  fmt.Sprintf("it is built into the kernel (%s:%d)", p.Path, p.Line),
			Of:      rule.Persisted,
		})
	}
	if found.needed {
		changes = append(changes, m.configChanges(found)...)
	}
	if found.loaded {
		changes = append(changes, rule.UnloadModule{Name: m.name})
	}
	return changes
}

func (m kernelModule) configChanges(found moduleFound) []rule.Change {
	var changes []rule.Change
	dropIns := map[string][]string{} // by base name, in the order of moduleDropIns
	first := func(e modprobe.Entry, line string) {
		if editable(e.Real) {
			changes = append(changes, editEntry(e, m.name, line))
			return
		}
		for _, name := range moduleDropIns {
			if name < e.Base {
				dropIns[name] = append(dropIns[name], line)
				return
			}
		}
		changes = append(changes, rule.Unfixable{
			Subject: m.label,
			Reason:  fmt.Sprintf("%s belongs to a package and comes before any file that could overrule it", e.Path),
			Of:      rule.Persisted,
		})
	}
	if install := "install " + m.label + " /bin/false"; found.install == nil {
		dropIns[moduleDropIns[0]] = append(dropIns[moduleDropIns[0]], install)
	} else if !found.stopped() {
		first(*found.install, install)
	}
	for _, e := range found.softdeps {
		first(e, "softdep "+m.label+" pre:")
	}
	if found.blacklist == nil {
		dropIns[moduleDropIns[0]] = append(dropIns[moduleDropIns[0]], "blacklist "+m.label)
	}
	for _, name := range moduleDropIns {
		if lines := slices.Compact(dropIns[name]); len(lines) > 0 {
			changes = append(changes, rule.EditFile{
				Path:   modprobe.Dir + "/" + name,
				Create: rule.Attr{Mode: 0o644},
				Header: Header,
				Edits:  appends(lines),
			})
		}
	}
	return changes
}

// editable reports whether a file is the administrator's: those of packages come back with the next
// update, so they are overruled instead.
func editable(real string) bool { return strings.HasPrefix(real, "/etc/") }

// editEntry makes the line say something else for the module. A pattern speaks for other modules
// too, so it stays, and the line goes before it.
func editEntry(e modprobe.Entry, module, line string) rule.Change {
	change := rule.EditFile{Path: e.Real, Create: rule.Attr{Mode: 0o644}, Header: Header}
	if e.Name != module {
		change.Edits = []rule.Edit{{Op: rule.InsertBefore, Line: e.Line, New: []string{line}}}
		return change
	}
	for i, old := range e.Lines {
		edit := rule.Edit{Op: rule.DeleteLine, Line: e.Line + i, Old: old}
		if i == 0 {
			edit.Op, edit.New = rule.ReplaceLine, []string{line}
		}
		change.Edits = append(change.Edits, edit)
	}
	return change
}

// appends makes one edit a line, so that rules which ask for the same line get it once.
func appends(lines []string) []rule.Edit {
	var edits []rule.Edit
	for _, line := range lines {
		edits = append(edits, rule.Edit{Op: rule.Append, New: []string{line}})
	}
	return edits
}
