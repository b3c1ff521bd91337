package sshd

import "slices"

// ClientDefaults is what the OpenSSH client of the server's own release offers without any configuration,
// in its order of preference: the same lists are compiled into both.
func (s Server) ClientDefaults() (kex, hostKeys, ciphers, macs []string) {
	kex = s.algorithms("kexalgorithms").defaults
	if s.Version.AtLeast(10, 0) { // which took these from the server alone
		for _, name := range list(`diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512
			diffie-hellman-group18-sha512 diffie-hellman-group14-sha256`) {
			if !slices.Contains(kex, name) {
				kex = append(kex, name)
			}
		}
	}
	return kex, s.algorithms("hostkeyalgorithms").defaults, s.algorithms("ciphers").defaults, s.algorithms("macs").defaults
}
