package resource

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const (
	oldKernel = "/lib/modules/6.8.0-40-generic"
	newKernel = "/lib/modules/6.8.0-49-generic"
)

// withKernel is a root with one kernel, which has cramfs and usb-storage as modules and squashfs
// built in.
func withKernel(t *testing.T) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.Write(newKernel+"/modules.dep", "kernel/fs/fat/vfat.ko.zst:\nkernel/fs/cramfs/cramfs.ko.zst: kernel/drivers/mtd/mtd.ko.zst\nkernel/drivers/usb/storage/usb-storage.ko.zst:\n")
	f.Write(newKernel+"/modules.builtin", "kernel/fs/squashfs/squashfs.ko\n")
	return f
}

func disabled(t *testing.T, name string) Resource {
	return mustBlock(t, kernelModuleKind(), `kernel_module "`+name+`" { state = "disabled" }`)
}

func TestKernelModulePassesOnlyWhenItCannotBeLoaded(t *testing.T) {
	tests := []struct {
		name    string
		module  string
		files   map[string]string
		passes  bool
		message string
	}{
		{"nothing is configured", "cramfs", nil, false, "no install line and no blacklist line names cramfs"},
		{"both lines stand in /etc", "cramfs", map[string]string{
			"/etc/modprobe.d/cis.conf": "install cramfs /bin/true\nblacklist cramfs\n",
		}, true, "modprobe runs /bin/true"},
		{"a blacklist line alone", "cramfs", map[string]string{
			"/etc/modprobe.d/cis.conf": "blacklist cramfs\n",
		}, false, "stops loading through aliases only"},
		{"an install line alone", "cramfs", map[string]string{
			"/etc/modprobe.d/cis.conf": "install cramfs /bin/false\n",
		}, false, "no blacklist line names cramfs"},
		{"dashes in the lines, underscores in the name", "usb_storage", map[string]string{
			"/etc/modprobe.d/cis.conf": "install usb-storage /bin/false\nblacklist usb-storage\n",
		}, true, ""},
		{"underscores in the lines, a dash in the name", "usb-storage", map[string]string{
			"/etc/modprobe.d/cis.conf": "install usb_storage /bin/false\nblacklist usb_storage\n",
		}, true, ""},
		{"an earlier file loads it after all", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install cramfs /sbin/modprobe --ignore-install cramfs\n",
			"/etc/modprobe.d/b.conf": "install cramfs /bin/false\nblacklist cramfs\n",
		}, false, "/etc/modprobe.d/a.conf:1 decides what is run to load cramfs"},
		{"a later file would load it", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install cramfs /bin/false\nblacklist cramfs\n",
			"/etc/modprobe.d/b.conf": "install cramfs /sbin/modprobe --ignore-install cramfs\n",
		}, true, ""},
		{"a pattern decides", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install cram* /bin/false\nblacklist cramfs\n",
		}, true, ""},
		{"a blacklist pattern is no pattern", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install cramfs /bin/false\nblacklist cram*\n",
		}, false, "no blacklist line"},
		{"the file of a package is masked by a link to /dev/null", "cramfs", map[string]string{
			"/usr/lib/modprobe.d/cis.conf": "install cramfs /bin/false\nblacklist cramfs\n",
			"/etc/modprobe.d/cis.conf":     "-> /dev/null",
		}, false, "no install line"},
		{"the lines are continued", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install \\\n cramfs \\\n /bin/false\nblacklist \\\ncramfs\n",
		}, true, ""},
		{"the command goes on", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install cramfs /bin/false || /sbin/modprobe -i cramfs\nblacklist cramfs\n",
		}, false, "may load it"},
		{"the file does not end in .conf", "cramfs", map[string]string{
			"/etc/modprobe.d/a.cnf": "install cramfs /bin/false\nblacklist cramfs\n",
		}, false, "no install line"},
		{"/run is gone at the next boot", "cramfs", map[string]string{
			"/run/modprobe.d/a.conf": "install cramfs /bin/false\nblacklist cramfs\n",
		}, false, "no install line"},
		{"a softdep of its own takes the effect from the install line", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install cramfs /bin/false\nblacklist cramfs\nsoftdep cramfs pre: vfat\n",
		}, false, "/etc/modprobe.d/a.conf:3 is a softdep line"},
		{"so does the one that depmod found in the module", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf":       "install cramfs /bin/false\nblacklist cramfs\n",
			newKernel + "/modules.softdep": "# made by depmod\nsoftdep cramfs post: vfat\n",
		}, false, "modules.softdep:2 is a softdep line"},
		{"an earlier empty softdep disarms it", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf":       "install cramfs /bin/false\nblacklist cramfs\nsoftdep cramfs pre:\n",
			newKernel + "/modules.softdep": "softdep cramfs post: vfat\n",
		}, true, ""},
		{"a softdep of another module is stopped, and mentioned", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install cramfs /bin/false\nblacklist cramfs\nsoftdep vfat pre: cramfs\n",
		}, true, "/etc/modprobe.d/a.conf:3 asks for it along with vfat"},
		{"a list asks for it at boot", "cramfs", map[string]string{
			"/etc/modprobe.d/a.conf":     "install cramfs /bin/false\nblacklist cramfs\n",
			"/etc/modules-load.d/x.conf": "# some\ncramfs\n",
		}, true, "/etc/modules-load.d/x.conf:2 asks for it at boot"},
		{"no kernel has it", "freevxfs", nil, true, "no installed kernel has it (6.8.0-49-generic)"},
		{"only another kernel has it", "freevxfs", map[string]string{
			oldKernel + "/modules.dep": "kernel/fs/freevxfs/freevxfs.ko:\n",
		}, false, "no install line"},
		{"it came with an update", "freevxfs", map[string]string{
			oldKernel + "/modules.dep": "updates/dkms/freevxfs.ko.xz:\n",
		}, false, "no install line"},
		{"another kernel has no index", "freevxfs", map[string]string{
			oldKernel + "/kernel/fs/x.ko": "",
		}, false, "kernel 6.8.0-40-generic has no modules.dep"},
		{"a leftover directory is no kernel", "freevxfs", map[string]string{
			oldKernel + "/build/Makefile": "",
		}, true, "no installed kernel has it"},
		{"it is built in", "squashfs", map[string]string{
			"/etc/modprobe.d/a.conf": "install squashfs /bin/false\nblacklist squashfs\n",
		}, false, "built into the kernel (/lib/modules/6.8.0-49-generic/modules.builtin:1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := withKernel(t)
			writeAll(f, tt.files)
			f.Link("/lib/modprobe.d", "/usr/lib/modprobe.d")
			r := disabled(t, tt.module)
			o := observe(t, f, r)
			changes := r.Diff(o)
			if passes := len(changes) == 0; passes != tt.passes {
				t.Errorf("passes = %v, want %v\n%+v", passes, tt.passes, changes)
			}
			if !strings.Contains(o.Message, tt.message) {
				t.Errorf("message is %q, want it to hold %q", o.Message, tt.message)
			}
			if !tt.passes && tt.module != "squashfs" {
				settle(t, f, r)
			}
		})
	}
}

