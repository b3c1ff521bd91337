package resource

import (
	"context"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/grub"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const grubPasswordBlock = `grub_password "boot loader" {
 superuser = "root"
 entries = "unrestricted"
}`

const grubSample = `set timeout=0
menuentry 'Ubuntu' --class os $menuentry_id_option 'simple' {
	linux /boot/vmlinuz ro
}
submenu 'Advanced options' $menuentry_id_option 'advanced' {
	menuentry 'Recovery' {
		linux /boot/vmlinuz ro single
	}
}
menuentry 'Firmware' {
	fwsetup
}
`

const grubLinuxScript = `#! /bin/sh
CLASS="--class gnu-linux --class gnu --class os"
  CLASS="--class $(echo x) ${CLASS}"
echo "menuentry 'x' ${CLASS} \$menuentry_id_option 'simple' {"
    echo "submenu '$(gettext_printf "Advanced options for %s" "${OS}" | grub_quote)' \$menuentry_id_option 'gnulinux-advanced-$boot_device_id' {"
`

const realHash = "grub.pbkdf2.sha512.10000.0123456789ABCDEF0123456789ABCDEF.0123456789ABCDEF0123456789ABCDEF"

func TestTheBootLoaderGetsAPasswordAndBootingNeedsNone(t *testing.T) {
	for name, c := range map[string]struct{ config, want string }{
		"ubuntu":     {"/boot/grub/grub.cfg", "/etc/grub.d/01_harden"},
		"azurelinux": {"/boot/grub2/grub.cfg", "/etc/grub.d/01_harden"},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write(c.config, grubSample)
			f.Write("/etc/grub.d/10_linux", grubLinuxScript)
			f.Chattr("/etc/grub.d/10_linux", 0o755, 0, 0)
			settle(t, f, mustBlock(t, grubPasswordKind(), grubPasswordBlock))
			config := f.Read(c.config)
			for _, line := range []string{
				`set superusers="root"`, "password_pbkdf2 root " + rule.GrubPassword,
				"menuentry 'Ubuntu' --class os $menuentry_id_option 'simple' --unrestricted {",
				"submenu 'Advanced options' $menuentry_id_option 'advanced' --unrestricted {",
				"\tmenuentry 'Recovery' --unrestricted {", "menuentry 'Firmware' {",
			} {
				if !strings.Contains(config, line+"\n") {
					t.Errorf("grub.cfg lacks %q:\n%s", line, config)
				}
			}
			script := f.Read("/etc/grub.d/10_linux")
			for _, part := range []string{`CLASS="--class gnu-linux --class gnu --class os --unrestricted"`, `| grub_quote)' --unrestricted \$menuentry_id_option`} {
				if !strings.Contains(script, part) {
					t.Errorf("10_linux lacks %q:\n%s", part, script)
				}
			}
			if info, err := f.Stat(c.want); err != nil || info.Mode.Perm() != 0o700 {
				t.Errorf("%v %v", info, err)
			}
		})
	}
}

func TestAHashIsNeverShown(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/boot/grub/grub.cfg", "set superusers=root\npassword_pbkdf2 root "+realHash+"\n"+grubSample)
	for _, r := range []Resource{
		mustBlock(t, grubPasswordKind(), grubPasswordBlock),
		mustBlock(t, kernelArgumentKind(), "kernel_argument \"audit\" {\n value = \"1\"\n}"),
	} {
		o := observe(t, f, r)
		for _, s := range o.Sources {
			if strings.Contains(s.Text, "pbkdf2") {
				t.Errorf("%+v", s)
			}
		}
		changes := r.Diff(o)
		if len(changes) == 0 || strings.Contains(o.Message+o.Persisted, "pbkdf2.sha512") {
			t.Errorf("%+v", o)
		}
		for _, c := range changes {
			if e, ok := c.(rule.EditFile); ok && e.Path == "/boot/grub/grub.cfg" && !e.Secret {
				t.Error("the diff would show the hash")
			}
		}
	}
}

