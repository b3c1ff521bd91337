package resource

import (
	"fmt"
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sysctl"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// The drop-in, and the names it takes where a file of a package comes after it: the last line wins.
var sysctlDropIns = []string{"60-harden.conf", "99-zz-harden.conf", "zz-zz-harden.conf"}

// sysctlPlan gathers edits. It keeps the configuration as it would be after them, because one edit
// can bring another line to the fore: then that is dealt with as well, in the same run.
type sysctlPlan struct {
	resource sysctlResource
	config   *sysctl.Config
	added    map[string][]string // lines by drop-in
	changes  []rule.Change
	done     map[lineAt]bool
}

// lineAt is a line of a file.
type lineAt struct {
	path string
	line int
}

func (r sysctlResource) Diff(o rule.Observation) []rule.Change {
	found, ok := o.State.(sysctlFound)
	if !ok {
		return nil
	}
	p := &sysctlPlan{resource: r, config: found.config, added: map[string][]string{}, done: map[lineAt]bool{}}
	for _, key := range found.keys {
		p.setKey(key)
	}
	if found.every {
		p.setEvery()
	}
	for _, name := range sysctlDropIns {
		if lines := p.added[name]; len(lines) > 0 {
			p.changes = append(p.changes, rule.EditFile{
				Path:   sysctl.Dir + "/" + name,
				Create: rule.Attr{Mode: 0o644},
				Header: Header,
				Edits:  appends(lines),
			})
		}
	}
	if found.masked {
		p.changes = append(p.changes, rule.ChangeUnit{Name: sysctlUnit, Action: rule.UnmaskUnit})
	}
	for _, k := range found.running {
		if !r.right(k.value) {
			p.changes = append(p.changes, rule.SetSysctl{Key: k.key, Value: r.value})
		}
	}
	return p.changes
}

// maxSysctlEdits bounds the edits for one parameter. A line is edited once and overruled at most once
// for each drop-in, so only a hostile tree comes near.
const maxSysctlEdits = 1000

// setKey makes one parameter right at boot.
func (p *sysctlPlan) setKey(key string) {
	for range maxSysctlEdits {
		w, ok := p.config.Effective(key)
		if ok && p.resource.right(w.Entry.Value) {
			return
		}
		blocker, blocked := w.Entry, ok
		if !ok {
			blocker, blocked = p.config.Exclusion(key)
			w.Key = key
		}
		switch {
		case !blocked:
			p.add(sysctlDropIns[0], w.Key)
		case ok && blocker.Glob() && !blocker.File.UFW:
			p.add(sysctlDropIns[0], w.Key) // an explicit line beats a pattern wherever it stands
		case p.edit(blocker):
		case !p.overrule(blocker, w.Key):
			return
		}
	}
}

// setEvery makes a pattern set the parameter of every interface.
func (p *sysctlPlan) setEvery() {
	for range maxSysctlEdits {
		e, bad := p.resource.uncovered(p.config)
		switch {
		case !bad:
			return
		case e.Key == "":
			ex, excluded := p.config.Exclusion(p.resource.key)
			switch {
			case !excluded:
				p.add(sysctlDropIns[0], p.resource.key)
			case p.edit(ex):
			case !p.overrule(ex, p.resource.key):
				return
			}
		case p.edit(e):
		case !p.overrule(e, p.resource.key):
			return
		}
	}
}

// add puts a line at the end of a drop-in.
func (p *sysctlPlan) add(name, key string) {
	value := p.resource.value
	p.added[name] = append(p.added[name], sysctl.Dotted(key)+" = "+value)
	p.config = p.config.Append(name, key, value)
}

// edit gives a line of the administrator's the right value where it stands.
func (p *sysctlPlan) edit(e sysctl.Entry) bool {
	at := lineAt{e.File.Real, e.Line}
	if !editable(e.File.Real) || e.Shared || e.Line == 0 || p.done[at] {
		return false
	}
	if e.Glob() && e.Key != p.resource.key && !e.File.UFW {
		if _, part := covers(e.Key, p.resource.key); !part {
			return false // it speaks for other parameters too
		}
	}
	p.done[at] = true
	p.config = p.config.With(e, p.resource.value)
	p.changes = append(p.changes, rule.EditFile{
		Path:   e.File.Real,
		Create: rule.Attr{Mode: 0o644},
		Edits:  []rule.Edit{{Op: rule.ReplaceLine, Line: e.Line, Old: e.Text, New: []string{e.SetValue(p.resource.value)}}},
	})
	return true
}

// overrule puts a line into a drop-in that comes after the one in the way.
func (p *sysctlPlan) overrule(e sysctl.Entry, key string) bool {
	for _, name := range sysctlDropIns {
		if name <= e.File.Name || e.File.UFW || slices.Contains(p.added[name], sysctl.Dotted(key)+" = "+p.resource.value) {
			continue
		}
		p.add(name, key)
		return true
	}
	p.changes = append(p.changes, rule.Unfixable{
		Subject: p.resource.label,
		Reason:  fmt.Sprintf("%s:%d sets it, and neither can be edited nor overruled", e.File.Path, e.Line),
		Of:      rule.Persisted,
	})
	return false
}
