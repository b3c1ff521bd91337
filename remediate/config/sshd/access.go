package sshd

import (
	"fmt"
	"slices"
	"strings"
)

// Refusal is why the server would not let a user in, whatever proof they have.
type Refusal struct {
	Reason string
	// At are the lines that decide.
	At []Place
}

func (r *Refusal) String() string {
	if len(r.At) == 0 {
		return r.Reason
	}
	places := make([]string, len(r.At))
	for i, p := range r.At {
		places[i] = fmt.Sprintf("%s (%s)", p, strings.TrimSpace(p.Text))
	}
	return r.Reason + ": " + strings.Join(places, ", ")
}

// Admits tells whether the access lists and PermitRootLogin let a connection's user in, in the order
// of allowed_user in auth.c; nil means yes.
func (c *Config) Admits(conn Conn) (*Refusal, error) {
	matched, err := c.matched(conn)
	if err != nil {
		return nil, err
	}
	get := func(name string) Setting {
		key, _ := c.parser.dialect.lookup(name)
		return c.setting(key, matched)
	}
	host := conn.Host
	if host == "" {
		host = conn.Addr
	}
	user := func(pattern string) bool { return matchUser(conn.User, host, conn.Addr, pattern) }
	group := func(pattern string) bool {
		return slices.ContainsFunc(conn.Groups, func(g string) bool { return matchPattern(g, pattern) })
	}
	if s := get("DenyUsers"); slices.ContainsFunc(s.Values, user) {
		return &Refusal{fmt.Sprintf("DenyUsers holds %s", conn.User), s.From}, nil
	}
	if s := get("AllowUsers"); len(s.Values) > 0 && !slices.ContainsFunc(s.Values, user) {
		return &Refusal{fmt.Sprintf("AllowUsers does not hold %s", conn.User), s.From}, nil
	}
	if s := get("DenyGroups"); slices.ContainsFunc(s.Values, group) {
		return &Refusal{fmt.Sprintf("DenyGroups holds a group of %s", conn.User), s.From}, nil
	}
	if s := get("AllowGroups"); len(s.Values) > 0 && !slices.ContainsFunc(s.Values, group) {
		return &Refusal{fmt.Sprintf("AllowGroups holds no group of %s", conn.User), s.From}, nil
	}
	if s := get("PermitRootLogin"); conn.User == "root" && (s.String() == "no" || s.String() == "forced-commands-only") {
		return &Refusal{"PermitRootLogin is " + s.String(), s.From}, nil
	}
	if c.parser.dialect.version.AtLeast(9, 9) {
		if s := get("RefuseConnection"); s.String() == "yes" {
			return &Refusal{"RefuseConnection is yes", s.From}, nil
		}
	}
	return nil, nil
}

// Logins lists the ways in which a connection's user can prove who they are: single methods, or
// chains such as "publickey,password". Methods that are off are left out, and so are the chains that
// need them.
func (c *Config) Logins(conn Conn) ([]string, error) {
	matched, err := c.matched(conn)
	if err != nil {
		return nil, err
	}
	get := func(name string) Setting {
		key, ok := c.parser.dialect.lookup(name)
		if !ok || key.form == formIgnored {
			return Setting{}
		}
		return c.setting(key, matched)
	}
	root := get("PermitRootLogin").String()
	enabled := func(method string) bool {
		name, _, _ := strings.Cut(method, ":")
		switch name {
		case "publickey":
			return get("PubkeyAuthentication").String() == "yes"
		case "password":
			return get("PasswordAuthentication").String() == "yes" && (conn.User != "root" || root == "yes")
		case "keyboard-interactive":
			return get("KbdInteractiveAuthentication").String() == "yes" && (conn.User != "root" || root == "yes")
		case "hostbased":
			return get("HostbasedAuthentication").String() == "yes"
		case "gssapi-with-mic", "gssapi-keyex":
			return get("GSSAPIAuthentication").String() == "yes"
		}
		return false
	}
	chains := get("AuthenticationMethods").Values
	if len(chains) == 0 || chains[0] == "any" {
		chains = []string{"publickey", "password", "keyboard-interactive", "hostbased", "gssapi-with-mic"}
	}
	var out []string
	for _, chain := range chains {
		if !slices.ContainsFunc(strings.Split(chain, ","), func(m string) bool { return !enabled(m) }) {
			out = append(out, chain)
		}
	}
	return out, nil
}
