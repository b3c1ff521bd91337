package kubelet

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Normal brings a value into the form in which two values of one meaning are equal: 0 and 0s, true
// and True, lists without blanks. An error says that the kubelet would not take the value.
func (a Argument) Normal(value string) (string, error) {
	value = strings.TrimSpace(value)
	switch a.Type {
	case Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return "", fmt.Errorf("%q is neither true nor false", value)
		}
		return strconv.FormatBool(b), nil
	case Int:
		n, err := strconv.ParseInt(value, 0, 64)
		if err != nil {
			return "", fmt.Errorf("%q is not a whole number", value)
		}
		return strconv.FormatInt(n, 10), nil
	case Duration:
		d, err := time.ParseDuration(value)
		if err != nil {
			return "", fmt.Errorf("%q is not a duration such as 5m", value)
		}
		return d.String(), nil
	case Address:
		return bindHost(value)
	case List:
		var items []string
		for _, item := range strings.Split(value, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		return strings.Join(items, ","), nil
	}
	return value, nil
}

// bindHost is the address of host:port, or of an address alone. The loopback name counts as its address.
func bindHost(value string) (string, error) {
	if value == "" { // as kubeadm writes it, for the default
		return "127.0.0.1", nil
	}
	host := value
	if h, _, err := net.SplitHostPort(value); err == nil {
		host = h
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if host == "" && strings.HasPrefix(value, ":") {
		return "0.0.0.0", nil // every address
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return "", fmt.Errorf("%q is not an address to listen on", value)
	}
	return a.Unmap().String(), nil
}

// LineEdit replaces a line of a text; With has no line when the line goes.
type LineEdit struct {
	Line int // from 1; one past the end to append
	Old  string
	With []string
}

// SetField gives the edits that make a configuration file hold a value, checked by reading the
// result. No edits and no error never come together.
func (c *Config) SetField(a Argument, value string) ([]LineEdit, error) {
	edits := c.fieldEdits(a, value)
	if edits == nil {
		return nil, fmt.Errorf("the layout of %s does not allow for an edit of %s", c.Path, a.Field)
	}
	text := applyEdits(c.Text, edits)
	values, err := ParseConfig([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the layout of %s does not allow for an edit of %s", c.Path, a.Field)
	}
	after := Config{Path: c.Path, Text: text, Exists: true, values: values}
	got, _, err := after.get(a.Field)
	if err != nil {
		return nil, err
	}
	g, err1 := a.Normal(got)
	w, err2 := a.Normal(value)
	if err1 != nil || err2 != nil || g != w || !sameBut(c.values, values, strings.Split(a.Field, ".")) {
		return nil, fmt.Errorf("the layout of %s does not allow for an edit of %s", c.Path, a.Field)
	}
	return edits, nil
}

// sameBut reports whether two objects differ in nothing but one field.
func sameBut(a, b map[string]any, field []string) bool {
	without := func(m map[string]any) string {
		js, err := json.Marshal(m)
		if err != nil {
			return err.Error()
		}
		var copied map[string]any
		if err := json.Unmarshal(js, &copied); err != nil {
			return err.Error()
		}
		drop(copied, field)
		js, err = json.Marshal(copied)
		if err != nil {
			return err.Error()
		}
		return string(js)
	}
	return without(a) == without(b)
}

// drop deletes a field and the objects that this leaves empty.
func drop(m map[string]any, field []string) {
	if len(field) == 1 {
		delete(m, field[0])
		return
	}
	child, ok := m[field[0]].(map[string]any)
	if ok {
		drop(child, field[1:])
	}
	if m[field[0]] == nil || ok && len(child) == 0 {
		delete(m, field[0])
	}
}

func applyEdits(text string, edits []LineEdit) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if text == "" {
		lines = nil
	}
	for _, e := range slices.Backward(edits) {
		if e.Line > len(lines) {
			lines = append(lines, e.With...)
			continue
		}
		lines = slices.Replace(lines, e.Line-1, e.Line, e.With...)
	}
	return strings.Join(lines, "\n") + "\n"
}

func (c *Config) fieldEdits(a Argument, value string) []LineEdit {
	lines := strings.Split(strings.TrimSuffix(c.Text, "\n"), "\n")
	path := strings.Split(a.Field, ".")
	if n := c.LineOf(a.Field); n > 0 && n <= len(lines) {
		return c.replaceField(lines, n, path[len(path)-1], a, value)
	}
	if c.IsJSON() {
		return c.insertJSON(lines, path, a, value)
	}
	for depth := len(path) - 1; depth > 0; depth-- {
		n := c.LineOf(strings.Join(path[:depth], "."))
		if n == 0 {
			continue
		}
		parent := lines[n-1]
		indent := len(parent) - len(strings.TrimLeft(parent, " "))
		step := 2
		if n < len(lines) {
			if next := len(lines[n]) - len(strings.TrimLeft(lines[n], " ")); next > indent {
				step = next - indent
			}
		}
		return []LineEdit{{Line: n, Old: parent, With: append([]string{parent}, block(path[depth:], indent+step, a.yaml(value))...)}}
	}
	return []LineEdit{{Line: len(lines) + 1, With: block(path, 0, a.yaml(value))}}
}

// block writes nested keys in block YAML.
func block(path []string, indent int, value string) []string {
	var out []string
	for i, key := range path {
		line := strings.Repeat(" ", indent+2*i) + key + ":"
		if i == len(path)-1 {
			line += " " + value
		}
		out = append(out, line)
	}
	return out
}

func (c *Config) replaceField(lines []string, n int, key string, a Argument, value string) []LineEdit {
	line := lines[n-1]
	pattern := regexp.MustCompile(`^(.*?["']?` + regexp.QuoteMeta(key) + `["']?\s*:\s*)("(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|[^\s,#{}\[\]]+)?(.*)$`)
	m := pattern.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	if c.IsJSON() {
		if m[2] == "" {
			return nil
		}
		return []LineEdit{{Line: n, Old: line, With: []string{m[1] + a.json(value) + m[3]}}}
	}
	edits := []LineEdit{{Line: n, Old: line, With: []string{strings.TrimRight(m[1], " ") + " " + a.yaml(value) + m[3]}}}
	if m[2] == "" {
		// A block list follows, a line an item.
		for i := n; i < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[i]), "- "); i++ {
			edits = append(edits, LineEdit{Line: i + 1, Old: lines[i]})
		}
	}
	return edits
}

