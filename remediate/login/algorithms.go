package login

import (
	"errors"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
)

// client is an ssh client and what it offers without any configuration, in its order of preference.
type client struct {
	name                         string
	kex, hostKeys, ciphers, macs []string
}

// The names of the clients in answers.
const (
	PackerClient  = "Packer's ssh client"
	OpenSSHClient = "OpenSSH's client"
)

// clients are those that people come with: the Go client that Packer's builders have in them, and the
// OpenSSH client of the server's own release. The first is what golang.org/x/crypto/ssh offers by
// itself; a test compares it with what that sends.
func clients(server sshd.Server) []client {
	words := strings.Fields
	aead := "aes128-gcm@openssh.com aes256-gcm@openssh.com chacha20-poly1305@openssh.com"
	ctr := " aes128-ctr aes192-ctr aes256-ctr"
	packer := client{
		name: PackerClient,
		kex: words(`mlkem768x25519-sha256 curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384
			ecdh-sha2-nistp521 diffie-hellman-group14-sha256 diffie-hellman-group14-sha1`),
		hostKeys: words(`rsa-sha2-256-cert-v01@openssh.com rsa-sha2-512-cert-v01@openssh.com ssh-rsa-cert-v01@openssh.com
			ssh-dss-cert-v01@openssh.com ecdsa-sha2-nistp256-cert-v01@openssh.com ecdsa-sha2-nistp384-cert-v01@openssh.com
			ecdsa-sha2-nistp521-cert-v01@openssh.com ssh-ed25519-cert-v01@openssh.com ecdsa-sha2-nistp256 ecdsa-sha2-nistp384
			ecdsa-sha2-nistp521 rsa-sha2-256 rsa-sha2-512 ssh-rsa ssh-dss ssh-ed25519`),
		ciphers: words(aead + ctr),
		macs: words(`hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-sha2-256 hmac-sha2-512 hmac-sha1
			hmac-sha1-96`),
	}
	stock := client{name: OpenSSHClient}
	stock.kex, stock.hostKeys, stock.ciphers, stock.macs = server.ClientDefaults()
	return []client{packer, stock}
}

// offered is what a server would answer with, and the lines that say so.
type offered struct {
	kex, hostKeys, ciphers, macs sshd.Setting
	// keys are the algorithms that the server has a key for, of those in hostKeys.
	keys []string
}

func (m *Machine) offer() (offered, error) {
	var o offered
	for _, s := range []struct {
		keyword string
		to      *sshd.Setting
	}{{"KexAlgorithms", &o.kex}, {"HostKeyAlgorithms", &o.hostKeys}, {"Ciphers", &o.ciphers}, {"MACs", &o.macs}} {
		var err error
		if *s.to, err = m.sshd.Effective(s.keyword, sshd.Conn{}); err != nil {
			return o, err
		}
	}
	types, err := m.hostKeyTypes()
	if err != nil {
		return o, err
	}
	for _, name := range o.hostKeys.List() {
		if len(types) == 0 || slices.Contains(types, keyType(name)) {
			o.keys = append(o.keys, name)
		}
	}
	return o, nil
}

// hostKeyTypes are the types of the host keys that are there. An image has none before its first boot,
// which makes one of each.
func (m *Machine) hostKeyTypes() ([]string, error) {
	s, err := m.sshd.Effective("HostKey", sshd.Conn{})
	if err != nil {
		return nil, err
	}
	var types []string
	for _, path := range s.Values {
		public, err := m.files.ReadFile(path + ".pub")
		if err != nil {
			continue
		}
		if f := strings.Fields(string(public)); len(f) > 0 {
			types = append(types, f[0])
		}
	}
	return types, nil
}

// keyType is the type of key that signs with an algorithm.
func keyType(algorithm string) string {
	switch algorithm {
	case "rsa-sha2-256", "rsa-sha2-512":
		return "ssh-rsa"
	case "rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com":
		return "ssh-rsa-cert-v01@openssh.com"
	}
	return algorithm
}

// meets goes through the negotiation: the client's first name that the server has is taken. A cipher
// that authenticates needs no MAC.
func (o offered) meets(c client) *Obstacle {
	agree := func(what string, theirs []string, s sshd.Setting, ours []string) (string, *Obstacle) {
		i := slices.IndexFunc(theirs, func(n string) bool { return slices.Contains(ours, n) })
		if i < 0 {
			return "", &Obstacle{"the server would offer no " + what + " that it knows", places(s.From)}
		}
		return theirs[i], nil
	}
	if _, bad := agree("key exchange", c.kex, o.kex, o.kex.List()); bad != nil {
		return bad
	}
	if _, bad := agree("type of host key", c.hostKeys, o.hostKeys, o.keys); bad != nil {
		return bad
	}
	cipher, bad := agree("cipher", c.ciphers, o.ciphers, o.ciphers.List())
	if bad != nil {
		return bad
	}
	if strings.Contains(cipher, "gcm") || strings.Contains(cipher, "poly1305") {
		return nil
	}
	_, bad = agree("MAC for its cipher "+cipher, c.macs, o.macs, o.macs.List())
	return bad
}

func places(from []sshd.Place) []Place {
	var out []Place
	for _, p := range from {
		out = append(out, Place(p))
	}
	return out
}

// setting gives a keyword for a connection; a keyword that this release lacks gives no values.
func (m *Machine) setting(name string, conn sshd.Conn) (sshd.Setting, error) {
	s, err := m.sshd.Effective(name, conn)
	if errors.Is(err, sshd.ErrKeyword) {
		return sshd.Setting{}, nil
	}
	return s, err
}
