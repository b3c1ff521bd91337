package sshd

import (
	"slices"
	"strings"
)

// checkStart adds what sshd refuses once it has read everything: see "Check that options are
// sensible" in sshd.c.
func (c *Config) checkStart() {
	if ports := c.global["port"]; ports != nil && len(ports.values) > 256 {
		c.refuse(ports, "too many ports")
	}
	c.needsUser("AuthorizedKeysCommand", "AuthorizedKeysCommandUser")
	c.needsUser("AuthorizedPrincipalsCommand", "AuthorizedPrincipalsCommandUser")
	methods := c.global["authenticationmethods"]
	if methods == nil || !methods.set || methods.values[0] == "any" {
		return
	}
	if !slices.ContainsFunc(methods.values, func(chain string) bool {
		return !slices.ContainsFunc(strings.Split(chain, ","), func(m string) bool { return !c.methodEnabled(m) })
	}) {
		c.refuse(methods, "no chain of AuthenticationMethods consists of methods that are on")
	}
}

func (c *Config) methodEnabled(method string) bool {
	on := func(name string) bool {
		key, ok := c.parser.dialect.lookup(name)
		return ok && c.setting(key, state{}).String() == "yes"
	}
	name, _, _ := strings.Cut(method, ":")
	switch name {
	case "none":
		return true
	case "publickey":
		return on("PubkeyAuthentication")
	case "password":
		return on("PasswordAuthentication")
	case "keyboard-interactive":
		return on("KbdInteractiveAuthentication")
	case "hostbased":
		return on("HostbasedAuthentication")
	case "gssapi-with-mic":
		return on("GSSAPIAuthentication")
	case "gssapi-keyex":
		return on("GSSAPIKeyExchange")
	}
	return false
}

func (c *Config) needsUser(command, user string) {
	v := c.global[strings.ToLower(command)]
	if v == nil || !v.set || v.values[0] == "none" {
		return
	}
	if u := c.global[strings.ToLower(user)]; u == nil || !u.set {
		c.refuse(v, command+" is set without "+user)
	}
}

func (c *Config) refuse(v *value, reason string) {
	c.Problems = append(c.Problems, Problem{v.from[len(v.from)-1], reason})
}