// insertJSON puts a field at the start of the object that it belongs to.
func (c *Config) insertJSON(lines []string, path []string, a Argument, value string) []LineEdit {
	depth, n := 0, 1
	for d := len(path) - 1; d > 0; d-- {
		if at := c.LineOf(strings.Join(path[:d], ".")); at > 0 {
			depth, n = d, at
			break
		}
	}
	if depth == 0 {
		for n <= len(lines) && !strings.Contains(lines[n-1], "{") {
			n++
		}
	}
	if n > len(lines) {
		return nil
	}
	line := lines[n-1]
	text := a.json(value)
	for _, key := range slices.Backward(path[depth:]) {
		text = `"` + key + `": ` + text
		if key != path[depth] {
			text = "{" + text + "}"
		}
	}
	at := strings.Index(line, "{")
	if depth > 0 {
		at = strings.Index(line, `"`+path[depth-1]+`"`)
		if at >= 0 {
			if brace := strings.Index(line[at:], "{"); brace >= 0 {
				at += brace
			} else {
				at = -1
			}
		}
	}
	if at < 0 {
		return nil
	}
	rest := strings.TrimSpace(line[at+1:])
	comma := ","
	if strings.HasPrefix(rest, "}") || rest == "" && n < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[n]), "}") {
		comma = ""
	}
	if rest == "" && n < len(lines) {
		indent := lines[n][:len(lines[n])-len(strings.TrimLeft(lines[n], " \t"))]
		return []LineEdit{{Line: n, Old: line, With: []string{line, indent + text + comma}}}
	}
	return []LineEdit{{Line: n, Old: line, With: []string{line[:at+1] + text + comma + line[at+1:]}}}
}

// plain is a word that YAML takes as a string, and as the same string.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./:-]*[A-Za-z0-9]$|^[0-9]+(h|m|s|ms)([0-9]+[hms])*$`)

func (a Argument) yaml(value string) string {
	switch {
	case a.Type == List:
		return "[" + strings.ReplaceAll(value, ",", ", ") + "]"
	case a.Type == Bool || a.Type == Int || plain.MatchString(value) && !strings.HasSuffix(value, ":"):
		return value
	}
	return a.json(value)
}

func (a Argument) json(value string) string {
	switch a.Type {
	case Bool, Int:
		return value
	case List:
		js, err := json.Marshal(strings.Split(value, ","))
		if err == nil {
			return string(js)
		}
	}
	return strconv.Quote(value)
}

// InCommand rewrites a flag where it stands in the text of an ExecStart= line or of a variable, given
// as lines. It says whether it found the flag with the old value; the last one counts.
func (f Flag) InCommand(raw []string, value string) ([]string, bool) {
	name := strings.ReplaceAll(regexp.QuoteMeta(f.Name), "-", "[-_]")
	pattern := `(^|[\s"'=])(--` + name + `)`
	if f.Bare {
		pattern += `()()($|[\s"'\\])`
	} else {
		pattern += `(=|\s+)(` + regexp.QuoteMeta(f.Value) + `)($|[\s"'\\])`
	}
	re := regexp.MustCompile(pattern)
	out := slices.Clone(raw)
	for i, line := range slices.Backward(out) {
		m := lastMatch(re, line)
		if m == nil {
			continue
		}
		sep := line[m[6]:m[7]]
		if sep == "" {
			sep = "="
		}
		out[i] = line[:m[6]] + sep + value + line[m[9]:]
		return out, true
	}
	return raw, false
}

// lastMatch gives the submatches of the last match, of which neighbours may share a blank.
func lastMatch(re *regexp.Regexp, line string) []int {
	var last []int
	for from := 0; ; {
		m := re.FindStringSubmatchIndex(line[from:])
		if m == nil {
			return last
		}
		for i := range m {
			m[i] += from
		}
		last, from = m, m[5]
	}
}
