package sshd

import (
	"slices"
	"strings"
)

// algorithmSet is the defaults of one algorithm keyword and every name that the server knows, both in
// the server's order.
type algorithmSet struct {
	defaults []string
	known    []string
}

// algorithms gives the set of an algorithm keyword. The compiled-in list decides; the tables below
// are what releases had when they came out (myproposal.h, cipher.c, mac.c, kex.c, sshkey.c).
func (s Server) algorithms(id string) algorithmSet {
	var set algorithmSet
	var sign string
	switch id {
	case "ciphers":
		set = algorithmSet{defaultCiphers(s.Version), knownCiphers(s.Version)}
		sign = "chacha20-poly1305@openssh.com"
	case "macs":
		set = algorithmSet{defaultMACs(s.Version), knownMACs(s.Version)}
		sign = "umac-64-etm@openssh.com"
	case "kexalgorithms":
		set = algorithmSet{defaultKex(s.Version), knownKex(s.Version)}
		sign = "curve25519-sha256@libssh.org"
	case "casignaturealgorithms":
		// The linker merges this list with the tail of the next one, so it cannot be found.
		return algorithmSet{defaultCASignatures(s.Version), plainKeys(knownKeys(s.Version))}
	default:
		set = algorithmSet{defaultKeys(s.Version), knownKeys(s.Version)}
		sign = "ssh-ed25519-cert-v01@openssh.com"
	}
	if compiled := s.literal(sign); compiled != "" {
		set.defaults = strings.Split(compiled, ",")
	}
	if s.binary != nil {
		set.known = slices.DeleteFunc(set.known, func(n string) bool { return !s.mentions(n) })
	}
	for _, n := range set.defaults {
		if !slices.Contains(set.known, n) {
			set.known = append(set.known, n)
		}
	}
	return set
}

func list(names string) []string { return strings.Fields(names) }

func defaultCiphers(v Version) []string {
	if v.AtLeast(10, 0) {
		return list("chacha20-poly1305@openssh.com aes128-gcm@openssh.com aes256-gcm@openssh.com aes128-ctr aes192-ctr aes256-ctr")
	}
	return list("chacha20-poly1305@openssh.com aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com aes256-gcm@openssh.com")
}

func knownCiphers(v Version) []string {
	names := list("3des-cbc")
	if !v.AtLeast(7, 6) {
		names = append(names, list("blowfish-cbc cast128-cbc arcfour arcfour128 arcfour256")...)
	}
	names = append(names, list("aes128-cbc aes192-cbc aes256-cbc")...)
	if !v.AtLeast(8, 4) {
		names = append(names, "rijndael-cbc@lysator.liu.se")
	}
	return append(names, list("aes128-ctr aes192-ctr aes256-ctr aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com")...)
}

func defaultMACs(Version) []string {
	return list(`umac-64-etm@openssh.com umac-128-etm@openssh.com hmac-sha2-256-etm@openssh.com
		hmac-sha2-512-etm@openssh.com hmac-sha1-etm@openssh.com umac-64@openssh.com umac-128@openssh.com
		hmac-sha2-256 hmac-sha2-512 hmac-sha1`)
}

func knownMACs(v Version) []string {
	names := list("hmac-sha1 hmac-sha1-96 hmac-sha2-256 hmac-sha2-512 hmac-md5 hmac-md5-96")
	if !v.AtLeast(7, 6) {
		names = append(names, list("hmac-ripemd160 hmac-ripemd160@openssh.com")...)
	}
	names = append(names, list(`umac-64@openssh.com umac-128@openssh.com hmac-sha1-etm@openssh.com
		hmac-sha1-96-etm@openssh.com hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com
		hmac-md5-etm@openssh.com hmac-md5-96-etm@openssh.com`)...)
	if !v.AtLeast(7, 6) {
		names = append(names, "hmac-ripemd160-etm@openssh.com")
	}
	return append(names, list("umac-64-etm@openssh.com umac-128-etm@openssh.com")...)
}

