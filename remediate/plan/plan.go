// Package plan puts the changes of many rules into one ordered, conflict-checked list of steps, and
// shows the machine as it will be afterwards. It reads and never writes: what it makes is data.
package plan

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Entry is one change that one rule asks for.
type Entry struct {
	Rule   string
	Ref    rule.Ref
	Change rule.Change
}

// Step is one thing that apply does: put a file in place, or carry out one other change.
type Step struct {
	Target string
	Rules  []string // who asked for it, in plan order
	// Write is set when the step puts a file in place, Change otherwise.
	Write  *Write
	Change rule.Change
}

// Write is a file's content before and after. Existed tells an empty file from none.
type Write struct {
	Before, After []byte
	Existed       bool
	Create        rule.Attr
	Secret        bool // content must not be shown
	OverLink      bool // takes the place of a symbolic link
}

// Plan is the ordered list of steps, and the machine as it will be once they are done. After shows
// files, the links of units among them; packages and the running state are those of today.
type Plan struct {
	Steps []Step
	After host.Reader
}

// Conflict is two rules wanting different things of one target.
type Conflict struct {
	Target string
	Rules  []string
	Reason string
}

func (c *Conflict) Error() string {
	return fmt.Sprintf("rules %s cannot both be satisfied: %s: %s", strings.Join(c.Rules, " and "), c.Target, c.Reason)
}

// New orders the entries' changes: packages, then files, then owners and modes, then removals, then units, then
// what runs. Within a phase the rules' order holds. All conflicts are reported together.
func New(h host.Reader, entries []Entry) (*Plan, error) {
	b := &builder{base: h, after: host.NewOverlay(h), files: map[string]*fileEdits{}}
	for _, e := range entries {
		b.add(e)
	}
	b.mountOptions()
	b.changePackages()
	b.writeFiles()
	b.updatePAM()
	b.setAttrs()
	b.others()
	b.changeUnits()
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	return &Plan{Steps: b.steps, After: b.after}, nil
}

type builder struct {
	base  host.Reader
	after *host.Overlay
	steps []Step
	errs  []error

	files    map[string]*fileEdits // by resolved path
	order    []string              // of files, by first mention
	packages []Entry               // to install or remove
	profiles []Entry               // pam-auth-update profiles
	mounts   []Entry
	attrs    []Entry
	rest     []Entry
}

func (b *builder) add(e Entry) {
	switch c := e.Change.(type) {
	case rule.EditFile:
		if f := b.file(c.Path, e.Rule); f != nil {
			f.edit(e.Rule, c)
		}
	case rule.WriteFile:
		find := b.file
		if c.NoFollow {
			find = b.overLink
		}
		if f := find(c.Path, e.Rule); f != nil {
			f.write(e.Rule, c)
		}
	case rule.PAMProfile:
		b.profiles = append(b.profiles, e)
	case rule.MountOptions:
		b.mounts = append(b.mounts, e)
	case rule.SetAttr:
		b.attrs = append(b.attrs, e)
	case rule.InstallPackage, rule.RemovePackage:
		b.packages = append(b.packages, e)
	case rule.Unfixable:
		// Nothing can be done: the rule's outcome says so.
	default:
		b.rest = append(b.rest, e)
	}
}

// file finds or starts the edits of the file that path leads to.
func (b *builder) file(path, ruleID string) *fileEdits {
	key, err := b.base.Resolve(path)
	if err != nil {
		b.errs = append(b.errs, fmt.Errorf("cannot plan for rule %s: %w", ruleID, err))
		return nil
	}
	if f := b.files[key]; f != nil {
		return f
	}
	f := &fileEdits{path: path}
	switch content, err := b.base.ReadFile(key); {
	case err == nil:
		f.before, f.existed = content, true
	case !errors.Is(err, fs.ErrNotExist):
		b.errs = append(b.errs, fmt.Errorf("cannot plan for rule %s: %w", ruleID, err))
		return nil
	}
	b.files[key] = f
	b.order = append(b.order, key)
	return f
}

// overLink finds or starts the file that takes the place of a symbolic link.
func (b *builder) overLink(path, _ string) *fileEdits {
	if f := b.files[path]; f != nil {
		return f
	}
	f := &fileEdits{path: path, link: true}
	b.files[path] = f
	b.order = append(b.order, path)
	return f
}

func (b *builder) writeFiles() {
	for _, key := range b.order {
		f := b.files[key]
		after, err := f.render()
		if err != nil {
			b.errs = append(b.errs, err)
			continue
		}
		b.put(f.path, f.rules, Write{Before: f.before, After: after, Existed: f.existed, Create: f.create, Secret: f.secret, OverLink: f.link})
	}
}

func (b *builder) put(path string, rules []string, w Write) {
	if w.Existed && string(w.Before) == string(w.After) {
		return
	}
	if w.OverLink {
		if err := b.after.Delete(path); err != nil {
			b.errs = append(b.errs, err)
			return
		}
	}
	if err := b.after.Put(path, w.After, w.Create); err != nil {
		b.errs = append(b.errs, err)
		return
	}
	b.steps = append(b.steps, Step{Target: path, Rules: rules, Write: &w})
}

