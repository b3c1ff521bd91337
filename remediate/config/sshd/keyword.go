package sshd

import "strings"

// form is how a keyword's arguments are read and combined.
type form int

const (
	formFlag        form = iota // yes or no
	formWord                    // one of words
	formInt                     // a number
	formTime                    // a time span, in seconds
	formTimeOrNone              // the same, or none
	formArg                     // one argument, none for nothing
	formPath                    // the same, a path
	formCommand                 // the rest of the line: an absolute path with arguments, or none
	formRest                    // the rest of the line
	formAlgorithms              // an algorithm list
	formUserEnv                 // yes, no or a pattern list
	formLog                     // a log level or facility
	formStartups                // MaxStartups
	formIPQoS                   // one or two classes
	formOctal                   // an octal mask
	formRekey                   // bytes and an optional time
	formNetBlocks               // PerSourceNetBlockSize
	formLimitOrNone             // a number, or none
	formKeyOptions              // PubkeyAuthOptions
	formMethods                 // AuthenticationMethods
	formForwards                // PermitOpen, PermitListen
	formList                    // many arguments
	formUsers                   // many user patterns
	formEnvNames                // many names without =
	formEnvValues               // many NAME=VALUE
	formPort
	formListen
	formSubsystem
	formIgnored // the keyword does nothing
	formInclude
	formMatch
)

// combine is what happens when a keyword appears again.
type combine int

const (
	firstWins   combine = iota
	accumulates         // every appearance adds
	lastWins            // sshd overwrites: not what sshd_config(5) says, but what servconf.c does
)

// keyword is one row of the server's table.
type keyword struct {
	name    string // as sshd_config(5) spells it
	form    form
	combine combine
	match   bool     // allowed in a Match block
	words   []string // formWord: "word" or "word=canonical word"
	// since and until bound the releases that know the keyword; the zero value does not bound.
	since, until Version
	// patched marks a keyword that only distributions have.
	patched bool
}

func (k *keyword) id() string { return strings.ToLower(k.name) }

// oneLine reports whether sshd -T prints the values on one line; else each has its own.
func (k *keyword) oneLine() bool {
	return k.combine != accumulates && k.form != formEnvValues
}