// writeAll writes files; content that starts with an arrow makes a link.
func writeAll(f *hosttest.Fake, files map[string]string) {
	for path, content := range files {
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			f.Link(path, target)
		} else {
			f.Write(path, content)
		}
	}
}

func TestKernelModuleEditsAreTheSmallestOnes(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  map[string]string // what must stand there after; header left out
	}{
		{"a drop-in of our own", nil, map[string]string{
			"/etc/modprobe.d/harden.conf": "install cramfs /bin/false\nblacklist cramfs\n",
		}},
		{"a line of the administrator's is changed where it stands", map[string]string{
			"/etc/modprobe.d/a.conf": "# keep\ninstall cramfs /sbin/modprobe \\\n  -i cramfs\noptions vfat x=1\n",
		}, map[string]string{
			"/etc/modprobe.d/a.conf":      "# keep\ninstall cramfs /bin/false\noptions vfat x=1\n",
			"/etc/modprobe.d/harden.conf": "blacklist cramfs\n",
		}},
		{"a pattern keeps speaking for the others", map[string]string{
			"/etc/modprobe.d/a.conf": "install cr* /sbin/modprobe -i x\nblacklist cramfs\n",
		}, map[string]string{
			"/etc/modprobe.d/a.conf": "install cramfs /bin/false\ninstall cr* /sbin/modprobe -i x\nblacklist cramfs\n",
		}},
		{"the file of a package is overruled by one that comes first", map[string]string{
			"/usr/lib/modprobe.d/aliases.conf": "install cramfs /sbin/modprobe -i cramfs\n",
		}, map[string]string{
			"/usr/lib/modprobe.d/aliases.conf": "install cramfs /sbin/modprobe -i cramfs\n",
			"/etc/modprobe.d/00-harden.conf":   "install cramfs /bin/false\n",
			"/etc/modprobe.d/harden.conf":      "blacklist cramfs\n",
		}},
		{"depmod's softdep is disarmed", map[string]string{
			newKernel + "/modules.softdep": "softdep cramfs pre: vfat\n",
		}, map[string]string{
			"/etc/modprobe.d/harden.conf": "install cramfs /bin/false\nsoftdep cramfs pre:\nblacklist cramfs\n",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := withKernel(t)
			f.Mkdir("/usr/lib/modprobe.d")
			f.Link("/lib/modprobe.d", "/usr/lib/modprobe.d")
			writeAll(f, tt.files)
			settle(t, f, disabled(t, "cramfs"))
			for path, want := range tt.want {
				if got := strings.TrimPrefix(f.Read(path), strings.Join(Header, "\n")+"\n"); got != want {
					t.Errorf("%s is\n%swant\n%s", path, got, want)
				}
			}
		})
	}
}

