package hosttest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const dpkgStatus = "/var/lib/dpkg/status"

// InstallPackages adds the packages to dpkg's status file, or to rpm's database; an offline root refuses.
func (f *Fake) InstallPackages(ctx context.Context, names []string) error {
	if f.State == nil {
		return f.Offline.InstallPackages(ctx, names)
	}
	if f.rpms != nil {
		return f.writeRPMs(slices.Concat(f.rpms, names))
	}
	return f.stanzas(func(list []string) []string {
		for _, n := range names {
			list = append(list, "Package: "+n+"\nStatus: install ok installed\nVersion: 1\n")
		}
		return list
	})
}

// RemovePackages takes the packages out of dpkg's status file, or of rpm's database; an offline root
// refuses. Dependencies are not looked at.
func (f *Fake) RemovePackages(ctx context.Context, names, along []string) error {
	if f.State == nil {
		return f.Offline.RemovePackages(ctx, names, along)
	}
	gone := slices.Concat(names, along)
	if f.rpms != nil {
		return f.writeRPMs(slices.DeleteFunc(slices.Clone(f.rpms), func(n string) bool { return slices.Contains(gone, n) }))
	}
	return f.stanzas(func(list []string) []string {
		return slices.DeleteFunc(list, func(s string) bool {
			name, _, _ := strings.Cut(strings.TrimPrefix(s, "Package: "), "\n")
			return slices.Contains(gone, name)
		})
	})
}

func (f *Fake) stanzas(change func([]string) []string) error {
	content, err := f.ReadFile(dpkgStatus)
	if err != nil {
		return fmt.Errorf("this machine has no dpkg: %w", err)
	}
	list := change(strings.Split(strings.TrimRight(string(content), "\n"), "\n\n"))
	return f.Replace(dpkgStatus, []byte(strings.Join(list, "\n\n")+"\n"), rule.Attr{Mode: 0o644})
}

var _ host.Writer = (*Fake)(nil)
