package sudoers

import (
	"regexp"
	"slices"
	"strings"
)

// parser reads one statement.
type parser struct {
	place  Place
	text   string
	at     int
	config *Config
}

// statement reads a Defaults line, an alias or a user specification; the answer says what is wrong.
func (p *parser) statement() string {
	if strings.ContainsAny(p.text, "\r\f\v") {
		return "a carriage return or other odd white space stands in the line"
	}
	if rest, ok := strings.CutPrefix(p.text, "Defaults"); ok && (rest == "" || strings.ContainsRune(" \t@:!>", rune(rest[0]))) {
		p.at = len("Defaults")
		return p.defaults()
	}
	word, rest, _ := strings.Cut(strings.ReplaceAll(p.text, "\t", " "), " ")
	for _, kind := range []AliasKind{UserAlias, RunAsAlias, HostAlias, CommandAlias, "Cmd_Alias"} {
		if word == string(kind) {
			p.at = len(p.text) - len(rest)
			if kind == "Cmd_Alias" {
				kind = CommandAlias
			}
			return p.aliases(kind)
		}
	}
	return p.userSpec()
}

func (p *parser) blanks() bool {
	start := p.at
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	return p.at > start
}

func (p *parser) end() bool { return p.at >= len(p.text) }

func (p *parser) peek() byte {
	if p.end() {
		return 0
	}
	return p.text[p.at]
}

// take skips the byte when it is next.
func (p *parser) take(c byte) bool {
	if p.peek() != c || c == 0 {
		return false
	}
	p.at++
	return true
}

func (p *parser) negations() (negated bool) {
	for p.blanks(); p.take('!'); p.blanks() {
		negated = !negated
	}
	return negated
}

// word reads up to one of the stop bytes, with quotes and backslashes taken away.
func (p *parser) word(stop string) (word, problem string) {
	var b strings.Builder
	if p.peek() == '"' {
		problem := p.quoted(&b)
		return b.String(), problem
	}
	for !p.end() && !strings.ContainsRune(stop, rune(p.text[p.at])) {
		switch p.text[p.at] {
		case '"':
			return "", "a quote stands in the middle of a word"
		case '\\':
			if p.at+1 < len(p.text) {
				p.at++
			}
		}
		b.WriteByte(p.text[p.at])
		p.at++
	}
	return b.String(), ""
}

// quoted reads a text in double quotes; a backslash only takes the meaning of a quote.
func (p *parser) quoted(b *strings.Builder) string {
	for p.at++; !p.end(); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return ""
		case c == '\\' && p.at+1 < len(p.text) && p.text[p.at+1] == '"':
			p.at++
		}
		b.WriteByte(p.text[p.at])
	}
	return "a quote is not closed"
}

var setting = regexp.MustCompile(`^[a-z][a-z_]*`)

func (p *parser) defaults() string {
	s := Setting{Place: p.place, Prefix: "Defaults"}
	if c := p.peek(); c != 0 && c != ' ' && c != '\t' {
		s.Scope = Scope(c)
		p.at++
		start := p.at
		members, problem := p.members(" \t,=:")
		if problem != "" {
			return problem
		}
		s.Members, s.Prefix = members, "Defaults"+string(c)+strings.TrimSpace(p.text[start:p.at])
	}
	first := len(p.config.Defaults)
	for {
		one := s
		if problem := p.setting(&one); problem != "" {
			p.config.Defaults = p.config.Defaults[:first]
			return problem
		}
		p.config.Defaults = append(p.config.Defaults, one)
		if p.blanks(); p.end() {
			break
		}
		if !p.take(',') {
			p.config.Defaults = p.config.Defaults[:first]
			return "a comma is missing after the setting " + one.Name
		}
	}
	if len(p.config.Defaults) == first+1 {
		p.config.Defaults[first].Alone = true
	}
	return ""
}

func (p *parser) setting(s *Setting) string {
	if p.negations() {
		s.Op = Off
	}
	s.Name = setting.FindString(p.text[p.at:])
	if s.Name == "" {
		return "the name of a setting is missing"
	}
	p.at += len(s.Name)
	p.blanks()
	switch rest := p.text[p.at:]; {
	case strings.HasPrefix(rest, "="):
		p.at++
		return p.value(s, Set)
	case strings.HasPrefix(rest, "+="):
		p.at += 2
		return p.value(s, Add)
	case strings.HasPrefix(rest, "-="):
		p.at += 2
		return p.value(s, Remove)
	}
	return ""
}

