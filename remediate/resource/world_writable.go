package resource

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// worldWritableKind is what everybody may write to: no files, and directories only with the sticky bit.
func worldWritableKind() Kind { return Kind{Name: "world_writable", New: newWorldWritable} }

type worldWritable struct{ what string }

func newWorldWritable(name string, decode Decode) (Resource, error) {
	if err := decode(&struct{}{}); err != nil {
		return nil, err
	}
	if name != "files" && name != "directories" {
		return nil, fmt.Errorf("world_writable is about \"files\" or \"directories\", not %q", name)
	}
	return worldWritable{name}, nil
}

func (w worldWritable) Ref() rule.Ref { return rule.Ref{Kind: "world_writable", Name: w.what} }

func (w worldWritable) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	return walkAlone(ctx, h, w)
}

func (w worldWritable) Look(host.Reader) (Look, error) {
	return &worldWritableLook{directories: w.what == "directories"}, nil
}

type worldWritableLook struct {
	directories bool
	hits        walkHits
}

func (l *worldWritableLook) Visit(e *walk.Entry) {
	if e.Mode&0o002 == 0 {
		return
	}
	if l.directories {
		if e.Mode.IsDir() && e.Mode&fs.ModeSticky == 0 {
			l.hits.add(e)
		}
	} else if e.Mode.IsRegular() {
		l.hits.add(e)
	}
}

func (l *worldWritableLook) Observation(s walk.Summary) (rule.Observation, error) {
	o := rule.Observation{
		Expected:  "no file that everybody may write to",
		Persisted: fmt.Sprintf("%d such files", l.hits.total),
		Message:   "no file can be written to by everybody; " + walkExtent(s),
		State:     &l.hits,
	}
	what := "files that everybody may write to: "
	if l.directories {
		o.Expected = "the sticky bit on every directory that everybody may write to"
		o.Persisted = fmt.Sprintf("%d such directories without it", l.hits.total)
		o.Message = "every directory that everybody may write to has the sticky bit; " + walkExtent(s)
		what = "directories in which everybody may replace others' files: "
	}
	if l.hits.total > 0 {
		o.Message = what + l.hits.names()
		o.Evidence = l.hits.evidence(func(h walkHit) string { return octal(h.mode) + " " + walkPath(h.path) })
	}
	return o, nil
}

func (w worldWritable) Diff(o rule.Observation) []rule.Change {
	hits := o.State.(*walkHits)
	if c, many := hits.tooMany("world-writable " + w.what); many {
		return []rule.Change{c}
	}
	var changes []rule.Change
	for _, h := range hits.kept {
		mode := h.mode & modeBits &^ 0o002
		if w.what == "directories" {
			mode = h.mode&modeBits | fs.ModeSticky
		}
		changes = append(changes, walkSetAttr(h, &mode, nil, nil))
	}
	return changes
}
