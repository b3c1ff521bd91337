// Package firewall is what the firewall configurations on disk say: ufw, nftables, and the rules files
// of iptables and ip6tables. It has no opinions and changes nothing. The facts are those of ufw(8),
// ufw-framework(8), nft(8) and iptables-save(8).
package firewall

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// Chain is a base chain, one that packets enter by themselves.
type Chain struct {
	Family string // ip, ip6, inet
	Table  string
	Name   string
	Hook   string // input, forward, output
	Policy string // accept, drop
	Rules  []string
	Path   string
	Line   int
}

// Rules is the configuration of one program.
type Rules struct {
	Path   string
	Exists bool
	Tables int
	Chains []Chain
	Rules  []string // all rules, of every chain
}

const maxFiles = 256

// Iptables reads what iptables-restore gets at boot: of the places that distributions use, the first
// that exists.
func Iptables(f host.Files, six bool) (Rules, error) {
	places := []string{"/etc/iptables/rules.v4", "/etc/sysconfig/iptables", "/etc/systemd/scripts/ip4save", "/etc/iptables/iptables.rules"}
	if six {
		places = []string{"/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables", "/etc/systemd/scripts/ip6save", "/etc/iptables/ip6tables.rules"}
	}
	for _, p := range places {
		content, err := f.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Rules{}, fmt.Errorf("cannot read %s: %w", p, err)
		}
		r, err := ParseSave(p, string(content))
		r.Exists = true
		for i := range r.Chains {
			r.Chains[i].Family = map[bool]string{false: "ip", true: "ip6"}[six]
		}
		return r, err
	}
	return Rules{}, nil
}

// ParseSave reads the format of iptables-save. Chains are those of the table filter.
func ParseSave(p, content string) (Rules, error) {
	r := Rules{Path: p}
	table := ""
	for i, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '*':
			table = line[1:]
			r.Tables++
		case line == "COMMIT":
			table = ""
		case table == "":
			return r, fmt.Errorf("%s:%d: a line outside any table", p, i+1)
		case line[0] == ':':
			words := strings.Fields(line[1:])
			if len(words) < 2 {
				return r, fmt.Errorf("%s:%d: a chain without a policy", p, i+1)
			}
			if hook := strings.ToLower(words[0]); table == "filter" && slices.Contains([]string{"input", "forward", "output"}, hook) {
				r.Chains = append(r.Chains, Chain{Table: table, Name: words[0], Hook: hook, Policy: strings.ToLower(words[1]), Path: p, Line: i + 1})
			}
		default:
			words := strings.Fields(line)
			if len(words) < 2 || table != "filter" {
				continue
			}
			text := strings.Join(words, " ")
			r.Rules = append(r.Rules, text)
			for c := range r.Chains {
				if (words[0] == "-A" || words[0] == "-I") && r.Chains[c].Name == words[1] {
					r.Chains[c].Rules = append(r.Chains[c].Rules, text)
				}
				if words[0] == "-P" && r.Chains[c].Name == words[1] && len(words) > 2 {
					r.Chains[c].Policy = strings.ToLower(words[2])
				}
			}
		}
	}
	return r, nil
}

// Nftables reads what nftables.service loads.
func Nftables(f host.Files) (Rules, error) {
	for _, p := range []string{"/etc/nftables.conf", "/etc/sysconfig/nftables.conf", "/etc/nftables/nftables.conf"} {
		if _, err := f.Stat(p); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		r := Rules{Path: p, Exists: true}
		n := nftLoader{f: f, r: &r}
		return r, n.file(p, 0)
	}
	return Rules{}, nil
}

type nftLoader struct {
	f     host.Files
	r     *Rules
	files int
}

var nftInclude = regexp.MustCompile(`^\s*include\s+"([^"]+)"`)

