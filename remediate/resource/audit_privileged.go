package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/audit"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// auditPrivilegedKind is that every set-user-id and set-group-id program in the directories of
// programs is recorded when a user starts it.
func auditPrivilegedKind() Kind { return Kind{Name: "audit_privileged", New: newAuditPrivileged} }

type auditPrivileged struct {
	name string
	dirs []string
	tail string
}

func newAuditPrivileged(name string, decode Decode) (Resource, error) {
	var body struct {
		Directories []string `hcl:"directories,optional"`
		UIDMin      int      `hcl:"uid_min,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if len(body.Directories) == 0 {
		body.Directories = []string{"/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec", "/usr/lib", "/usr/lib/openssh", "/usr/lib/dbus-1.0", "/usr/lib/policykit-1", "/usr/lib/polkit-1", "/usr/lib/snapd"}
	}
	for _, d := range body.Directories {
		if !path.IsAbs(d) || path.Clean(d) != d {
			return nil, fmt.Errorf("%q is not an absolute path in its shortest form", d)
		}
	}
	if body.UIDMin == 0 {
		body.UIDMin = 1000
	}
	return auditPrivileged{name, body.Directories, fmt.Sprintf(" -F perm=x -F auid>=%d -F auid!=unset -k privileged", body.UIDMin)}, nil
}

func (a auditPrivileged) Ref() rule.Ref { return rule.Ref{Kind: "audit_privileged", Name: a.name} }

func (a auditPrivileged) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "every set-user-id and set-group-id program is recorded"}
	if reason, err := auditMissing(h); err != nil || reason != "" {
		o.NotApplicable = reason
		return o, err
	}
	c, err := auditLoad(h)
	if err != nil {
		return o, err
	}
	programs, err := a.programs(h)
	if err != nil {
		return o, err
	}
	found := auditFound{merged: c.Merged, lock: c.Enabled}
	var missing []string
	for _, p := range programs {
		line := "-a always,exit -F path=" + p + a.tail
		want, err := audit.ParseRule(line)
		if err != nil {
			return o, fmt.Errorf("%s cannot stand in an audit rule: %w", p, err)
		}
		r := c.Look(want)
		if !r.Complete() {
			found.wishes = append(found.wishes, auditWish{line, r})
			missing = append(missing, p)
		}
	}
	o.Evidence = programs
	o.Persisted = fmt.Sprintf("%d of %d programs are recorded", len(programs)-len(missing), len(programs))
	o.Message = o.Persisted
	if len(missing) > 0 {
		o.Message = "nothing records " + strings.Join(missing, ", ")
	}
	o.State = found
	return o, nil
}

// programs lists what the directories hold, each file once, under the path that has no links.
func (a auditPrivileged) programs(h host.Files) ([]string, error) {
	var out []string
	for _, dir := range a.dirs {
		real, err := h.Resolve(dir)
		if err != nil || !slices.Contains(a.dirs, real) && real != dir {
			continue
		}
		entries, err := h.ReadDir(real)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, e := range entries {
			if !e.Type().IsRegular() {
				continue
			}
			p := path.Join(real, e.Name())
			info, err := h.Lstat(p)
			if err != nil {
				return nil, fmt.Errorf("cannot read %s: %w", p, err)
			}
			if info.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 && info.Mode&0o111 != 0 {
				out = append(out, p)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (a auditPrivileged) Diff(o rule.Observation) []rule.Change { return auditRule{}.Diff(o) }
