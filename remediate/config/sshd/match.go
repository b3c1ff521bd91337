package sshd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Conn is a connection for which Match blocks are decided. What is empty is unknown, and no condition
// on it holds.
type Conn struct {
	User   string
	Groups []string
	// Host is the name of the client. Without UseDNS sshd takes the address for it.
	Host    string
	Addr    string
	LAddr   string
	LPort   int
	RDomain string
}

// criterion is one condition of a Match line.
type criterion struct {
	attribute string // lower case
	argument  string
}

// parseMatch reads the conditions of a Match line. Until 9.8 they are taken with the older splitting
// of words; since 9.9 as all other arguments are.
func parseMatch(raw string, args []string, v Version) ([]criterion, error) {
	var words []string
	modern := v.AtLeast(9, 9)
	if modern {
		words = args
	} else {
		c := &cursor{rest: raw}
		for {
			w, ok := c.delim()
			if !ok || w == "" {
				break
			}
			words = append(words, w)
		}
		if c.rest != "" && !c.ended {
			return nil, fmt.Errorf("extra arguments %q", c.rest)
		}
	}
	var out []criterion
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word[:min(1, len(word))] == "#" {
			break
		}
		attribute, argument, joined := word, "", false
		if modern {
			attribute, argument, joined = strings.Cut(word, "=")
		}
		attribute = strings.ToLower(attribute)
		if attribute == "all" && !joined {
			if len(out) > 0 || i+1 < len(words) && !strings.HasPrefix(words[i+1], "#") {
				return nil, errors.New(`"all" cannot be combined with other conditions`)
			}
			return []criterion{{attribute: "all"}}, nil
		}
		if attribute == "invalid-user" && !joined && modern {
			out = append(out, criterion{attribute: attribute})
			continue
		}
		if !joined {
			i++
			if i >= len(words) {
				return nil, fmt.Errorf("condition %s has no argument", attribute)
			}
			argument = words[i]
		}
		if argument == "" || argument[0] == '#' {
			return nil, fmt.Errorf("condition %s has no argument", attribute)
		}
		if err := checkCriterion(attribute, argument, v); err != nil {
			return nil, err
		}
		out = append(out, criterion{attribute, argument})
	}
	if len(out) == 0 {
		return nil, errors.New("no condition is given")
	}
	return out, nil
}

func checkCriterion(attribute, argument string, v Version) error {
	switch attribute {
	case "user", "group", "host":
		return nil
	case "rdomain":
		if v.AtLeast(7, 7) {
			return nil
		}
	case "version":
		if v.AtLeast(10, 0) {
			return nil
		}
	case "address", "localaddress":
		if matchAddrs("", argument) != 0 {
			return fmt.Errorf("condition %s holds an impossible network: %q", attribute, argument)
		}
		return nil
	case "localport":
		if n, err := strconv.ParseUint(argument, 10, 16); err != nil || n > 65535 {
			return fmt.Errorf("condition %s is not a port: %q", attribute, argument)
		}
		return nil
	}
	return fmt.Errorf("unknown condition %s", attribute)
}

// holds decides a Match line. With no connection only "all" holds, as when sshd starts.
func holds(conditions []criterion, conn *Conn) bool {
	for _, c := range conditions {
		if c.attribute == "all" {
			return true
		}
		if conn == nil || !c.holds(*conn) {
			return false
		}
	}
	return true
}

func (c criterion) holds(conn Conn) bool {
	switch c.attribute {
	case "user":
		return conn.User != "" && matchList(conn.User, c.argument, false) == 1
	case "group":
		return matchGroups(conn.Groups, c.argument)
	case "host":
		return conn.Host != "" && matchHost(conn.Host, c.argument) == 1
	case "address":
		return conn.Addr != "" && matchAddrs(conn.Addr, c.argument) == 1
	case "localaddress":
		return conn.LAddr != "" && matchAddrs(conn.LAddr, c.argument) == 1
	case "localport":
		return conn.LPort != 0 && strconv.Itoa(conn.LPort) == strings.TrimLeft(c.argument, "0")
	case "rdomain":
		return conn.RDomain != "" && matchList(conn.RDomain, c.argument, false) == 1
	}
	return false
}