// updatePAM works out what pam-auth-update makes of the added profiles, on top of the edits so far.
func (b *builder) updatePAM() {
	if len(b.profiles) == 0 {
		return
	}
	var add []pam.Profile
	var rules []string
	for _, e := range b.profiles {
		c := e.Change.(rule.PAMProfile)
		if !slices.Contains(rules, e.Rule) {
			rules = append(rules, e.Rule)
		}
		i := slices.IndexFunc(add, func(p pam.Profile) bool { return p.Name == c.Name })
		switch {
		case i < 0:
			add = append(add, pam.Profile{Name: c.Name, Content: c.Content})
		case string(add[i].Content) != string(c.Content):
			b.errs = append(b.errs, &Conflict{c.Target(), rules, "different profiles of one name"})
		}
	}
	files, err := pam.Update(b.after, add)
	if err != nil {
		b.errs = append(b.errs, fmt.Errorf("cannot plan the PAM profiles of %s: %w", strings.Join(rules, ", "), err))
		return
	}
	for _, f := range files {
		before, err := b.after.ReadFile(f.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.errs = append(b.errs, err)
			continue
		}
		b.put(f.Path, rules, Write{Before: before, After: f.Content, Existed: err == nil, Create: f.Attr})
	}
}

// setAttrs combines the owners and modes that rules want of one path. Modes are upper bounds, so two
// of them meet in what both allow.
func (b *builder) setAttrs() {
	at := map[string]int{} // resolved path to its step
	for _, e := range b.attrs {
		c := e.Change.(rule.SetAttr)
		key, err := b.base.Resolve(c.Path)
		if err != nil {
			b.errs = append(b.errs, fmt.Errorf("cannot plan for rule %s: %w", e.Rule, err))
			continue
		}
		i, have := at[key]
		if !have {
			at[key] = len(b.steps)
			b.steps = append(b.steps, Step{Target: c.Path, Rules: []string{e.Rule}, Change: c})
			continue
		}
		step := &b.steps[i]
		step.Rules = appendOnce(step.Rules, e.Rule)
		joined := step.Change.(rule.SetAttr)
		if joined.Mode == nil {
			joined.Mode = c.Mode
		} else if c.Mode != nil {
			both := *joined.Mode & *c.Mode
			joined.Mode = &both
		}
		if differ(joined.UID, c.UID) || differ(joined.GID, c.GID) {
			b.errs = append(b.errs, &Conflict{c.Path, step.Rules, "different owners"})
		}
		joined.UID = cmp.Or(joined.UID, c.UID)
		joined.GID = cmp.Or(joined.GID, c.GID)
		joined.Seen = cmp.Or(joined.Seen, c.Seen)
		step.Change = joined
	}
	for _, s := range b.steps {
		if c, ok := s.Change.(rule.SetAttr); ok {
			if err := b.after.SetAttr(c.Path, c.Mode, c.UID, c.GID); err != nil {
				b.errs = append(b.errs, err)
			}
		}
	}
}

func differ(a, b *int) bool { return a != nil && b != nil && *a != *b }

// others adds removals, units and what runs, each phase in the rules' order, once each.
func (b *builder) others() {
	for _, phase := range []func(rule.Change) bool{isRemoval, isPersistedUnit, isRunning} {
		for _, e := range b.rest {
			if phase(e.Change) {
				b.addOther(e)
			}
		}
	}
}

// changeUnits makes the links that enabling and masking make. A unit of a package that is not there yet
// has none.
func (b *builder) changeUnits() {
	for _, s := range b.steps {
		if c, ok := s.Change.(rule.ChangeUnit); ok && c.Scope() == rule.Persisted {
			_ = b.after.ChangeUnit(c.Name, c.Action)
		}
	}
}

func isRemoval(c rule.Change) bool { _, ok := c.(rule.RemoveFile); return ok }
func isRunning(c rule.Change) bool { return c.Scope() == rule.Running }
func isPersistedUnit(c rule.Change) bool {
	_, ok := c.(rule.ChangeUnit)
	return ok && c.Scope() == rule.Persisted
}

func (b *builder) addOther(e Entry) {
	for i := range b.steps {
		step := &b.steps[i]
		if step.Change == nil || step.Target != e.Change.Target() {
			continue
		}
		if same(step.Change, e.Change) {
			step.Rules = appendOnce(step.Rules, e.Rule)
			return
		}
		if reason := contradiction(step.Change, e.Change); reason != "" {
			b.errs = append(b.errs, &Conflict{e.Change.Target(), appendOnce(step.Rules, e.Rule), reason})
			return
		}
	}
	if c, ok := e.Change.(rule.RemoveFile); ok {
		if key, err := b.base.Resolve(c.Path); err == nil && b.files[key] != nil {
			b.errs = append(b.errs, &Conflict{c.Path, appendOnce(b.files[key].rules, e.Rule), "one edits the file, the other removes it"})
			return
		}
		if err := b.after.Delete(c.Path); err != nil {
			b.errs = append(b.errs, err)
			return
		}
	}
	b.steps = append(b.steps, Step{Target: e.Change.Target(), Rules: []string{e.Rule}, Change: e.Change})
}

func same(a, b rule.Change) bool {
	if x, ok := a.(rule.Remount); ok {
		y, ok := b.(rule.Remount)
		return ok && x.Path == y.Path && slices.Equal(x.Options, y.Options)
	}
	if _, ok := b.(rule.Remount); ok {
		return false
	}
	return a == b
}

// contradiction says why two changes of one target cannot both be made.
func contradiction(a, b rule.Change) string {
	switch x := a.(type) {
	case rule.ChangeUnit:
		y, ok := b.(rule.ChangeUnit)
		if !ok || x.Scope() != y.Scope() {
			return ""
		}
		wants := func(c rule.ChangeUnit) bool {
			return c.Action == rule.EnableUnit || c.Action == rule.UnmaskUnit || c.Action == rule.StartUnit
		}
		if wants(x) != wants(y) {
			return fmt.Sprintf("%s against %s", x.Action, y.Action)
		}
	case rule.SetSysctl:
		if y, ok := b.(rule.SetSysctl); ok && y.Value != x.Value {
			return fmt.Sprintf("value %s against %s", x.Value, y.Value)
		}
	}
	return ""
}

func appendOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(slices.Clip(list), s)
}
