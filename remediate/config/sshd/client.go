package sshd

import "slices"

// ClientDefaults is what the OpenSSH client of a release offers without any configuration, in its order
// of preference.
func ClientDefaults(v Version) (kex, hostKeys, ciphers, macs []string) {
	kex = defaultKex(v)
	if v.AtLeast(10, 0) { // which took these from the server alone
		kex = append(kex, list(`diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512
			diffie-hellman-group18-sha512 diffie-hellman-group14-sha256`)...)
	}
	return slices.Clip(kex), defaultKeys(v), defaultCiphers(v), defaultMACs(v)
}