func (n *nftLoader) file(p string, depth int) error {
	if n.files++; depth > 16 || n.files > maxFiles {
		return fmt.Errorf("cannot read %s: too many includes", p)
	}
	content, err := n.f.ReadFile(p)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", p, err)
	}
	parsed := ParseNft(p, string(content))
	n.r.Tables += parsed.Tables
	n.r.Rules = append(n.r.Rules, parsed.Rules...)
	n.r.Chains = append(n.r.Chains, parsed.Chains...)
	for i, line := range strings.Split(string(content), "\n") {
		m := nftInclude.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pattern := m[1]
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(p), pattern)
		}
		files, err := host.Glob(n.f, pattern)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", p, i+1, err)
		}
		for _, f := range files {
			if err := n.file(f, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	nftTable = regexp.MustCompile(`^table\s+(?:(ip|ip6|inet|arp|bridge|netdev)\s+)?(\S+)\s*$`)
	nftChain = regexp.MustCompile(`^chain\s+(\S+)\s*$`)
	nftBase  = regexp.MustCompile(`\btype\s+filter\s+hook\s+(input|forward|output)\b`)
	nftDrop  = regexp.MustCompile(`\bpolicy\s+(accept|drop)\b`)
)

// ParseNft reads tables with their chains as a file declares them, without what it includes.
func ParseNft(p, content string) Rules {
	r := Rules{Path: p}
	family, table, chain, base := "", "", "", -1
	depth := 0
	other := 0 // inside a set, map or anonymous block
	for _, st := range nftStatements(content) {
		text := strings.Join(strings.Fields(st.text), " ")
		switch {
		case st.open && other > 0:
			other++
		case st.close && other > 0:
			other--
		case st.open && depth == 0 && nftTable.MatchString(text):
			m := nftTable.FindStringSubmatch(text)
			family, table, depth = m[1], m[2], 1
			if family == "" {
				family = "ip"
			}
			r.Tables++
		case st.open && depth == 1 && nftChain.MatchString(text):
			chain, base, depth = nftChain.FindStringSubmatch(text)[1], -1, 2
		case st.open:
			other = 1
		case st.close:
			depth = max(0, depth-1)
		case depth == 2 && nftBase.MatchString(text):
			r.Chains = append(r.Chains, Chain{Family: family, Table: table, Name: chain, Hook: nftBase.FindStringSubmatch(text)[1], Policy: "accept", Path: p, Line: st.line})
			base = len(r.Chains) - 1
		case depth == 2 && text != "":
			if m := nftDrop.FindStringSubmatch(text); m != nil && base >= 0 && strings.HasPrefix(text, "policy") {
				r.Chains[base].Policy = m[1]
				continue
			}
			r.Rules = append(r.Rules, text)
			if base >= 0 {
				r.Chains[base].Rules = append(r.Chains[base].Rules, text)
			}
		}
	}
	return r
}

type nftStatement struct {
	text        string
	line        int
	open, close bool
}

// nftStatements splits at line ends, semicolons and braces. A brace that follows an expression (a set
// of ports, a map) belongs to it; one that follows table, chain, set, map or counter opens a block.
func nftStatements(content string) []nftStatement {
	var out []nftStatement
	line, start := 1, 1
	var cur strings.Builder
	inline := 0
	quoted, comment, escaped := false, false, false
	emit := func(open bool) {
		if t := strings.TrimSpace(cur.String()); t != "" || open {
			out = append(out, nftStatement{text: t, line: start, open: open})
		}
		cur.Reset()
	}
	for _, c := range content {
		if c == '\n' {
			line++
			comment = false
			if escaped {
				escaped = false
				continue
			}
			if inline == 0 {
				emit(false)
				start = line
			} else {
				cur.WriteByte(' ')
			}
			continue
		}
		escaped = c == '\\'
		switch {
		case comment || escaped:
		case c == '"':
			quoted = !quoted
			cur.WriteRune(c)
		case quoted:
			cur.WriteRune(c)
		case c == '#':
			comment = true
		case c == '{' && (inline > 0 || !nftBlock(cur.String())):
			inline++
			cur.WriteRune(c)
		case c == '}' && inline > 0:
			inline--
			cur.WriteRune(c)
		case c == '{':
			emit(true)
			start = line
		case c == '}':
			emit(false)
			out = append(out, nftStatement{line: line, close: true})
			start = line
		case c == ';' && inline == 0:
			emit(false)
			start = line
		default:
			cur.WriteRune(c)
		}
	}
	emit(false)
	return out
}

func nftBlock(before string) bool {
	words := strings.Fields(before)
	return len(words) > 0 && slices.Contains([]string{"table", "chain", "set", "map", "flowtable", "counter", "quota", "limit", "ct", "add", "secmark", "synproxy"}, words[0]) &&
		(words[0] != "ct" && words[0] != "counter" && words[0] != "limit" && words[0] != "quota" || len(words) <= 3) && !slices.ContainsFunc(words, func(w string) bool {
		return w == "accept" || w == "drop" || strings.HasSuffix(w, "port") || w == "state"
	})
}

// UFW is the configuration of ufw.
type UFW struct {
	Exists                 bool // it is installed
	Enabled                bool
	Input, Output, Forward string // accept, drop, reject
	Loopback               bool   // before.rules lets the loopback interface talk
	Rules                  []string
	EnabledAt, PolicyAt    Place
}

// Place is a line of a file.
type Place struct {
	Path string
	Line int
	Text string
}

// LoadUFW reads the configuration of ufw.
func LoadUFW(f host.Files) (UFW, error) {
	u := UFW{Input: "drop", Output: "accept", Forward: "drop"}
	read := func(p string) (string, error) {
		b, err := f.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("cannot read %s: %w", p, err)
		}
		u.Exists = true
		return string(b), nil
	}
	conf, err := read("/etc/ufw/ufw.conf")
	if err != nil {
		return u, err
	}
	each(conf, func(i int, key, value, text string) {
		if key == "ENABLED" {
			u.Enabled, u.EnabledAt = strings.EqualFold(value, "yes"), Place{"/etc/ufw/ufw.conf", i, text}
		}
	})
	def, err := read("/etc/default/ufw")
	if err != nil {
		return u, err
	}
	each(def, func(i int, key, value, text string) {
		value = strings.ToLower(value)
		switch key {
		case "DEFAULT_INPUT_POLICY":
			u.Input, u.PolicyAt = value, Place{"/etc/default/ufw", i, text}
		case "DEFAULT_OUTPUT_POLICY":
			u.Output = value
		case "DEFAULT_FORWARD_POLICY":
			u.Forward = value
		}
	})
	before, err := read("/etc/ufw/before.rules")
	if err != nil {
		return u, err
	}
	accepts := false
	for _, line := range strings.Split(before, "\n") {
		accepts = accepts || strings.Join(strings.Fields(line), " ") == "-A ufw-before-input -i lo -j ACCEPT"
	}
	u.Loopback = accepts
	for _, p := range []string{"/etc/ufw/user.rules", "/etc/ufw/user6.rules"} {
		user, err := read(p)
		if err != nil {
			return u, err
		}
		for _, line := range strings.Split(user, "\n") {
			if t, ok := strings.CutPrefix(strings.TrimSpace(line), "### tuple ### "); ok {
				u.Rules = append(u.Rules, t)
			}
		}
	}
	return u, nil
}

// each calls f for every NAME=value of a file, quotes off.
func each(content string, f func(line int, key, value, text string)) {
	for i, text := range strings.Split(content, "\n") {
		key, value, ok := strings.Cut(strings.TrimSpace(text), "=")
		if ok && !strings.HasPrefix(key, "#") {
			f(i+1, strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"'`), text)
		}
	}
}