func defaultKex(v Version) []string {
	var names []string
	if v.AtLeast(10, 0) {
		names = append(names, "mlkem768x25519-sha256")
	}
	if v.AtLeast(9, 0) {
		if v.AtLeast(9, 9) {
			names = append(names, "sntrup761x25519-sha512")
		}
		names = append(names, "sntrup761x25519-sha512@openssh.com")
	}
	if v.Major == 9 && v.Minor >= 9 {
		names = append(names, "mlkem768x25519-sha256")
	}
	if v.AtLeast(7, 4) {
		names = append(names, "curve25519-sha256")
	}
	names = append(names, list("curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521")...)
	if v.Major == 8 && v.Minor >= 9 {
		names = append(names, "sntrup761x25519-sha512@openssh.com")
	}
	if v.AtLeast(10, 0) {
		return names
	}
	names = append(names, "diffie-hellman-group-exchange-sha256")
	if v.AtLeast(7, 3) {
		names = append(names, list("diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 diffie-hellman-group14-sha256")...)
	}
	if !v.AtLeast(8, 2) {
		names = append(names, "diffie-hellman-group14-sha1")
	}
	return names
}

func knownKex(v Version) []string {
	names := list("diffie-hellman-group1-sha1 diffie-hellman-group14-sha1")
	if v.AtLeast(7, 3) {
		names = append(names, list("diffie-hellman-group14-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512")...)
	}
	names = append(names, list(`diffie-hellman-group-exchange-sha1 diffie-hellman-group-exchange-sha256
		ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521`)...)
	if v.AtLeast(7, 4) {
		names = append(names, "curve25519-sha256")
	}
	names = append(names, "curve25519-sha256@libssh.org")
	switch {
	case v.AtLeast(9, 9):
		names = append(names, list("sntrup761x25519-sha512 sntrup761x25519-sha512@openssh.com mlkem768x25519-sha256")...)
	case v.AtLeast(8, 5):
		// Distributions have carried the name without a domain back to 9.2.
		names = append(names, "sntrup761x25519-sha512@openssh.com")
	case v.AtLeast(8, 0):
		names = append(names, "sntrup4591761x25519-sha512@tinyssh.org")
	}
	return names
}

func defaultKeys(v Version) []string {
	switch {
	case v.AtLeast(8, 8):
		return list(`ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com
			ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com
			sk-ssh-ed25519-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com
			rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com
			ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521
			sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com rsa-sha2-512 rsa-sha2-256`)
	case v.AtLeast(8, 5):
		return list(`ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com
			ecdsa-sha2-nistp384-cert-v01@openssh.com ecdsa-sha2-nistp521-cert-v01@openssh.com
			sk-ssh-ed25519-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com
			rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com ssh-rsa-cert-v01@openssh.com
			ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521
			sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com rsa-sha2-512 rsa-sha2-256 ssh-rsa`)
	case v.AtLeast(8, 2):
		return list(`ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com
			ecdsa-sha2-nistp521-cert-v01@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com
			ssh-ed25519-cert-v01@openssh.com sk-ssh-ed25519-cert-v01@openssh.com
			rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com ssh-rsa-cert-v01@openssh.com
			ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 sk-ecdsa-sha2-nistp256@openssh.com
			ssh-ed25519 sk-ssh-ed25519@openssh.com rsa-sha2-512 rsa-sha2-256 ssh-rsa`)
	}
	names := list(`ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com
		ecdsa-sha2-nistp521-cert-v01@openssh.com ssh-ed25519-cert-v01@openssh.com`)
	if v.AtLeast(7, 8) {
		names = append(names, list("rsa-sha2-512-cert-v01@openssh.com rsa-sha2-256-cert-v01@openssh.com")...)
	}
	names = append(names, "ssh-rsa-cert-v01@openssh.com")
	names = append(names, list("ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-ed25519")...)
	if v.AtLeast(7, 3) {
		names = append(names, list("rsa-sha2-512 rsa-sha2-256")...)
	}
	return append(names, "ssh-rsa")
}

