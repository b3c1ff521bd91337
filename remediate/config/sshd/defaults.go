package sshd

import "strings"

func defaultStartups() Startups { return Startups{Begin: 10, Rate: 30, Full: 100} }

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// defaults is what fill_default_server_options and dump_config of servconf.c give for a keyword that
// no line sets.
func (c *Config) defaults(key *keyword) []string {
	v := c.Server.Version
	one := func(s string) []string { return []string{s} }
	switch key.id() {
	case "acceptenv", "allowgroups", "allowusers", "denygroups", "denyusers", "hostcertificate",
		"logverbose", "persourcepenalties", "setenv", "subsystem":
		return nil
	case "addressfamily", "authenticationmethods", "permitopen", "permitlisten":
		return one("any")
	case "authorizedkeysfile":
		return []string{".ssh/authorized_keys", ".ssh/authorized_keys2"}
	case "hostkey":
		keys := []string{"/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key"}
		if !v.AtLeast(7, 5) {
			keys = []string{keys[0], "/etc/ssh/ssh_host_dsa_key", keys[1], keys[2]}
		}
		return keys
	case "channeltimeout", "unusedconnectiontimeout", "pubkeyauthoptions", "persourcemaxstartups":
		return one("none")
	case "clientalivecountmax":
		return one("3")
	case "clientaliveinterval":
		return one("0")
	case "compression":
		if !v.AtLeast(7, 4) {
			return one("delayed")
		}
		return one("yes")
	case "fingerprinthash":
		return one("SHA256")
	case "gssapikexalgorithms":
		return one("gss-group14-sha256-,gss-group16-sha512-,gss-nistp256-sha256-,gss-curve25519-sha256-,gss-group14-sha1-,gss-gex-sha1-")
	case "ipqos":
		// Debian and Ubuntu keep the classes that upstream left in 7.8.
		if v.AtLeast(7, 8) && !c.Server.mentions("debianbanner") {
			return []string{"af21", "cs1"}
		}
		return []string{"lowdelay", "throughput"}
	case "kbdinteractiveauthentication":
		if v.AtLeast(8, 7) {
			return one("yes")
		}
		return one("no")
	case "listenaddress":
		return []string{"[::]", "0.0.0.0"}
	case "logingracetime":
		return one("120")
	case "loglevel":
		return one("INFO")
	case "maxauthtries":
		return one("6")
	case "maxsessions":
		return one("10")
	case "maxstartups":
		return one(defaultStartups().String())
	case "modulifile":
		return one("/etc/ssh/moduli")
	case "pamservicename":
		return one("sshd")
	case "permitrootlogin":
		return one("without-password")
	case "permittunnel":
		return one("no")
	case "persourcenetblocksize":
		return one("32:128")
	case "pidfile":
		if c.Server.mentions("/var/run/sshd.pid") && !c.Server.mentions("\x00/run/sshd.pid") {
			return one("/var/run/sshd.pid")
		}
		return one("/run/sshd.pid")
	case "port":
		return one("22")
	case "protocol":
		return one("2")
	case "rekeylimit":
		return []string{"0", "0"}
	case "requiredrsasize":
		return one("1024")
	case "securitykeyprovider":
		return one("internal")
	case "sshdauthpath":
		return one("/usr/lib/openssh/sshd-auth")
	case "sshdsessionpath":
		return one("/usr/lib/openssh/sshd-session")
	case "streamlocalbindmask":
		return one("0177")
	case "syslogfacility":
		return one("AUTH")
	case "useprivilegeseparation":
		return one("sandbox")
	case "x11displayoffset":
		return one("10")
	case "xauthlocation":
		return one("/usr/bin/xauth")
	}
	switch key.form {
	case formAlgorithms:
		return one(strings.Join(c.parser.algorithms(key.id()).defaults, ","))
	case formFlag, formWord, formUserEnv:
		return one(c.defaultFlag(key.id()))
	}
	return one("none")
}

func (c *Config) defaultFlag(id string) string {
	switch id {
	case "allowagentforwarding", "allowstreamlocalforwarding", "allowtcpforwarding",
		"challengeresponseauthentication", "debianbanner", "gssapicleanupcredentials",
		"gssapistrictacceptorcheck", "ignorerhosts", "kerberosorlocalpasswd", "kerberosticketcleanup",
		"passwordauthentication", "permittty", "permituserrc", "printlastlog", "printmotd",
		"pubkeyauthentication", "strictmodes", "tcpkeepalive", "x11uselocalhost":
		return "yes"
	}
	return "no"
}
