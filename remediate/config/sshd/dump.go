package sshd

import (
	"slices"
	"strconv"
	"strings"
)

// Dump prints every keyword for a connection as sshd -T -C does: lower-case names, one line a value
// for keywords that add up, sorted.
func (c *Config) Dump(conn Conn) ([]string, error) {
	matched, err := c.matched(conn)
	if err != nil {
		return nil, err
	}
	var lines []string
	for i := range c.parser.dialect.rows {
		key := &c.parser.dialect.rows[i]
		if key.form == formInclude || key.form == formMatch {
			continue
		}
		s := c.setting(key, matched)
		if key.id() == "listenaddress" {
			s.Values = c.listenAddresses(s, matched)
		}
		if key.oneLine() {
			if len(s.Values) > 0 {
				lines = append(lines, key.id()+" "+strings.Join(s.Values, " "))
			}
			continue
		}
		for _, v := range s.Values {
			lines = append(lines, key.id()+" "+v)
		}
	}
	slices.Sort(lines)
	return lines, nil
}

// Decided lists what lines of the configuration decide for a connection, and how sshd -T prints it.
func (c *Config) Decided(conn Conn) ([]Printed, error) {
	matched, err := c.matched(conn)
	if err != nil {
		return nil, err
	}
	var out []Printed
	for i := range c.parser.dialect.rows {
		key := &c.parser.dialect.rows[i]
		if key.form == formInclude || key.form == formMatch || key.form == formListen {
			continue
		}
		s := c.setting(key, matched)
		if s.Default {
			continue
		}
		p := Printed{Setting: s, Lines: s.Values}
		if key.oneLine() {
			p.Lines = []string{strings.Join(s.Values, " ")}
		}
		out = append(out, p)
	}
	return out, nil
}

// Printed is a setting and the values of the lines that sshd -T prints for it.
type Printed struct {
	Setting
	Lines []string
}

// listenAddresses pairs addresses without a port with every Port, and leaves out the family that
// AddressFamily excludes. Names are left as they are: resolving them is not for a reader of files.
func (c *Config) listenAddresses(s Setting, matched state) []string {
	port, _ := c.parser.dialect.lookup("Port")
	family, _ := c.parser.dialect.lookup("AddressFamily")
	ports := c.setting(port, matched).Values
	only := c.setting(family, matched).String()
	var out []string
	for _, v := range s.Values {
		text, domain, _ := strings.Cut(v, " ")
		name, p, _ := hostPort(text)
		if ip, ok := parseAddr(name); ok {
			if only == "inet" && !ip.Is4() || only == "inet6" && ip.Is4() {
				continue
			}
			name = ip.String()
		}
		if strings.Contains(name, ":") {
			name = "[" + name + "]"
		}
		if domain != "" {
			domain = " " + domain
		}
		if p > 0 {
			out = append(out, name+":"+strconv.Itoa(p)+domain)
			continue
		}
		for _, each := range ports {
			out = append(out, name+":"+each+domain)
		}
	}
	return out
}
