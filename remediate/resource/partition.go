package resource

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fstab"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// partitionKind is a directory that is a file system of its own.
func partitionKind() Kind { return Kind{Name: "partition", New: newPartition} }

type partition struct{ path string }

func newPartition(name string, decode Decode) (Resource, error) {
	if err := decode(&struct{}{}); err != nil {
		return nil, err
	}
	if !path.IsAbs(name) || path.Clean(name) != name || name == "/" {
		return nil, fmt.Errorf("%q is not the absolute path of a directory in its shortest form", name)
	}
	return partition{name}, nil
}

func (p partition) Ref() rule.Ref { return rule.Ref{Kind: "partition", Name: p.path} }

func (p partition) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "a file system of its own", Persisted: "part of the file system above it"}
	next, err := fstab.Read(h, p.path)
	if err != nil {
		return o, err
	}
	mounted := false
	if r := h.Running(); r != nil {
		mounts, err := r.Mounts()
		if err != nil {
			return o, err
		}
		o.Running = "not mounted"
		for _, m := range mounts {
			if m.Path == p.path {
				mounted, o.Running = true, fmt.Sprintf("%s (%s)", m.Source, m.Type)
			}
		}
	}
	o.State = true
	switch next.Origin {
	case fstab.Table:
		o.Persisted = next.Entry.Type
		o.Message = fmt.Sprintf("%s is mounted by %s:%d", p.path, fstab.File, next.Entry.Line)
		o.Sources = []rule.Source{{Path: fstab.File, Line: next.Entry.Line, Text: strings.TrimSpace(next.Entry.Raw), Wins: true}}
	case fstab.Unit:
		o.Persisted = next.Unit
		o.Message = p.path + " is mounted by " + next.Unit
		o.Sources = []rule.Source{{Path: next.Winner.Path, Wins: true}}
	case fstab.BuiltIn:
		o.Persisted = "mounted by systemd"
		o.Message = "systemd mounts " + p.path + " at the start of every boot"
	default:
		if mounted {
			o.NotObservable = p.path + " is mounted now, and neither " + fstab.File + " nor a mount unit says that it is at boot"
			return o, nil
		}
		o.State = false
		o.Message = p.path + " is not a file system of its own: neither " + fstab.File + " nor a mount unit mounts it"
	}
	return o, nil
}

func (p partition) Diff(o rule.Observation) []rule.Change {
	if separate, _ := o.State.(bool); separate {
		return nil
	}
	return []rule.Change{rule.Unfixable{
		Subject: p.path,
		Reason:  "partitions are laid out when the image is made",
		Of:      rule.Persisted,
	}}
}
