//go:build linux

package lab

// aliceYescrypt is AlicePassword as Ubuntu hashes it.
const aliceYescrypt = "$y$j9T$fLlNvObfYdcXeVm9xcyEb0$uAQSmPvgnILmubjPzoFmHl4nHstnk3R./1r2Xo8H8c2"

// ubuntuUmask is the line that Ubuntu's pam-auth-update template has and Debian 12's doesn't. It goes into the template
// as well, so that the node's pam-auth-update takes the file for unmodified.
const ubuntuUmask = `# The umask comes from login.defs, whatever way the user came in. See pam_umask(8).
session optional			pam_umask.so
`

// ubuntu is what the releases have in common. Its useradd and passwd take the hash from login.defs or from PAM, so
// that ENCRYPT_METHOD is the release's.
func ubuntu(release, encryptMethod string) shape {
	const additional = "# and here are more per-package modules"
	return shape{
		name:   "ubuntu-" + release,
		family: "ubuntu",
		links:  []link{{"etc/sysctl.d/99-sysctl.conf", "../sysctl.conf"}},
		dirs:   []mode{{"etc/modprobe.d", 0o755}, {"etc/profile.d", 0o755}},
		modes: []mode{
			{"boot/grub/grub.cfg", 0o600},
			{"etc/ssh/sshd_config.d/50-cloud-init.conf", 0o600},
			{"etc/update-motd.d/00-header", 0o755},
		},
		appends: []text{{path: "etc/login.defs", text: "ENCRYPT_METHOD " + encryptMethod + "\n"}},
		inserts: []text{
			{"etc/pam.d/common-session", additional, ubuntuUmask},
			{"etc/pam.d/common-session-noninteractive", additional, ubuntuUmask},
			{"usr/share/pam/common-session", additional, ubuntuUmask},
			{"usr/share/pam/common-session-noninteractive", additional, ubuntuUmask},
		},
		users: nodeUsers(0o750, aliceYescrypt),
	}
}

// ubuntu2204 keeps Debian's ssh.service, which is what Ubuntu had before it listened through a socket.
func ubuntu2204() shape { return ubuntu("22.04", "SHA512") }

func ubuntu2404() shape {
	s := ubuntu("24.04", "YESCRYPT")
	s.remove = append(s.remove,
		"etc/systemd/system/multi-user.target.wants/ssh.service",
		"etc/systemd/system/sshd.service",
		"usr/lib/systemd/system/ssh@.service",
		"usr/lib/systemd/system/rescue-ssh.target",
	)
	// Noble's socket activation: the socket starts ssh.service at the first connection.
	const socket = "/usr/lib/systemd/system/ssh.socket"
	s.links = append(s.links,
		link{"etc/systemd/system/sockets.target.wants/ssh.socket", socket},
		link{"etc/systemd/system/ssh.service.requires/ssh.socket", socket},
	)
	return s
}
