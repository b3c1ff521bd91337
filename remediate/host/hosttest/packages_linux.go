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

// InstallPackages adds the packages to dpkg's status file; an offline root refuses.
func (f *Fake) InstallPackages(ctx context.Context, names []string) error {
	if f.State == nil {
		return f.Offline.InstallPackages(ctx, names)
	}
	return f.stanzas(func(list []string) []string {
		for _, n := range names {
			list = append(list, "Package: "+n+"\nStatus: install ok installed\nVersion: 1\n")
		}
		return list
	})
}

// RemovePackages takes the packages out of dpkg's status file; an offline root refuses. Dependencies
// are not looked at.
func (f *Fake) RemovePackages(ctx context.Context, names, along []string) error {
	if f.State == nil {
		return f.Offline.RemovePackages(ctx, names, along)
	}
	return f.stanzas(func(list []string) []string {
		return slices.DeleteFunc(list, func(s string) bool {
			name, _, _ := strings.Cut(strings.TrimPrefix(s, "Package: "), "\n")
			return slices.Contains(names, name) || slices.Contains(along, name)
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