// table lists the keywords of servers up to 10.0, from servconf.c. Its order is that of the manual.
func table(v Version) []keyword {
	// Some keywords were refused in Match blocks, or forgot who came first, until a release.
	perSourceFirst := lastWins
	if v.AtLeast(9, 5) {
		perSourceFirst = firstWins
	}
	forward := []string{"yes", "all=yes", "no", "remote", "local"}
	return []keyword{
		{name: "AcceptEnv", form: formEnvNames, combine: accumulates, match: true},
		{name: "AddressFamily", form: formWord, words: []string{"inet", "inet6", "any"}},
		{name: "AllowAgentForwarding", form: formFlag, match: true},
		{name: "AllowGroups", form: formList, combine: accumulates, match: true},
		{name: "AllowStreamLocalForwarding", form: formWord, words: forward, match: true},
		{name: "AllowTcpForwarding", form: formWord, words: forward, match: true},
		{name: "AllowUsers", form: formUsers, combine: accumulates, match: true},
		{name: "AuthenticationMethods", form: formMethods, match: true},
		{name: "AuthorizedKeysCommand", form: formCommand, match: true},
		{name: "AuthorizedKeysCommandUser", form: formArg, match: true},
		{name: "AuthorizedKeysFile", form: formList, match: true},
		{name: "AuthorizedPrincipalsCommand", form: formCommand, match: true},
		{name: "AuthorizedPrincipalsCommandUser", form: formArg, match: true},
		{name: "AuthorizedPrincipalsFile", form: formArg, match: true},
		{name: "Banner", form: formPath, match: true},
		{name: "CASignatureAlgorithms", form: formAlgorithms, match: true, since: Version{7, 9}},
		{name: "ChallengeResponseAuthentication", form: formFlag, until: Version{8, 6}},
		{name: "ChannelTimeout", form: formList, match: true, since: Version{9, 2}},
		{name: "ChrootDirectory", form: formArg, match: true},
		{name: "Ciphers", form: formAlgorithms},
		{name: "ClientAliveCountMax", form: formInt, match: true},
		{name: "ClientAliveInterval", form: formTime, match: true},
		{name: "Compression", form: formWord, words: []string{"yes", "delayed=yes", "no"}},
		{name: "DebianBanner", form: formFlag, patched: true},
		{name: "DenyGroups", form: formList, combine: accumulates, match: true},
		{name: "DenyUsers", form: formUsers, combine: accumulates, match: true},
		{name: "DisableForwarding", form: formFlag, match: true, since: Version{7, 4}},
		{name: "ExposeAuthInfo", form: formFlag, match: true, since: Version{7, 6}},
		{name: "FingerprintHash", form: formWord, combine: lastWins, words: []string{"md5=MD5", "sha1=SHA1", "sha256=SHA256", "sha384=SHA384", "sha512=SHA512"}},
		{name: "ForceCommand", form: formRest, match: true},
		{name: "GatewayPorts", form: formWord, words: []string{"clientspecified", "yes", "no"}, match: true},
		{name: "GSSAPIAuthentication", form: formFlag, match: true},
		{name: "GSSAPICleanupCredentials", form: formFlag},
		{name: "GSSAPIKexAlgorithms", form: formArg, patched: true},
		{name: "GSSAPIKeyExchange", form: formFlag, patched: true},
		{name: "GSSAPIStoreCredentialsOnRekey", form: formFlag, patched: true},
		{name: "GSSAPIStrictAcceptorCheck", form: formFlag},
		{name: "HostbasedAcceptedAlgorithms", form: formAlgorithms, match: true},
		{name: "HostbasedAuthentication", form: formFlag, match: true},
		{name: "HostbasedUsesNameFromPacketOnly", form: formFlag, match: true},
		{name: "HostCertificate", form: formPath, combine: accumulates},
		{name: "HostKey", form: formPath, combine: accumulates},
		{name: "HostKeyAgent", form: formPath},
		{name: "HostKeyAlgorithms", form: formAlgorithms},
		{name: "IgnoreRhosts", form: formWord, words: []string{"yes", "no", "shosts-only"}, match: v.AtLeast(8, 2)},
		{name: "IgnoreUserKnownHosts", form: formFlag},
		{name: "Include", form: formInclude, match: true, since: Version{8, 2}},
		{name: "IPQoS", form: formIPQoS, combine: lastWins, match: true},
		{name: "KbdInteractiveAuthentication", form: formFlag, match: true},
		{name: "KerberosAuthentication", form: formFlag, match: true},
		{name: "KerberosGetAFSToken", form: formFlag},
		{name: "KerberosOrLocalPasswd", form: formFlag},
		{name: "KerberosTicketCleanup", form: formFlag},
		{name: "KexAlgorithms", form: formAlgorithms},
		{name: "ListenAddress", form: formListen, combine: accumulates},
		{name: "LoginGraceTime", form: formTime},
		{name: "LogLevel", form: formLog, words: levels(), match: v.AtLeast(7, 7)},
		{name: "LogVerbose", form: formList, match: true, since: Version{8, 5}},
		{name: "MACs", form: formAlgorithms},
		{name: "Match", form: formMatch, match: true},
		{name: "MaxAuthTries", form: formInt, match: true},
		{name: "MaxSessions", form: formInt, match: true},
		{name: "MaxStartups", form: formStartups, combine: lastWins},
		{name: "ModuliFile", form: formPath, since: Version{8, 5}},
		{name: "PAMServiceName", form: formArg, match: true, since: Version{9, 8}},
		{name: "PasswordAuthentication", form: formFlag, match: true},
		{name: "PermitEmptyPasswords", form: formFlag, match: true},
		{name: "PermitListen", form: formForwards, match: true, since: Version{7, 8}},
		{name: "PermitOpen", form: formForwards, match: true},
		{name: "PermitRootLogin", form: formWord, match: true, words: []string{
			"without-password", "prohibit-password=without-password", "forced-commands-only", "yes", "no"}},
		{name: "PermitTTY", form: formFlag, match: true},
		{name: "PermitTunnel", form: formWord, words: []string{"no", "point-to-point", "ethernet", "yes"}, match: true},
		{name: "PermitUserEnvironment", form: formUserEnv},
		{name: "PermitUserRC", form: formFlag, match: true},
		{name: "PerSourceMaxStartups", form: formLimitOrNone, combine: perSourceFirst, since: Version{8, 5}},
		{name: "PerSourceNetBlockSize", form: formNetBlocks, combine: lastWins, since: Version{8, 5}},
		{name: "PerSourcePenalties", form: formList, combine: accumulates, since: Version{9, 8}},
		{name: "PerSourcePenaltyExemptList", form: formArg, since: Version{9, 8}},
		{name: "PidFile", form: formPath},
		{name: "Port", form: formPort, combine: accumulates},
		{name: "PrintLastLog", form: formFlag},
		{name: "PrintMotd", form: formFlag},
		{name: "Protocol", form: formArg, until: Version{7, 3}},
		{name: "PubkeyAcceptedAlgorithms", form: formAlgorithms, match: true},
		{name: "PubkeyAuthentication", form: formFlag, match: true},
		{name: "PubkeyAuthOptions", form: formKeyOptions, match: true, since: Version{8, 2}},
		{name: "RDomain", form: formArg, match: true, since: Version{7, 7}},
		{name: "RefuseConnection", form: formFlag, match: true, since: Version{9, 9}},
		{name: "RekeyLimit", form: formRekey, match: true},
		{name: "RequiredRSASize", form: formInt, match: true, since: Version{9, 1}},
		{name: "RevokedKeys", form: formPath, match: true},
		{name: "SecurityKeyProvider", form: formPath, since: Version{8, 2}},
		{name: "SetEnv", form: formEnvValues, match: true, since: Version{7, 8}},
		{name: "SshdAuthPath", form: formArg, since: Version{10, 0}},
		{name: "SshdSessionPath", form: formArg, since: Version{9, 8}},
		{name: "StreamLocalBindMask", form: formOctal, combine: lastWins, match: true},
		{name: "StreamLocalBindUnlink", form: formFlag, match: true},
		{name: "StrictModes", form: formFlag},
		{name: "Subsystem", form: formSubsystem, combine: accumulates, match: v.AtLeast(9, 5)},
		{name: "SyslogFacility", form: formLog, words: facilities()},
		{name: "TCPKeepAlive", form: formFlag},
		{name: "TrustedUserCAKeys", form: formPath, match: true},
		{name: "UnusedConnectionTimeout", form: formTimeOrNone, match: true, since: Version{9, 2}},
		{name: "UseDNS", form: formFlag},
		{name: "UsePAM", form: formFlag},
		{name: "UsePrivilegeSeparation", form: formArg, until: Version{7, 4}},
		{name: "VersionAddendum", form: formRest},
		{name: "X11DisplayOffset", form: formInt, match: true},
		{name: "X11Forwarding", form: formFlag, match: true},
		{name: "X11UseLocalhost", form: formFlag, match: true},
		{name: "XAuthLocation", form: formPath},
	}
}

