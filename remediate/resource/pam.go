package resource

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// pamKind is a module in the stacks of services: that it is reached, where, with which say and which
// arguments.
func pamKind() Kind {
	return Kind{Name: "pam", New: newPAM, Guard: guardPAM, Guards: []string{"/etc/pam.d/", "/etc/security/", "/usr/share/pam-configs/"}}
}

type pamModule struct {
	name     string
	stack    pam.Type
	module   string
	services []string
	own      bool // the rule names services: lines go into their own files
	control  string
	before   string
	after    string
	args     []string
	anyOf    []string
	minimum  map[string]int
	without  []string
}

var pamModuleName = regexp.MustCompile(`^pam_[a-z0-9_]+\.so$`)

func newPAM(name string, decode Decode) (Resource, error) {
	var body struct {
		Stack     string         `hcl:"stack"`
		Module    string         `hcl:"module"`
		Services  []string       `hcl:"services,optional"`
		Control   string         `hcl:"control,optional"`
		Before    string         `hcl:"before,optional"`
		After     string         `hcl:"after,optional"`
		Arguments []string       `hcl:"arguments,optional"`
		AnyOf     []string       `hcl:"any_of,optional"`
		Minimum   map[string]int `hcl:"minimum,optional"`
		Without   []string       `hcl:"without,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	p := pamModule{
		name: name, stack: pam.Type(body.Stack), module: body.Module, control: body.Control,
		before: body.Before, after: body.After, own: body.Services != nil,
		args: body.Arguments, anyOf: body.AnyOf, minimum: body.Minimum, without: body.Without,
	}
	if !slices.Contains(pam.Types(), p.stack) {
		return nil, fmt.Errorf("stack of a pam module is %q, and must be auth, account, password or session", body.Stack)
	}
	for _, m := range []string{p.module, p.before, p.after} {
		if (m != "" || m == p.module) && !pamModuleName.MatchString(m) {
			return nil, fmt.Errorf("%q is not the file name of a PAM module such as pam_unix.so", m)
		}
	}
	switch p.control {
	case "":
		p.control = "required"
	case "required", "requisite", "optional":
	default:
		return nil, fmt.Errorf("control is %q, and must be required, requisite or optional", p.control)
	}
	for _, arg := range slices.Concat(p.args, p.anyOf, p.without) {
		if arg == "" || strings.ContainsAny(arg, "[]#\\\n") {
			return nil, fmt.Errorf("%q cannot be an argument of a PAM module", arg)
		}
	}
	fallback := []string{"login", "sshd", "su", "sudo"}
	if p.stack == pam.Password {
		fallback = []string{"passwd", "login", "sshd"}
	}
	var err error
	p.services, err = pamServices(body.Services, fallback...)
	return p, err
}

func (p pamModule) Ref() rule.Ref { return rule.Ref{Kind: "pam", Name: p.name} }

// pamFlaw is one way in which a service deviates.
type pamFlaw struct {
	service string
	what    string
	changes []rule.Change
}

func (p pamModule) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: p.expected()}
	v, err := viewPAM(h, p.services, p.module)
	if err != nil {
		return o, err
	}
	v.services = slices.DeleteFunc(v.services, func(s *pam.Service) bool {
		_, other := s.Stack(p.stack)
		return other && s.Broken == ""
	})
	if len(v.services) == 0 {
		o.NotApplicable = fmt.Sprintf("no %s stack of %s here", p.stack, strings.Join(p.services, ", "))
		return o, nil
	}
	o.State = v
	flaws := p.flaws(v)
	var names, found []string
	for _, s := range v.services {
		names = append(names, s.Name)
		stack, _ := s.Stack(p.stack)
		for _, i := range find(stack, p.module) {
			o.Sources = addSource(o.Sources, source(stack[i], true))
		}
		if p.before != "" {
			for _, i := range find(stack, p.before) {
				o.Sources = addSource(o.Sources, source(stack[i], false))
			}
		}
	}
	for _, f := range flaws {
		found = append(found, f.service+": "+f.what)
	}
	if len(flaws) == 0 {
		o.Persisted = p.module + " in " + strings.Join(names, ", ")
		o.Message = fmt.Sprintf("%s has its say in the %s stack of %s", p.module, p.stack, strings.Join(names, ", "))
		return o, nil
	}
	o.Persisted = strings.Join(found, "; ")
	o.Message = found[0]
	if len(found) > 1 {
		o.Message += fmt.Sprintf(", and %d more", len(found)-1)
	}
	return o, nil
}

func (p pamModule) expected() string {
	s := fmt.Sprintf("%s in the %s stack", p.module, p.stack)
	if p.before != "" {
		s += " before " + p.before
	}
	if want := p.wanted(); len(want) > 0 {
		s += " with " + strings.Join(want, " ")
	}
	if len(p.anyOf) > 0 {
		s += " and " + strings.Join(p.anyOf, " or ")
	}
	if len(p.without) > 0 {
		s += " without " + strings.Join(p.without, ", ")
	}
	return s
}

// wanted are the arguments as a line would hold them.
func (p pamModule) wanted() []string {
	all := slices.Clone(p.args)
	for _, name := range slices.Sorted(maps.Keys(p.minimum)) {
		all = append(all, name+"="+strconv.Itoa(p.minimum[name]))
	}
	return all
}

func (p pamModule) Diff(o rule.Observation) []rule.Change {
	v, ok := o.State.(*pamView)
	if !ok {
		return nil
	}
	var changes []rule.Change
	for _, f := range p.flaws(v) {
		changes = append(changes, f.changes...)
	}
	return once(changes)
}

// flaws lists what deviates in every service, with what would mend it.
func (p pamModule) flaws(v *pamView) []pamFlaw {
	var flaws []pamFlaw
	for _, s := range v.services {
		add := func(what string, changes ...rule.Change) {
			flaws = append(flaws, pamFlaw{s.Name, what, changes})
		}
		if s.Broken != "" {
			add("libpam refuses every request: "+s.Broken, rule.Unfixable{Subject: s.Path, Reason: "libpam cannot use it: " + s.Broken, Of: rule.Persisted})
			continue
		}
		stack, _ := s.Stack(p.stack)
		at := find(stack, p.module)
		if len(at) == 0 {
			add(fmt.Sprintf("%s is not in the %s stack", p.module, p.stack), p.insert(v, s, stack)...)
			continue
		}
		if !v.machine.Installed(stack[at[0]].Module) {
			add(p.module+" is in the stack but not installed", notInstalled(p.module))
			continue
		}
		if what, move := p.misplaced(v, stack); what != "" {
			changes := p.mend(v, s, stack, at, move)
			add(fmt.Sprintf("%s (%s:%d)", what, stack[at[0]].Path, stack[at[0]].Line), changes...)
			if move {
				continue // the new line has the arguments
			}
		}
		for _, i := range at {
			if what, change := p.arguments(v, stack, i); what != "" {
				add(fmt.Sprintf("%s (%s:%d)", what, stack[i].Path, stack[i].Line), change)
			}
		}
	}
	return flaws
}

// misplaced asks the simulation whether the module runs, in the right place, and is heard. move says
// that the line stands in the wrong place.
func (p pamModule) misplaced(v *pamView, stack []pam.Handler) (what string, move bool) {
	person := pam.Person{Password: true, Member: true}
	answer := func(code pam.Code) pam.Outcome {
		return v.machine.Walk(stack, person, &pam.Tally{}, func(h pam.Handler) (pam.Code, bool) {
			return code, pam.Base(h.Module) == p.module && h.Fail == ""
		})
	}
	good := answer(pam.Success)
	if p.module == "pam_wheel.so" {
		good = answer(pam.Ignore) // what it says to members
	}
	runs := func(module string) int {
		return slices.IndexFunc(good.Trace, func(s pam.Step) bool { return pam.Base(stack[s.Index].Module) == module })
	}
	mine := runs(p.module)
	if mine < 0 {
		return p.module + " is never reached", true
	}
	if other := runs(p.before); p.before != "" && other >= 0 && other < mine {
		return p.module + " comes after " + p.before, true
	}
	if other := runs(p.after); p.after != "" && other > mine {
		return p.module + " comes before " + p.after, true
	}
	if p.control == "optional" {
		return "", false
	}
	bad := map[pam.Type]pam.Code{pam.Auth: pam.AuthErr, pam.Account: pam.PermDenied, pam.Password: pam.AuthtokErr, pam.Session: pam.SessionErr}
	if answer(bad[p.stack]).Code == pam.Success {
		return "a refusal by " + p.module + " is not heeded", false
	}
	return "", false
}

// mend moves a line, or gives it the control that is heard.
func (p pamModule) mend(v *pamView, s *pam.Service, stack []pam.Handler, at []int, move bool) []rule.Change {
	var changes []rule.Change
	var left []pam.Handler
	for i, h := range stack {
		if !slices.Contains(at, i) {
			left = append(left, h)
			continue
		}
		switch {
		case v.isCommon(h.Path):
			return []rule.Change{rule.Unfixable{
				Subject: h.Path, Of: rule.Persisted,
				Reason: fmt.Sprintf("line %d comes from a profile of pam-auth-update that puts %s elsewhere", h.Line, p.module),
			}}
		case !move:
			changes = append(changes, replaceEntry(h, pamLine(h.Type, p.control, h.Module, h.Args)))
		case !p.own || v.ownFile(s, h) == h.Path:
			changes = append(changes, removeEntry(h))
		default:
			left = append(left, h) // others use that file too
		}
	}
	if move {
		changes = append(changes, p.insert(v, s, left)...)
	}
	return changes
}

// arguments finds what is wrong with the settings of one line, and the change of the line.
func (p pamModule) arguments(v *pamView, stack []pam.Handler, at int) (string, rule.Change) {
	h := stack[at]
	opts := v.machine.Options(h)
	var wrong, add []string
	drop := map[string]bool{}
	wanted := p.args
	if p.asksFirst(stack, at) {
		if slices.Contains(h.Args, "use_authtok") {
			return p.module + ": use_authtok stops every password change: no module before it asks for the new password", rule.Unfixable{
				Subject: h.Path, Of: rule.Persisted,
				Reason: fmt.Sprintf("line %d needs a module before it that asks for the new password", h.Line),
			}
		}
		wanted = slices.DeleteFunc(slices.Clone(p.args), func(arg string) bool { return arg == "use_authtok" })
	}
	for _, arg := range wanted {
		name, value, _ := strings.Cut(arg, "=")
		if o, ok := opts.Get(name); !ok || o.Value != value {
			wrong = append(wrong, arg+" is not set")
			drop[name] = true
			add = append(add, arg)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.minimum)) {
		if n, o := opts.Number(name, -1); n < p.minimum[name] {
			what := name + " is not set"
			if o.Name != "" {
				what = fmt.Sprintf("%s is below %d", o, p.minimum[name])
			}
			wrong = append(wrong, what)
			drop[name] = true
			add = append(add, name+"="+strconv.Itoa(p.minimum[name]))
		}
	}
	for _, name := range p.without {
		for _, o := range opts {
			if o.Name != name && (name != "nullok" || o.Name != "nullok_secure") {
				continue
			}
			wrong = append(wrong, o.String()+" is set")
			if !o.Arg {
				return wrong[0], rule.Unfixable{Subject: o.Path, Reason: fmt.Sprintf("%s is set in line %d", o, o.Line), Of: rule.Persisted}
			}
			drop[o.Name] = true
		}
	}
	if what := p.choice(opts, drop); what != "" {
		wrong = append(wrong, what)
		add = append(add, p.anyOf[0])
	}
	if len(wrong) == 0 {
		return "", nil
	}
	what := p.module + ": " + strings.Join(slices.Compact(wrong), ", ")
	if slices.Contains(add, "use_authtok") && !asksBefore(stack, at) {
		return what, rule.Unfixable{
			Subject: h.Path, Of: rule.Persisted,
			Reason: fmt.Sprintf("use_authtok in line %d would stop every password change: no module before it asks for the new password", h.Line),
		}
	}
	line := withArgs(h, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return drop[name]
	}, add)
	return what, replaceEntry(h, line)
}

// choice says what is wrong when none of the arguments of which one is wanted is in force.
func (p pamModule) choice(opts pam.Options, drop map[string]bool) string {
	if len(p.anyOf) == 0 {
		return ""
	}
	if p.module == "pam_unix.so" && slices.Contains(pam.Hashes(), p.anyOf[0]) {
		hash, ok := opts.Hash()
		if ok && slices.Contains(p.anyOf, hash.Name) {
			return ""
		}
		for _, name := range pam.Hashes() {
			drop[name] = true
		}
		if !ok {
			return "no password hash is chosen"
		}
		return "passwords are hashed with " + hash.Name
	}
	for _, arg := range p.anyOf {
		name, value, _ := strings.Cut(arg, "=")
		if o, ok := opts.Get(name); ok && o.Value == value {
			return ""
		}
	}
	return "none of " + strings.Join(p.anyOf, ", ") + " is set"
}

// asksFirst reports whether stack[at] tries new passwords and is the first that asks for them: use_authtok would stop
// every change there. pam_unix tries nothing, and wants a module before it that does.
func (p pamModule) asksFirst(stack []pam.Handler, at int) bool {
	asks := func(h pam.Handler) bool {
		switch pam.Base(h.Module) {
		case "pam_permit.so", "pam_deny.so", "pam_warn.so", "pam_echo.so", "pam_rootok.so", "pam_succeed_if.so", "pam_localuser.so", "pam_usertype.so":
			return false
		}
		return !h.Substack // a module that is not known may ask
	}
	return p.stack == pam.Password && p.module != "pam_unix.so" && !slices.ContainsFunc(stack[:at], asks)
}

// asksBefore reports whether a module before stack[at] asks for the new password.
func asksBefore(stack []pam.Handler, at int) bool {
	for _, h := range stack[:at] {
		switch pam.Base(h.Module) {
		case "pam_pwquality.so", "pam_cracklib.so", "pam_passwdqc.so", "pam_pwhistory.so", "pam_unix.so":
			return true
		}
	}
	return false
}

// insert puts a line for the module into the stack of a service: through a profile where
// pam-auth-update writes the file, by an edit elsewhere.
func (p pamModule) insert(v *pamView, s *pam.Service, stack []pam.Handler) []rule.Change {
	if !v.machine.Installed(p.module) {
		return []rule.Change{notInstalled(p.module)}
	}
	args := p.wanted()
	if len(p.anyOf) > 0 {
		args = append(args, p.anyOf[0])
	}
	target, floor := -1, -1
	if at := find(stack, p.before); p.before != "" && len(at) > 0 {
		target = at[0]
	}
	if at := find(stack, p.after); p.after != "" && len(at) > 0 {
		floor = at[len(at)-1]
	}
	common := slices.ContainsFunc(stack, func(h pam.Handler) bool { return v.isCommon(h.Path) })
	if !p.own && common && (target < 0 || v.isCommon(stack[target].Path)) {
		return []rule.Change{p.profile(v, args)}
	}
	line := pamLine(p.stack, p.control, p.module, args)
	cannot := func(reason string) []rule.Change {
		return []rule.Change{rule.Unfixable{Subject: s.Path, Reason: reason, Of: rule.Persisted}}
	}
	switch {
	case target >= 0:
		target = min(target, p.end(v, stack))
		file := stack[target].Path
		if p.own {
			file = v.ownFile(s, stack[target])
		}
		at, ok := spot(stack, file, target, floor)
		if !ok {
			return cannot(fmt.Sprintf("there is no place for %s before %s that jumps leave alone", p.module, p.before))
		}
		return []rule.Change{at.edit(line)}
	case floor >= 0:
		at, ok := lineIn(stack[floor], s.Path)
		if !ok || !landsBehind(stack, floor) {
			return cannot(fmt.Sprintf("there is no place for %s after %s that jumps leave alone", p.module, p.after))
		}
		at.after = true
		return []rule.Change{at.edit(line)}
	case len(stack) == 0:
		return cannot("the stack is empty")
	}
	// without an order to keep, a module that must be heard goes first and another one last
	at, ok := lineIn(stack[0], s.Path)
	if p.control == "optional" || p.stack == pam.Session {
		at, ok = lineIn(stack[len(stack)-1], s.Path)
		at.after = true
	}
	if !ok {
		return cannot("the stack has no line in the service's own file")
	}
	return []rule.Change{at.edit(line)}
}

// end is the last entry that runs for somebody with a right password: what stands behind it is not
// reached.
func (p pamModule) end(v *pamView, stack []pam.Handler) int {
	trace := v.machine.Walk(stack, pam.Person{Password: true, Member: true}, &pam.Tally{}, nil).Trace
	if len(trace) == 0 {
		return 0
	}
	return trace[len(trace)-1].Index
}

// profile is the profile of pam-auth-update that brings the module in: an installed one that is not
// enabled when it does what is wanted, and one of the project's own otherwise.
func (p pamModule) profile(v *pamView, args []string) rule.Change {
	for _, installed := range v.profiles {
		use, ok := installed.Use(p.stack, p.module)
		if !ok || use.Primary != (p.before != "") || strings.HasPrefix(installed.Name, profilePrefix) {
			continue
		}
		text := " " + strings.Join(use.Lines, " ") + " "
		if !slices.ContainsFunc(args, func(arg string) bool { return !strings.Contains(text, " "+arg+" ") }) {
			return rule.PAMProfile{Name: installed.Name, Content: installed.Content}
		}
	}
	kind := strings.ToUpper(string(p.stack[:1])) + string(p.stack[1:])
	block, priority := "Additional", 0
	if p.before != "" {
		block, priority = "Primary", p.priority(v)
	}
	first := slices.DeleteFunc(slices.Clone(args), func(arg string) bool {
		return arg == "use_authtok" || arg == "use_first_pass"
	})
	entry := func(args []string) string {
		return "\t" + strings.Join(append([]string{p.control + "\t" + p.module}, args...), " ") + "\n"
	}
	base := strings.TrimSuffix(p.module, ".so")
	// debconf separates names by commas, so the name has none
	content := fmt.Sprintf("Name: %s (harden)\nDefault: yes\nPriority: %d\n%s-Type: %s\n%s:\n%s",
		base, priority, kind, block, kind, entry(args))
	if len(first) != len(args) {
		content += kind + "-Initial:\n" + entry(first)
	}
	name := profilePrefix + strings.ReplaceAll(strings.TrimPrefix(base, "pam_"), "_", "-")
	if p.stack != pam.Password {
		name += "-" + string(p.stack)
	}
	return rule.PAMProfile{Name: name, Content: []byte(content)}
}

// profilePrefix marks the project's own profiles.
const profilePrefix = "harden-"

// priority finds a place between the profiles of the modules before and after; higher comes first.
func (p pamModule) priority(v *pamView) int {
	low, high := 0, 0
	for _, installed := range v.profiles {
		if use, ok := installed.Use(p.stack, p.before); ok && use.Primary {
			low = max(low, use.Priority)
		}
		if p.after != "" {
			if use, ok := installed.Use(p.stack, p.after); ok && use.Primary && (high == 0 || use.Priority < high) {
				high = use.Priority
			}
		}
	}
	if high > low+1 {
		return high - 1
	}
	return low + 512
}
