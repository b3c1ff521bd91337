//go:build linux

package lab

import (
	"fmt"
	"strings"
)

// aliceSHA512 is AlicePassword as Azure Linux hashes it.
const aliceSHA512 = "$6$labnode0alice$duP0RlkIQTt8fSa12TyKLECoZyLIQjNHq68Cr5B44rTdhd2iiiRu8a." +
	"lF4OWv4SH/MNV2p0MRg59rmkRzzmQZ1"

// azurelinux is what the versions have in common; kernel is the release of the version's own.
func azurelinux(version, kernel string) shape {
	name := "azurelinux-" + version
	return shape{
		name:   name,
		family: "azurelinux",
		rename: []rename{
			{rpmDatabases + "/" + name + "/rpmdb.sqlite", rpmDatabase + "/rpmdb.sqlite"},
			{"usr/lib/systemd/system/cron.service", "usr/lib/systemd/system/crond.service"},
			{"usr/lib/systemd/system/chrony.service", "usr/lib/systemd/system/chronyd.service"},
			// As systemd itself installs it; Debian makes it an example. AKS finds /tmp to be a file system of its own.
			{"usr/share/systemd/tmp.mount", "usr/lib/systemd/system/tmp.mount"},
		},
		remove: []string{
			// Debian's PAM layout and what maintains it.
			"etc/pam.d",
			"usr/lib/pam.d",
			"usr/share/pam",
			"usr/share/pam-configs",
			"usr/sbin/pam-auth-update",
			"var/lib/pam",
			// Debian's way to package.
			"etc/apt",
			"etc/cron.daily/*",
			"etc/cron.d/*",
			"etc/cron.yearly",
			"etc/crontab",
			"etc/dpkg",
			"etc/logrotate.d/alternatives",
			"etc/logrotate.d/apt",
			"etc/logrotate.d/dpkg",
			"usr/bin/apt*",
			"usr/bin/dpkg*",
			"var/lib/apt",
			"var/lib/dpkg",
			"var/cache/apt",
			"var/log/alternatives.log",
			"var/log/apt",
			"var/log/dpkg.log",
			// Other unit names, no socket activation, other defaults.
			"etc/default/*",
			"etc/init.d/*", // systemd would make units of them
			"etc/rc?.d",
			"etc/modprobe.d/*",
			"etc/rsyslog.d/*",
			"etc/ssh/sshd_config.d",
			"etc/sysctl.d/*",
			"etc/systemd/system/*.service",
			"etc/systemd/system/multi-user.target.wants/*",
			"etc/systemd/system/sysinit.target.wants/apparmor.service",
			"etc/systemd/system/timers.target.wants/*",
			"usr/lib/modprobe.d/*",
			"usr/lib/sysctl.d/99-protect-links.conf",
			"usr/lib/systemd/system/apt-*",
			"usr/lib/systemd/system/dpkg-*",
			"usr/lib/systemd/system/rescue-ssh.target",
			"usr/lib/systemd/system/ssh.*",
			"usr/lib/systemd/system/ssh@.service",
			"usr/lib/systemd/system-preset/*",
			// The kernel is described by shapes/azurelinux/usr/lib/modules: names only, no code.
			"usr/lib/modules/*",
			"boot/*",
			"vmlinuz*",
		},
		links: []link{
			{"etc/os-release", "../usr/lib/os-release"},
			{"etc/sysctl.d/99-sysctl.conf", "../sysctl.conf"},
			// Programs and modules where Azure Linux has them, so that its own paths work.
			{"usr/lib/security", "x86_64-linux-gnu/security"},
			{"usr/libexec/sftp-server", "../lib/openssh/sftp-server"},
			{"usr/sbin/crond", "cron"},
			// Debian's cron asks PAM for "cron"; Azure Linux's crond for "crond".
			{"etc/pam.d/cron", "crond"},
			{"etc/systemd/system/syslog.service", "/usr/lib/systemd/system/rsyslog.service"},
			{"etc/systemd/system/multi-user.target.wants/sshd.service", "/usr/lib/systemd/system/sshd.service"},
			{"etc/systemd/system/multi-user.target.wants/crond.service", "/usr/lib/systemd/system/crond.service"},
			{"etc/systemd/system/multi-user.target.wants/chronyd.service", "/usr/lib/systemd/system/chronyd.service"},
			{"etc/systemd/system/multi-user.target.wants/rsyslog.service", "/usr/lib/systemd/system/rsyslog.service"},
			{"etc/systemd/system/multi-user.target.wants/iptables.service", "/usr/lib/systemd/system/iptables.service"},
			{"usr/lib/systemd/system/local-fs.target.wants/tmp.mount", "../tmp.mount"},
			{"etc/systemd/system/timers.target.wants/logrotate.timer", "/usr/lib/systemd/system/logrotate.timer"},
		},
		dirs: []mode{
			{"etc/cron.d", 0o700},
			{"etc/cron.daily", 0o700},
			{"etc/cron.hourly", 0o700},
			{"etc/cron.monthly", 0o700},
			{"etc/cron.weekly", 0o700},
			{"etc/default/grub.d", 0o755},
			{"etc/security/pwquality.conf.d", 0o755},
			{"etc/rsyslog.d", 0o755},
			{"var/log/faillock", 0o755},
		},
		modes: []mode{
			{"boot/grub2/grub.cfg", 0o600},
			{"etc/at.deny", 0o600},
			{"etc/cron.deny", 0o600},
			{"etc/gshadow", 0o000},
			{"etc/gshadow-", 0o000},
			{"etc/shadow", 0o000},
			{"etc/shadow-", 0o000},
			{"etc/ssh/sshd_config", 0o600},
			{"etc/sudoers", 0o440},
			{"usr/lib/systemd/systemd-coredump", 0o755},
			{"usr/libexec/iptables-restore", 0o755},
		},
		appends: []text{
			{path: "etc/group", text: "wheel:x:110:\nsyslog:x:111:\n"},
			{path: "etc/gshadow", text: "wheel:*::\nsyslog:!::\n"},
			{path: "etc/passwd", text: "syslog:x:110:111::/var/log:/sbin/nologin\n"},
			{path: "etc/shadow", text: "syslog:!:20000::::::\n"},
		},
		users: nodeUsers(0o755, aliceSHA512),
		extra: func(t *tree) error { return azurelinuxModules(t, kernel) },
	}
}

// azurelinux20 calls itself mariner: that was its name.
func azurelinux20() shape {
	s := azurelinux("2.0", "5.15.186.1-1.cm2")
	s.appends = append(s.appends, text{path: "etc/profile", text: "\numask 027\n"})
	return s
}

func azurelinux30() shape {
	s := azurelinux("3.0", "6.6.96.2-1.azl3")
	s.links = append(s.links,
		link{"etc/issue", "../usr/lib/issue"},
		link{"etc/issue.net", "../usr/lib/issue.net"},
		link{"etc/lsb-release", "../usr/lib/lsb-release"},
	)
	return s
}

// azurelinuxModules gives /lib/modules the modules that modules.dep names: empty files, because the node runs on the
// host's kernel and what matters is which of them exist.
func azurelinuxModules(t *tree, kernel string) error {
	dir := "usr/lib/modules/" + kernel
	if err := t.rename("usr/lib/modules/kernel", dir); err != nil {
		return err
	}
	deps, err := t.root.ReadFile(dir + "/modules.dep")
	if err != nil {
		return fmt.Errorf("cannot read modules.dep: %w", err)
	}
	for line := range strings.Lines(string(deps)) {
		file, _, _ := strings.Cut(line, ":")
		if err := t.write(dir+"/"+file, nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}