func TestKernelModulesShareTheDropIn(t *testing.T) {
	f := withKernel(t)
	f.Write("/etc/modprobe.d/a.conf", "install * /sbin/modprobe -i $MODPROBE_MODULE\n")
	settle(t, f, disabled(t, "cramfs"), disabled(t, "usb-storage"), disabled(t, "vfat"))
	want := "install cramfs /bin/false\ninstall usb-storage /bin/false\ninstall vfat /bin/false\ninstall * /sbin/modprobe -i $MODPROBE_MODULE\n"
	if got := f.Read("/etc/modprobe.d/a.conf"); got != want {
		t.Errorf("a.conf is\n%s", got)
	}
}

func TestALoadedModuleIsUnloaded(t *testing.T) {
	f := withKernel(t)
	f.State = &hosttest.State{Kernel: "6.8.0-49-generic", Loaded: []string{"usb_storage", "vfat"}}
	r := disabled(t, "usb-storage")
	if o := observe(t, f, r); o.Running != "loaded" || o.Persisted != "loadable" {
		t.Errorf("found %q and %q", o.Persisted, o.Running)
	}
	o := settle(t, f, r)[0]
	if o.Running != "not loaded" || o.Persisted != "disabled" {
		t.Errorf("left %q and %q", o.Persisted, o.Running)
	}
}

func TestWithoutAKernelTheConfigurationDecides(t *testing.T) {
	f := hosttest.Tree(t, "")
	r := disabled(t, "hfs")
	o := observe(t, f, r)
	if len(r.Diff(o)) == 0 || !strings.Contains(o.Message, "no kernel is installed") {
		t.Errorf("passes: %s", o.Message)
	}
	settle(t, f, r)
}

func TestABuiltInModuleIsUnfixable(t *testing.T) {
	f := withKernel(t)
	r := disabled(t, "squashfs")
	o := observe(t, f, r)
	changes := r.Diff(o)
	if len(changes) != 1 {
		t.Fatalf("changes are %+v", changes)
	}
	if _, ok := changes[0].(rule.Unfixable); !ok {
		t.Errorf("the change is %+v", changes[0])
	}
	if w := winners(o); len(w) != 1 || w[0].Line != 1 || w[0].Path != newKernel+"/modules.builtin" {
		t.Errorf("winners are %+v", w)
	}
}

func TestOldKmodReadsFewerDirectories(t *testing.T) {
	lines := "install cramfs /bin/false\nblacklist cramfs\n"
	for so, passes := range map[string]bool{"2.3.0": false, "2.3.7": true, "2.4.1": true} {
		f := withKernel(t)
		f.Link("/lib/x86_64-linux-gnu/libkmod.so.2", "libkmod.so."+so)
		f.Write("/usr/local/lib/modprobe.d/x.conf", lines)
		r := disabled(t, "cramfs")
		if got := len(r.Diff(observe(t, f, r))) == 0; got != passes {
			t.Errorf("libkmod %s: passes = %v", so, got)
		}
	}
}

func TestKernelModuleRefusesNonsense(t *testing.T) {
	for _, src := range []string{
		`kernel_module "a b" { state = "disabled" }`,
		`kernel_module "cram*" { state = "disabled" }`,
		`kernel_module "cramfs" { state = "enabled" }`,
		`kernel_module "cramfs" {}`,
	} {
		if _, err := parseBlock(t, kernelModuleKind(), src); err == nil {
			t.Errorf("%s is accepted", src)
		}
	}
}

func TestAnUnreadableConfigurationIsAnError(t *testing.T) {
	f := withKernel(t)
	f.Link("/etc/modprobe.d/a.conf", "b.conf")
	f.Link("/etc/modprobe.d/b.conf", "a.conf")
	if _, err := disabled(t, "cramfs").Observe(t.Context(), f); err == nil {
		t.Error("a loop of links is read")
	}
}