func (p *parser) value(s *Setting, op Op) string {
	if s.Op == Off {
		return "a setting with ! takes no value"
	}
	s.Op = op
	p.blanks()
	if p.end() {
		return "the value of " + s.Name + " is missing"
	}
	start := p.at
	value, problem := p.word(" \t,=")
	if p.at == start || p.text[start] == '!' || p.peek() == '=' {
		return "the value of " + s.Name + " cannot be read"
	}
	s.Value = value
	return problem
}

// members reads a list whose items are separated by commas; stop bytes end an item.
func (p *parser) members(stop string) ([]Member, string) {
	var out []Member
	for {
		m := Member{Negated: p.negations()}
		if p.peek() == '/' && strings.Contains(stop, "(") {
			return nil, "a path stands where a name is expected"
		}
		var problem string
		if m.Name, problem = p.member(stop); problem != "" {
			return nil, problem
		}
		if m.Name == "" {
			return nil, "an item of a list is missing"
		}
		out = append(out, m)
		before := p.at
		p.blanks()
		if !p.take(',') {
			p.at = before
			return out, ""
		}
	}
}

var ipv6 = regexp.MustCompile(`^[0-9a-fA-F]*(:[0-9a-fA-F]*){2,7}(\.[0-9.]+)?(/[0-9a-fA-F:.]+)?`)

func (p *parser) member(stop string) (string, string) {
	if strings.Contains(stop, ":") {
		if m := ipv6.FindString(p.text[p.at:]); m != "" && strings.Count(m, ":") > 1 && !strings.HasSuffix(m, ":") {
			p.at += len(m)
			return m, ""
		}
		// %:name is a group of another database.
		if strings.HasPrefix(p.text[p.at:], "%:") {
			p.at += 2
			name, problem := p.word(stop)
			return "%:" + name, problem
		}
	}
	name, problem := p.word(stop)
	if problem == "" && name == "%" {
		problem = "a group has no name"
	}
	return name, problem
}

