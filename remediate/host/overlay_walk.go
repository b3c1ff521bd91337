package host

import (
	"context"
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// Walk visits the machine's files as they will be: those beneath, with what has changed, and then those
// that are new.
func (o *Overlay) Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error) {
	met := map[string]bool{}
	sum, err := o.base.Walk(ctx, func(e *walk.Entry) error {
		n, changed := o.nodes[string(e.Bytes())]
		if !changed {
			return visit(e)
		}
		met[e.Path()] = true
		if n.gone {
			return nil
		}
		return visit(e.With(n.info.Mode, n.info.UID, n.info.GID))
	})
	if err != nil {
		return sum, err
	}
	var added []string
	for path, n := range o.nodes {
		if !n.gone && !met[path] && !walk.LeftOut(path) {
			added = append(added, path)
		}
	}
	slices.Sort(added)
	for _, path := range added {
		n := o.nodes[path]
		sum.Entries++
		if err := visit(walk.NewEntry(path, n.info.Mode, n.info.UID, n.info.GID)); err != nil {
			return sum, err
		}
	}
	return sum, nil
}
