package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fstab"
	"github.com/nodeimage/packer-plugin-harden/remediate/config/modprobe"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// unusedFilesystemsKind is the file systems that an installed kernel could load and nothing mounts.
func unusedFilesystemsKind() Kind {
	return Kind{Name: "unused_filesystems", New: newUnusedFilesystems}
}

type unusedFilesystems struct {
	name  string
	allow []string
}

func newUnusedFilesystems(name string, decode Decode) (Resource, error) {
	var body struct {
		Allow []string `hcl:"allow,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "kernel modules" {
		return nil, fmt.Errorf("unused_filesystems is about \"kernel modules\", not %q", name)
	}
	return unusedFilesystems{name, body.Allow}, nil
}

func (u unusedFilesystems) Ref() rule.Ref { return rule.Ref{Kind: "unused_filesystems", Name: u.name} }

func (u unusedFilesystems) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "file systems that a person has looked at"}
	kernels, err := modprobe.Kernels(h)
	if err != nil {
		return o, err
	}
	if len(kernels) == 0 {
		o.NotApplicable = "no kernel is installed"
		return o, nil
	}
	config, err := modprobe.Load(h)
	if err != nil {
		return o, err
	}
	used, err := usedFilesystems(h)
	if err != nil {
		return o, err
	}
	var extra []string
	for _, k := range kernels {
		modules, err := filesystemModules(h, k)
		if err != nil {
			return o, err
		}
		for _, m := range modules {
			install, stopped := config.Install(m)
			if stopped && isStopper(install.Value) || slices.Contains(used, m) {
				continue
			}
			o.Evidence = append(o.Evidence, m+" ("+k.Release+")")
			if !slices.Contains(u.allow, m) && !slices.Contains(extra, m) {
				extra = append(extra, m)
			}
		}
	}
	slices.Sort(o.Evidence)
	slices.Sort(extra)
	o.Persisted = fmt.Sprintf("%d loadable and unused", len(o.Evidence))
	switch {
	case len(o.Evidence) == 0:
		o.Message = "every file system that a kernel could load is mounted or disabled"
		extra = nil
	case len(u.allow) == 0:
		o.Manual = fmt.Sprintf("%d file systems could be loaded and are not mounted: a person looks which are needed, or the profile gives a list", len(o.Evidence))
	case len(extra) > 0:
		o.Expected = "no unused file system beyond the profile's list"
		o.Message = "file systems that nothing mounts and that the profile does not list: " + strings.Join(extra, ", ")
	default:
		o.Expected = "no unused file system beyond the profile's list"
		o.Message = "every file system that nothing mounts is in the profile's list"
	}
	o.State = extra
	return o, nil
}

// filesystemModules lists the modules that modules.dep has below kernel/fs, by name.
func filesystemModules(h host.Files, k modprobe.Kernel) ([]string, error) {
	file := k.Dir + "/modules.dep"
	content, err := h.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", file, err)
	}
	var names []string
	for line := range strings.Lines(string(content)) {
		p, _, _ := strings.Cut(line, ":")
		parts := strings.Split(p, "/")
		// kernel/fs/NAME/NAME.ko: other modules of the directory are its helpers.
		if len(parts) != 4 || parts[0] != "kernel" || parts[1] != "fs" || parts[2] == "nls" {
			continue
		}
		name, _, _ := strings.Cut(parts[3], ".")
		if name = modprobe.Underscores(name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// usedFilesystems lists the types in fstab, and those that are mounted now.
func usedFilesystems(h host.Reader) ([]string, error) {
	content, err := h.ReadFile(fstab.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read %s: %w", fstab.File, err)
	}
	var used []string
	for _, e := range fstab.Parse(content) {
		used = append(used, modprobe.Underscores(e.Type))
	}
	if r := h.Running(); r != nil {
		mounts, err := r.Mounts()
		if err != nil {
			return nil, err
		}
		for _, m := range mounts {
			used = append(used, modprobe.Underscores(m.Type))
		}
	}
	return used, nil
}

func (u unusedFilesystems) Diff(o rule.Observation) []rule.Change {
	extra, _ := o.State.([]string)
	if len(extra) == 0 {
		return nil
	}
	return []rule.Change{rule.Unfixable{
		Subject: strings.Join(extra, ", "),
		Reason:  "a person decides: disable it with a kernel_module rule, or add it to the list",
		Of:      rule.Persisted,
	}}
}
