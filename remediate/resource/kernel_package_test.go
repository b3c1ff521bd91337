package resource

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestKernelsOfPackages(t *testing.T) {
	const installed = "Package: %s\nStatus: install ok installed\nVersion: 1\n\n"
	for name, tc := range map[string]struct {
		kernels, packages []string
		says              string // of a deviation
	}{
		"a signed one":                         {[]string{"6.8.0-1-azure"}, []string{"linux-image-6.8.0-1-azure"}, ""},
		"an unsigned one":                      {[]string{"6.8.0-1-azure"}, []string{"linux-image-unsigned-6.8.0-1-azure"}, ""},
		"one beside another's package":         {[]string{"6.8.0-1-azure", "6.8.0-2-azure"}, []string{"linux-image-6.8.0-1-azure"}, "/boot/vmlinuz-6.8.0-2-azure"},
		"the package that only names a flavor": {[]string{"6.8.0-1-azure"}, []string{"linux-image-azure"}, "/boot/vmlinuz-6.8.0-1-azure"},
		"its modules are not it":               {[]string{"6.8.0-1-azure"}, []string{"linux-modules-6.8.0-1-azure"}, "/boot/vmlinuz-6.8.0-1-azure"},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
			status := strings.Replace(installed, "%s", "base", 1)
			for _, p := range tc.packages {
				status += strings.Replace(installed, "%s", p, 1)
			}
			f.Write("/var/lib/dpkg/status", status)
			for _, k := range tc.kernels {
				f.Write("/boot/vmlinuz-"+k, "")
			}
			r := mustBlock(t, kernelPackageKind(), "kernel_package \"installed\" {\n}")
			o := observe(t, f, r)
			if (len(r.Diff(o)) == 0) != (tc.says == "") || !strings.Contains(o.Message, tc.says) || len(o.Evidence) != len(tc.kernels) {
				t.Errorf("%+v", o)
			}
		})
	}
	f := hosttest.Tree(t, "")
	r := mustBlock(t, kernelPackageKind(), "kernel_package \"installed\" {\n}")
	if o := observe(t, f, r); o.NotApplicable == "" {
		t.Errorf("a tree without a kernel: %+v", o)
	}
	f.Write("/boot/vmlinuz-1", "")
	if _, err := r.Observe(t.Context(), f); err == nil {
		t.Error("a kernel without any record of packages is no error")
	}
}

func TestKernelOwnersOfRPM(t *testing.T) {
	o := rpmKernel("kernel", "6.6.96.2-1.azl3")
	for version, want := range map[string]bool{"6.6.96.2-1.azl3": true, "6.6.96.2-1.azl3.x86_64": true, "6.6.96.2-1.azl30": false, "6.6.96.2": false} {
		if got := o.brings(version); got != want {
			t.Errorf("%s: %t", version, got)
		}
	}
}