func TestAPasswordThatSomebodySetStays(t *testing.T) {
	for _, config := range []string{
		"set superusers=admin\npassword admin clear\n" + grubSample,
		"set superusers=admin\n" + grubSample,
	} {
		f := hosttest.Tree(t, "")
		f.Write("/boot/grub/grub.cfg", config)
		r := mustBlock(t, grubPasswordKind(), grubPasswordBlock)
		changes := r.Diff(observe(t, f, r))
		if _, ok := changes[0].(rule.Unfixable); !ok || len(changes) != 1 {
			t.Errorf("%+v", changes)
		}
	}
}

func TestNoGrubIsNotApplicable(t *testing.T) {
	f := hosttest.Tree(t, "")
	for _, r := range []Resource{mustBlock(t, grubPasswordKind(), grubPasswordBlock), mustBlock(t, kernelArgumentKind(), "kernel_argument \"audit\" {\n min = 1\n}")} {
		if o := observe(t, f, r); o.NotApplicable == "" {
			t.Errorf("%s: %+v", r.Ref(), o)
		}
	}
}

func TestEntriesInOtherFilesAreNoPass(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/boot/grub2/grub.cfg", "insmod blscfg\nblscfg\n")
	for _, r := range []Resource{mustBlock(t, grubPasswordKind(), grubPasswordBlock), mustBlock(t, kernelArgumentKind(), "kernel_argument \"audit\" {\n min = 1\n}")} {
		if _, err := r.Observe(context.Background(), f); err == nil {
			t.Errorf("%s is no error", r.Ref())
		}
	}
}

func TestARunningKernelKeepsItsArguments(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.State = &hosttest.State{}
	f.Write("/boot/grub/grub.cfg", "menuentry x {\n linux /v audit=1\n}\n")
	f.Write("/proc/cmdline", "ro quiet\n")
	r := mustBlock(t, kernelArgumentKind(), "kernel_argument \"audit\" {\n value = \"1\"\n}")
	changes := r.Diff(observe(t, f, r))
	if len(changes) != 1 || changes[0].Scope() != rule.Running {
		t.Errorf("%+v", changes)
	}
}

func TestSettingsThatCannotBeToldAreAnError(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/boot/grub/grub.cfg", "menuentry x {\n linux /v audit=1\n}\n")
	f.Write(grub.Defaults, "GRUB_CMDLINE_LINUX=\"$(cat /x)\"\n")
	r := mustBlock(t, kernelArgumentKind(), "kernel_argument \"audit\" {\n value = \"1\"\n}")
	if _, err := r.Observe(context.Background(), f); err == nil {
		t.Error("no error")
	}
}

func TestLoadedProfilesInAnotherModeAreSeen(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.State = &hosttest.State{}
	f.Write("/etc/apparmor.d/a", "profile a /a {\n}\n")
	f.Write("/sys/kernel/security/apparmor/profiles", "a (complain)\nb (enforce)\n")
	r := mustBlock(t, apparmorKind(), "apparmor \"x\" {\n mode = \"enforce\"\n}")
	changes := r.Diff(observe(t, f, r))
	if len(changes) != 1 || changes[0].Scope() != rule.Running {
		t.Errorf("%+v", changes)
	}
	if o := observe(t, hosttest.Tree(t, ""), r); o.NotApplicable == "" {
		t.Errorf("%+v", o)
	}
}

func TestTheGeneratorLeavesItsFileClosed(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/sbin/grub-mkconfig", "umask 077\nif [ x ] && ! grep \"^password\" ${grub_cfg}.new >/dev/null; then\n  chmod 444 ${grub_cfg}.new || true\nfi\n")
	r := mustBlock(t, grubGeneratorKind(), "grub_generator \"x\" {\n mode = \"0400\"\n}")
	if len(r.Diff(observe(t, f, r))) != 1 {
		t.Error("it passes")
	}
	settle(t, f, r)
	if got := f.Read("/usr/sbin/grub-mkconfig"); !strings.Contains(got, "  chmod 400 ${grub_cfg}.new || true\n") {
		t.Error(got)
	}
	if o := observe(t, hosttest.Tree(t, ""), r); o.NotApplicable == "" {
		t.Errorf("%+v", o)
	}
}