// levels and facilities are the names of log.c; the canonical name is the first with the same value.
func levels() []string {
	return []string{"SILENT", "QUIET=SILENT", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1=DEBUG", "DEBUG2", "DEBUG3"}
}

func facilities() []string {
	return []string{"DAEMON", "USER", "AUTH", "AUTHPRIV", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6", "LOCAL7"}
}

// otherName is a second spelling of a keyword.
type otherName struct {
	name, of     string
	global       bool // allowed in the global section only, whatever the keyword itself allows
	since, until Version
}

func otherNames() []otherName {
	return []otherName{
		{name: "HostDSAKey", of: "HostKey"},
		{name: "DSAAuthentication", of: "PubkeyAuthentication", global: true},
		{name: "KeepAlive", of: "TCPKeepAlive"},
		{name: "GSSAPICleanupCreds", of: "GSSAPICleanupCredentials"},
		{name: "HostbasedAcceptedKeyTypes", of: "HostbasedAcceptedAlgorithms"},
		{name: "PubkeyAcceptedKeyTypes", of: "PubkeyAcceptedAlgorithms"},
		{name: "ChallengeResponseAuthentication", of: "KbdInteractiveAuthentication", since: Version{8, 7}},
		{name: "SkeyAuthentication", of: "KbdInteractiveAuthentication", since: Version{8, 7}},
		{name: "SkeyAuthentication", of: "ChallengeResponseAuthentication", until: Version{7, 4}},
	}
}

// ignoredKeyword is one that the server reads and drops: deprecated, or not built in.
type ignoredKeyword struct {
	name  string
	match bool
	since Version
}

func ignoredKeywords() []ignoredKeyword {
	return []ignoredKeyword{
		{name: "AFSTokenPassing"},
		{name: "AuthorizedKeysFile2", match: true},
		{name: "CheckMail"},
		{name: "GSSAPIUseSessionCredCache"},
		{name: "GSSUseSessionCCache"},
		{name: "KerberosTgtPassing"},
		{name: "KeyRegenerationInterval"},
		{name: "PAMAuthenticationViaKbdInt"},
		{name: "PermitBlacklistedKeys"},
		{name: "Protocol", since: Version{7, 4}},
		{name: "ReverseMappingCheck"},
		{name: "RhostsAuthentication"},
		{name: "RhostsRSAAuthentication", match: true},
		{name: "RSAAuthentication", match: true},
		{name: "ServerKeyBits"},
		{name: "SkeyAuthentication", since: Version{7, 5}},
		{name: "UseLogin"},
		{name: "UsePrivilegeSeparation", since: Version{7, 5}},
		{name: "VerifyReverseMapping"},
	}
}

// dialect is the table of one server, by lower-case name.
type dialect struct {
	version Version
	rows    []keyword
	byName  map[string]entry
}

type entry struct {
	key *keyword
	// match is whether this spelling is allowed in a Match block.
	match bool
}

func newDialect(s Server) *dialect {
	v := s.Version
	d := &dialect{version: v, byName: map[string]entry{}}
	for _, i := range ignoredKeywords() {
		if v.AtLeast(i.since.Major, i.since.Minor) {
			d.byName[strings.ToLower(i.name)] = entry{&keyword{name: i.name, form: formIgnored, match: i.match}, i.match}
		}
	}
	for _, k := range table(v) {
		if !v.within(k.since, k.until) {
			continue
		}
		if k.patched && s.binary != nil && !s.mentions(k.id()) {
			continue
		}
		d.rows = append(d.rows, k)
	}
	for i := range d.rows {
		k := &d.rows[i]
		d.byName[k.id()] = entry{k, k.match}
	}
	for _, o := range otherNames() {
		target, ok := d.byName[strings.ToLower(o.of)]
		if ok && v.within(o.since, o.until) {
			d.byName[strings.ToLower(o.name)] = entry{target.key, target.match && !o.global}
		}
	}
	if !v.AtLeast(8, 5) {
		// These two have their present names since 8.5.
		delete(d.byName, "hostbasedacceptedalgorithms")
		delete(d.byName, "pubkeyacceptedalgorithms")
	}
	return d
}

// lookup finds a keyword by any spelling that any release has, for questions about a keyword; what
// this server accepts in its file is byName alone.
func (d *dialect) lookup(name string) (*keyword, bool) {
	id := strings.ToLower(name)
	if e, ok := d.byName[id]; ok {
		return e.key, true
	}
	for i := range d.rows {
		if d.rows[i].id() == id {
			return &d.rows[i], true
		}
	}
	return nil, false
}

// within reports whether v lies between two releases, both included; the zero value does not bound.
func (v Version) within(since, until Version) bool {
	return v.AtLeast(since.Major, since.Minor) && (until == Version{} || until.AtLeast(v.Major, v.Minor))
}