func knownKeys(v Version) []string {
	names := list("ssh-ed25519 ssh-ed25519-cert-v01@openssh.com")
	if v.AtLeast(8, 2) {
		names = append(names, list("sk-ssh-ed25519@openssh.com sk-ssh-ed25519-cert-v01@openssh.com")...)
	}
	names = append(names, list(`ecdsa-sha2-nistp256 ecdsa-sha2-nistp256-cert-v01@openssh.com
		ecdsa-sha2-nistp384 ecdsa-sha2-nistp384-cert-v01@openssh.com
		ecdsa-sha2-nistp521 ecdsa-sha2-nistp521-cert-v01@openssh.com`)...)
	if v.AtLeast(8, 2) {
		names = append(names, list("sk-ecdsa-sha2-nistp256@openssh.com sk-ecdsa-sha2-nistp256-cert-v01@openssh.com")...)
	}
	if v.AtLeast(8, 4) {
		names = append(names, "webauthn-sk-ecdsa-sha2-nistp256@openssh.com")
	}
	if !v.AtLeast(10, 0) {
		names = append(names, list("ssh-dss ssh-dss-cert-v01@openssh.com")...)
	}
	names = append(names, list("ssh-rsa ssh-rsa-cert-v01@openssh.com rsa-sha2-256")...)
	if !v.AtLeast(7, 8) {
		return append(names, "rsa-sha2-512")
	}
	return append(names, list("rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512 rsa-sha2-512-cert-v01@openssh.com")...)
}

func plainKeys(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return strings.Contains(n, "-cert-") })
}

func defaultCASignatures(v Version) []string {
	switch {
	case v.AtLeast(8, 5):
		return list(`ssh-ed25519 ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521
			sk-ssh-ed25519@openssh.com sk-ecdsa-sha2-nistp256@openssh.com rsa-sha2-512 rsa-sha2-256`)
	case v.AtLeast(8, 2):
		return list(`ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 sk-ecdsa-sha2-nistp256@openssh.com
			ssh-ed25519 sk-ssh-ed25519@openssh.com rsa-sha2-512 rsa-sha2-256`)
	}
	return list("ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521 ssh-ed25519 rsa-sha2-512 rsa-sha2-256 ssh-rsa")
}

// assemble works a value out as kex_assemble_names does: +, - and ^ are relative to the defaults, and
// names may be patterns over what the server knows. An empty answer is one that sshd refuses; a "-"
// that removes everything leaves everything, because sshd works the lists out once more for a
// connection and takes an empty one for one that is not set.
func (a algorithmSet) assemble(value string) []string {
	var names []string
	switch {
	case value == "":
		return slices.Clone(a.defaults)
	case value[0] == '-':
		for _, n := range a.defaults {
			if matchList(n, value[1:], false) != 1 {
				names = append(names, n)
			}
		}
		if len(names) == 0 {
			return slices.Clone(a.defaults)
		}
		return names
	case value[0] == '+':
		names = join(a.defaults, upToEmpty(value[1:]))
	case value[0] == '^':
		names = join(upToEmpty(value[1:]), a.defaults)
	default:
		names = strings.Split(value, ",")
	}
	var out []string
	for _, pattern := range names {
		if strings.HasPrefix(pattern, "!") {
			return nil
		}
		var matching []string
		for _, n := range a.known {
			if matchList(n, pattern, false) == 1 {
				matching = append(matching, n)
			}
		}
		out = join(out, matching)
	}
	return out
}

// join appends the names of b that a lacks, as kex_names_cat does: an a that is empty gives b as it is.
func join(a, b []string) []string {
	if len(a) == 0 {
		return slices.Clone(b)
	}
	out := slices.Clone(a)
	for _, n := range b {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// upToEmpty splits at commas and stops at an empty name, as the loops over strsep in OpenSSH do.
func upToEmpty(names string) []string {
	var out []string
	for n := range strings.SplitSeq(names, ",") {
		if n == "" {
			break
		}
		out = append(out, n)
	}
	return out
}

// valid reports whether sshd accepts a value at all. Ciphers, MACs and key exchanges are exact names,
// key types may be patterns.
func (a algorithmSet) valid(value string, patterns bool) bool {
	if value == "" {
		return false
	}
	if value[0] == '-' {
		return true
	}
	if value[0] == '+' || value[0] == '^' {
		value = value[1:]
	}
	if value == "" {
		return false
	}
	for _, n := range upToEmpty(value) {
		if slices.Contains(a.known, n) {
			continue
		}
		if !patterns || !slices.ContainsFunc(a.known, func(k string) bool { return matchList(k, n, false) != 0 }) {
			return false
		}
	}
	return true
}
