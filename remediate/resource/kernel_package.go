package resource

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// kernelPackageKind is that every kernel that could boot was brought by a package: what the package
// manager accepts is signed by who builds it.
func kernelPackageKind() Kind { return Kind{Name: "kernel_package", New: newKernelPackage} }

type kernelPackage struct{}

func newKernelPackage(name string, decode Decode) (Resource, error) {
	if err := decode(&struct{}{}); err != nil {
		return nil, err
	}
	if name != "installed" {
		return nil, fmt.Errorf("kernel_package is about \"installed\" kernels, not %q", name)
	}
	return kernelPackage{}, nil
}

func (kernelPackage) Ref() rule.Ref { return rule.Ref{Kind: "kernel_package", Name: "installed"} }

const kernelPrefix = "/boot/vmlinuz-"

func (kernelPackage) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "every kernel in /boot belongs to an installed package"}
	kernels, err := host.Glob(h, kernelPrefix+"*")
	if err != nil {
		return o, err
	}
	if len(kernels) == 0 {
		o.NotApplicable = "there is no kernel in /boot"
		return o, nil
	}
	list, err := openPackages(h)
	if err != nil {
		return o, err
	}
	defer list.close()
	if list.dpkg == nil && list.rpm == nil {
		return o, errors.New("cannot tell where kernels come from: " + list.reason)
	}
	owners, err := kernelOwners(list)
	if err != nil {
		return o, err
	}
	var stray []string
	for _, file := range kernels {
		version := strings.TrimPrefix(file, kernelPrefix)
		i := slices.IndexFunc(owners, func(p kernelOwner) bool { return p.brings(version) })
		if i < 0 {
			stray = append(stray, file)
			o.Sources = append(o.Sources, rule.Source{Path: path.Clean(file), Wins: true})
			o.Evidence = append(o.Evidence, version+" of no package")
			continue
		}
		o.Evidence = append(o.Evidence, version+" of "+owners[i].text)
	}
	slices.Sort(o.Evidence)
	o.Persisted = fmt.Sprintf("%d kernels, %d of no package", len(kernels), len(stray))
	o.Message = "every kernel in /boot belongs to a package"
	if len(stray) > 0 {
		o.Message = "of no package: " + strings.Join(stray, ", ")
	}
	o.State = stray
	return o, nil
}

// kernelOwner is an installed package that brings a kernel.
type kernelOwner struct {
	text   string
	brings func(version string) bool
}

// kernelOwners lists the packages by how the two families name them: Debian's have the version in the name,
// and an rpm's version and release are the kernel's, which may have the architecture behind it.
func kernelOwners(list installedPackages) ([]kernelOwner, error) {
	var owners []kernelOwner
	if list.dpkg != nil {
		for _, p := range list.dpkg.Packages {
			rest, ok := strings.CutPrefix(p.Name, "linux-image-")
			if !ok || !p.Installed() {
				continue
			}
			rest = strings.TrimPrefix(rest, "unsigned-")
			owners = append(owners, kernelOwner{p.Name + " " + p.Version, func(version string) bool { return version == rest }})
		}
		return owners, nil
	}
	packages, err := list.rpm.Packages()
	if err != nil {
		return nil, err
	}
	for _, p := range packages {
		if p.Name != "kernel" && !strings.HasPrefix(p.Name, "kernel-") {
			continue
		}
		owners = append(owners, rpmKernel(p.Name, p.Version+"-"+p.Release))
	}
	return owners, nil
}

func rpmKernel(name, full string) kernelOwner {
	return kernelOwner{name + " " + full, func(version string) bool {
		return version == full || strings.HasPrefix(version, full+".")
	}}
}

func (kernelPackage) Diff(o rule.Observation) []rule.Change {
	var changes []rule.Change
	stray, _ := o.State.([]string)
	for _, file := range stray {
		changes = append(changes, rule.Unfixable{Subject: file, Reason: "a kernel that may be the only one that boots is not removed", Of: rule.Persisted})
	}
	return changes
}
