package plan

import (
	"fmt"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fstab"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// mountOptions puts together what the rules want of one mount, and makes one edit of it: the options
// stand in one line, of which each rule knows only its own.
func (b *builder) mountOptions() {
	type wish struct {
		options, header, rules []string
	}
	wishes := map[string]*wish{}
	var order []string
	for _, e := range b.mounts {
		c := e.Change.(rule.MountOptions)
		w := wishes[c.Path]
		if w == nil {
			w = &wish{header: c.Header}
			wishes[c.Path] = w
			order = append(order, c.Path)
		}
		for _, o := range c.Options {
			w.options = appendOnce(w.options, o)
		}
		w.rules = appendOnce(w.rules, e.Rule)
	}
	for _, path := range order {
		w := wishes[path]
		now, err := fstab.Read(b.base, path)
		if err != nil {
			b.errs = append(b.errs, fmt.Errorf("cannot plan for rule %s: %w", w.rules[0], err))
			continue
		}
		edit, reason := now.Edit(w.options, w.header)
		if reason != "" {
			b.errs = append(b.errs, fmt.Errorf("cannot plan for rule %s: %s: %s", w.rules[0], path, reason))
			continue
		}
		for _, id := range w.rules {
			if f := b.file(edit.Path, id); f != nil {
				f.edit(id, edit)
			}
		}
	}
}