var aliasName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*`)

func (p *parser) aliases(kind AliasKind) string {
	for {
		p.blanks()
		a := Alias{Place: p.place, Kind: kind, Name: aliasName.FindString(p.text[p.at:])}
		if a.Name == "" || a.Name == "ALL" {
			return "the name of an alias is missing or not in capitals"
		}
		p.at += len(a.Name)
		p.blanks()
		if !p.take('=') {
			return "alias " + a.Name + " has no list"
		}
		var problem string
		if kind == CommandAlias {
			a.Members, problem = p.commandList()
		} else {
			a.Members, problem = p.members(" \t,=:()!")
		}
		if problem != "" {
			return problem
		}
		if _, have := p.config.alias(kind, a.Name); have {
			return "alias " + a.Name + " is defined twice"
		}
		p.config.Aliases = append(p.config.Aliases, a)
		if p.blanks(); p.end() {
			return ""
		}
		if !p.take(':') {
			return "the alias " + a.Name + " is followed by something else"
		}
	}
}

func (p *parser) commandList() ([]Member, string) {
	var out []Member
	for {
		m, problem := p.command()
		if problem != "" {
			return nil, problem
		}
		out = append(out, m)
		if p.blanks(); !p.take(',') {
			return out, ""
		}
	}
}

func (p *parser) userSpec() string {
	users, problem := p.members(" \t,=:()!")
	if problem != "" {
		return problem
	}
	first := len(p.config.Grants)
	for {
		if !p.blanks() && p.peek() != '!' {
			p.config.Grants = p.config.Grants[:first]
			return "a list of hosts is missing after the users"
		}
		if problem := p.privilege(users); problem != "" {
			p.config.Grants = p.config.Grants[:first]
			return problem
		}
		if p.blanks(); p.end() {
			return ""
		}
		if !p.take(':') {
			p.config.Grants = p.config.Grants[:first]
			return "the commands are followed by something else"
		}
		if p.peek() != ' ' && p.peek() != '\t' {
			p.text = p.text[:p.at] + " " + p.text[p.at:]
		}
	}
}

func (p *parser) privilege(users []Member) string {
	hosts, problem := p.members(" \t,=:()!")
	if problem != "" {
		return problem
	}
	for _, m := range hosts {
		if m.Name[0] == '%' || m.Name[0] == '#' {
			return m.Name + " is not a host"
		}
	}
	if p.blanks(); !p.take('=') {
		return "= is missing after the hosts"
	}
	g := Grant{Place: p.place, Users: users, Hosts: hosts}
	for {
		if problem := p.commandSpec(&g); problem != "" {
			return problem
		}
		p.config.Grants = append(p.config.Grants, g)
		if p.blanks(); !p.take(',') {
			return ""
		}
	}
}

var (
	option = regexp.MustCompile(`^(ROLE|TYPE|APPARMOR_PROFILE|PRIVS|LIMITPRIVS|TIMEOUT|NOTBEFORE|NOTAFTER|CWD|CHROOT)[ \t]*=`)
	tag    = regexp.MustCompile(`^(NO)?(EXEC|FOLLOW|LOG_INPUT|LOG_OUTPUT|MAIL|INTERCEPT|PASSWD|SETENV)[ \t]*:`)
)

// commandSpec reads a command with what stands before it, on top of what the commands before it left.
func (p *parser) commandSpec(g *Grant) string {
	p.blanks()
	if p.take('(') {
		if problem := p.runAs(g); problem != "" {
			return problem
		}
		p.blanks()
	}
	for m := p.next(option); m != ""; m = p.next(option) {
		p.blanks()
		if _, problem := p.word(" \t,:"); problem != "" {
			return problem
		}
		p.blanks()
	}
	for m := p.next(tag); m != ""; m = p.next(tag) {
		switch name := Tag(strings.TrimRight(m, " \t:")); name {
		case Passwd, NoPasswd:
			g.Authenticate = name
		}
		p.blanks()
	}
	var problem string
	g.Command, problem = p.command()
	return problem
}

// next takes what a pattern matches here.
func (p *parser) next(pattern *regexp.Regexp) string {
	m := pattern.FindString(p.text[p.at:])
	p.at += len(m)
	return m
}

func (p *parser) runAs(g *Grant) string {
	g.HasRunAs, g.RunAs, g.RunAsGroups = true, nil, nil
	for i, list := range []*[]Member{&g.RunAs, &g.RunAsGroups} {
		if i > 0 && !p.take(':') {
			break
		}
		p.blanks()
		if p.peek() == ')' || p.peek() == ':' {
			continue
		}
		members, problem := p.members(" \t,=:()!")
		if problem != "" {
			return problem
		}
		*list = members
		p.blanks()
	}
	if !p.take(')') {
		return "a parenthesis is not closed"
	}
	return ""
}

var digest = regexp.MustCompile(`^sha(224|256|384|512)[ \t]*:[ \t]*[A-Za-z0-9+/=]+`)

// command reads a command and its arguments. A backslash keeps the next byte from ending it.
func (p *parser) command() (Member, string) {
	m := Member{Negated: p.negations()}
	for d := digest.FindString(p.text[p.at:]); d != ""; d = digest.FindString(p.text[p.at:]) {
		p.at += len(d)
		p.blanks()
		if p.take(',') {
			p.blanks()
		}
	}
	var words []string
	for {
		p.blanks()
		w := p.argument(len(words) == 0)
		if w == "" {
			break
		}
		if w == "=" {
			return m, "a command is followed by ="
		}
		words = append(words, w)
	}
	if len(words) == 0 {
		return m, "a command is missing"
	}
	m.Name = strings.Join(words, " ")
	name := words[0]
	switch {
	case name == "ALL" || aliasName.FindString(name) == name:
		if len(words) > 1 {
			return m, name + " takes no arguments"
		}
	case name[0] != '/' && name[0] != '^' && !slices.Contains([]string{"sudoedit", "list"}, name):
		return m, "command " + name + " is not a full path"
	}
	return m, ""
}

// argument reads a word of a command. A path ends before an equals sign, which then starts an argument.
func (p *parser) argument(first bool) string {
	start := p.at
	stop := " \t,:"
	if first && p.peek() == '/' {
		stop += "="
	}
	if p.peek() == '^' {
		for i := p.at + 1; i < len(p.text); i++ {
			if p.text[i] == '\\' {
				i++
			} else if p.text[i] == '$' && (i+1 == len(p.text) || strings.ContainsRune(" \t,:=", rune(p.text[i+1]))) {
				p.at = i + 1
				return p.text[start:p.at]
			}
		}
	}
	for !p.end() && !strings.ContainsRune(stop, rune(p.text[p.at])) {
		if p.text[p.at] == '\\' && p.at+1 < len(p.text) {
			p.at++
		}
		p.at++
	}
	return p.text[start:p.at]
}
