package shell

import (
	"fmt"
	"strings"
)

// maxDepth bounds nesting, so that a hostile file cannot exhaust the stack.
const maxDepth = 100

type node interface{}

type (
	simple struct {
		line    int
		assigns []assign
		words   []word
	}
	assign struct {
		name   string
		append bool
		array  bool
		value  word
	}
	list struct{ items []node }
	// detached is what cannot change the shell itself: a subshell, a job, part of a pipeline.
	detached struct{ body node }
	not      struct{ body node }
	andOr    struct {
		left, right node
		and         bool
	}
	ifElse struct{ cond, then, els node }
	forIn  struct {
		name  string
		words []word
		has   bool
		body  node
	}
	loop struct {
		cond, body node
		until      bool
	}
	caseOf struct {
		subject word
		items   []caseItem
	}
	caseItem struct {
		patterns []word
		body     node
	}
	function struct {
		name string
		body node
	}
	bracket struct { // [[ ... ]]
		line  int
		words []word
	}
	opaque struct{}
)

type partKind int

const (
	literal partKind = iota
	parameter
	substitution
	unknownPart
)

type part struct {
	kind   partKind
	text   string // literal text, or the name of the parameter
	quoted bool
	op     string // of the parameter: "", ":-", "-", ":+", "+", or "?" for any other
	arg    word
	cmd    node
}

type word struct {
	parts []part
	line  int
}

// plain is the text of a word without any expansion.
func (w word) plain() (string, bool) {
	var b strings.Builder
	for _, p := range w.parts {
		if p.kind != literal {
			return "", false
		}
		b.WriteString(p.text)
	}
	return b.String(), true
}

// bare is the text of a word of which nothing is quoted.
func (w word) bare() string {
	if len(w.parts) == 1 && w.parts[0].kind == literal && !w.parts[0].quoted {
		return w.parts[0].text
	}
	return ""
}

type heredoc struct {
	end  string
	tabs bool
}

type parser struct {
	src     string
	pos     int
	line    int
	depth   int
	pending []heredoc
	err     error
}

func parse(src string) (node, error) {
	p := &parser{src: src, line: 1}
	n := p.list()
	if p.err == nil && p.pos < len(p.src) {
		p.fail("unexpected %q", p.src[p.pos])
	}
	return n, p.err
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("line %d: %s", p.line, fmt.Sprintf(format, args...))
	}
	p.pos = len(p.src)
}

func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail("nested too deeply")
		return false
	}
	return true
}

func (p *parser) peek() byte { return p.at(0) }

func (p *parser) at(i int) byte {
	if p.pos+i < len(p.src) {
		return p.src[p.pos+i]
	}
	return 0
}

func (p *parser) eof() bool { return p.pos >= len(p.src) }

func (p *parser) has(s string) bool { return strings.HasPrefix(p.src[p.pos:], s) }

func (p *parser) take(s string) bool {
	if p.has(s) {
		p.pos += len(s)
		return true
	}
	return false
}

// blanks skips what separates words: spaces, joined lines and comments.
func (p *parser) blanks() {
	for !p.eof() {
		switch c := p.peek(); {
		case c == ' ' || c == '\t' || c == '\r':
			p.pos++
		case c == '\\' && p.at(1) == '\n':
			p.pos += 2
			p.line++
		case c == '#' && (p.pos == 0 || strings.IndexByte(" \t\n;&|()`", p.src[p.pos-1]) >= 0):
			for !p.eof() && p.peek() != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

// newline takes a line feed and the here-documents that start after it.
func (p *parser) newline() {
	p.pos++
	p.line++
	docs := p.pending
	p.pending = nil
	for _, d := range docs {
		for !p.eof() {
			text, _, _ := strings.Cut(p.src[p.pos:], "\n")
			p.pos = min(p.pos+len(text)+1, len(p.src))
			p.line++
			if d.tabs {
				text = strings.TrimLeft(text, "\t")
			}
			if text == d.end {
				break
			}
		}
	}
}

func (p *parser) blankLines() {
	for {
		p.blanks()
		if p.peek() != '\n' || p.eof() {
			return
		}
		p.newline()
	}
}

const meta = " \t\r\n;&|<>()"

// reserved is the unquoted word at the current place, if it could be a reserved one.
func (p *parser) reserved() string {
	end := p.pos
	for end < len(p.src) && strings.IndexByte(meta, p.src[end]) < 0 {
		end++
	}
	switch w := p.src[p.pos:end]; w {
	case "if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac",
		"select", "function", "{", "}", "[[", "!", "time", "coproc":
		return w
	}
	return ""
}

func (p *parser) closes() bool {
	if p.eof() || p.peek() == ')' || p.has(";;") || p.has(";&") {
		return true
	}
	switch p.reserved() {
	case "then", "elif", "else", "fi", "do", "done", "esac", "}":
		return true
	}
	return false
}

func (p *parser) list() node {
	if !p.enter() {
		return opaque{}
	}
	defer func() { p.depth-- }()
	var l list
	for p.err == nil {
		p.blankLines()
		if p.closes() {
			break
		}
		n := p.andOr()
		p.blanks()
		switch {
		case p.eof() || p.closes():
		case p.peek() == '\n':
		case p.peek() == ';':
			p.pos++
		case p.peek() == '&':
			p.pos++
			n = detached{n}
		default:
			p.fail("unexpected %q", p.peek())
		}
		l.items = append(l.items, n)
	}
	return l
}

func (p *parser) andOr() node {
	n := p.pipeline()
	for p.err == nil {
		p.blanks()
		and := p.has("&&")
		if !and && !p.has("||") {
			break
		}
		p.pos += 2
		p.blankLines()
		n = andOr{left: n, right: p.pipeline(), and: and}
	}
	return n
}

func (p *parser) pipeline() node {
	negated := false
	for p.reserved() == "!" || p.reserved() == "time" {
		if p.reserved() == "!" {
			negated = !negated
		}
		p.pos += len(p.reserved())
		p.blanks()
	}
	n := p.command()
	for p.err == nil {
		p.blanks()
		if p.peek() != '|' || p.at(1) == '|' {
			break
		}
		p.pos++
		p.take("&")
		p.blankLines()
		n = list{[]node{detached{n}, detached{p.command()}}}
	}
	if negated {
		return not{n}
	}
	return n
}

func (p *parser) expect(w string) {
	p.blankLines()
	if p.reserved() != w {
		p.fail("%q is missing", w)
		return
	}
	p.pos += len(w)
}

func (p *parser) command() node {
	if !p.enter() {
		return opaque{}
	}
	defer func() { p.depth-- }()
	p.blanks()
	if p.peek() == '(' {
		var n node = opaque{}
		if p.has("((") {
			p.arithmetic()
		} else {
			p.pos++
			n = detached{p.list()}
			p.closeParen()
		}
		p.redirects()
		return n
	}
	var n node
	switch w := p.reserved(); w {
	case "if":
		p.pos += 2
		n = p.ifRest()
	case "while", "until":
		p.pos += 5
		cond := p.list()
		p.expect("do")
		body := p.list()
		p.expect("done")
		n = loop{cond: cond, body: body, until: w == "until"}
	case "for", "select":
		p.pos += len(w)
		n = p.forRest()
	case "case":
		p.pos += 4
		n = p.caseRest()
	case "{":
		p.pos++
		n = p.list()
		p.expect("}")
	case "[[":
		p.pos += 2
		n = p.bracketRest()
	case "function":
		p.pos += 8
		p.blanks()
		name, _ := p.word().plain()
		p.blanks()
		if p.take("(") {
			p.blanks()
			p.closeParen()
		}
		p.blankLines()
		n = function{name, p.command()}
	case "":
		return p.simple()
	default:
		p.fail("unexpected %q", w)
		return opaque{}
	}
	p.redirects()
	return n
}

func (p *parser) closeParen() {
	if !p.take(")") {
		p.fail("a ) is missing")
	}
}

func (p *parser) ifRest() node {
	if !p.enter() {
		return opaque{}
	}
	defer func() { p.depth-- }()
	n := ifElse{cond: p.list()}
	p.expect("then")
	n.then = p.list()
	p.blankLines()
	switch p.reserved() {
	case "elif":
		p.pos += 4
		n.els = p.ifRest()
	case "else":
		p.pos += 4
		n.els = p.list()
		p.expect("fi")
	default:
		p.expect("fi")
	}
	return n
}

func (p *parser) forRest() node {
	p.blanks()
	if p.has("((") {
		p.arithmetic()
		p.blanks()
		p.take(";")
		return loop{cond: opaque{}, body: p.doGroup()}
	}
	name, ok := p.word().plain()
	if !ok || name == "" {
		p.fail("a for loop has no name")
	}
	n := forIn{name: name}
	p.blankLines()
	if p.has("in") && p.pos+2 <= len(p.src) && (p.at(2) == 0 || strings.IndexByte(meta, p.at(2)) >= 0) {
		p.pos += 2
		n.has = true
		for p.err == nil {
			p.blanks()
			if p.eof() || p.peek() == ';' || p.peek() == '\n' {
				break
			}
			n.words = append(n.words, p.word())
		}
	}
	p.blanks()
	p.take(";")
	n.body = p.doGroup()
	return n
}

func (p *parser) doGroup() node {
	p.blankLines()
	if p.reserved() == "{" {
		p.pos++
		body := p.list()
		p.expect("}")
		return body
	}
	p.expect("do")
	body := p.list()
	p.expect("done")
	return body
}

func (p *parser) caseRest() node {
	p.blanks()
	n := caseOf{subject: p.word()}
	p.blankLines()
	if !p.take("in") {
		p.fail(`"in" is missing`)
	}
	for p.err == nil {
		p.blankLines()
		if p.reserved() == "esac" {
			p.pos += 4
			break
		}
		p.take("(")
		var item caseItem
		for p.err == nil {
			p.blanks()
			item.patterns = append(item.patterns, p.word())
			p.blanks()
			if !p.take("|") {
				break
			}
		}
		p.closeParen()
		item.body = p.list()
		n.items = append(n.items, item)
		if !p.take(";;&") && !p.take(";;") {
			p.take(";&")
		}
	}
	return n
}

func (p *parser) bracketRest() node {
	n := bracket{line: p.line}
	for p.err == nil {
		p.blankLines()
		switch {
		case p.eof():
			p.fail("]] is missing")
		case p.has("]]"):
			p.pos += 2
			return n
		case strings.IndexByte("()<>", p.peek()) >= 0 || p.has("&&") || p.has("||"):
			size := 1
			if p.has("&&") || p.has("||") {
				size = 2
			}
			n.words = append(n.words, word{parts: []part{{kind: literal, text: p.src[p.pos : p.pos+size]}}, line: p.line})
			p.pos += size
		case p.peek() == '|' || p.peek() == '&' || p.peek() == ';':
			p.pos++ // part of a regular expression, whose outcome is unknown anyway
		default:
			n.words = append(n.words, p.word())
		}
	}
	return n
}

// arithmetic skips (( ... )) or the rest of $(( ... )).
func (p *parser) arithmetic() {
	open := 0
	for !p.eof() {
		switch p.peek() {
		case '(':
			open++
		case ')':
			open--
		case '\n':
			p.line++
		}
		p.pos++
		if open == 0 {
			return
		}
	}
	p.fail("(( is not closed")
}

func isName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// assignment takes NAME=, NAME+= or NAME[...]= at the current place.
func (p *parser) assignment() (assign, bool) {
	end := p.pos
	for end < len(p.src) && isName(p.src[p.pos:end+1]) {
		end++
	}
	a := assign{name: p.src[p.pos:end]}
	if a.name == "" {
		return a, false
	}
	if end < len(p.src) && p.src[end] == '[' {
		for end < len(p.src) && p.src[end] != ']' && p.src[end] != '\n' {
			end++
		}
		end++
		a.array = true
	}
	if end < len(p.src) && p.src[end] == '+' {
		a.append = true
		end++
	}
	if end >= len(p.src) || p.src[end] != '=' {
		return a, false
	}
	p.pos = end + 1
	if p.peek() == '(' {
		a.array = true
		p.pos++
		for p.err == nil {
			p.blankLines()
			if p.eof() {
				p.fail("an array is not closed")
			} else if p.take(")") {
				break
			} else {
				p.word()
			}
		}
		return a, true
	}
	if !p.eof() && strings.IndexByte(meta, p.peek()) < 0 {
		a.value = p.word()
	}
	return a, true
}

func (p *parser) simple() node {
	s := simple{line: p.line}
	for p.err == nil {
		p.blanks()
		if p.eof() || strings.IndexByte("\n;|)", p.peek()) >= 0 || p.peek() == '&' && p.at(1) != '>' {
			break
		}
		if p.redirect() {
			continue
		}
		if len(s.words) == 0 {
			if a, ok := p.assignment(); ok {
				s.assigns = append(s.assigns, a)
				continue
			}
		}
		if p.peek() == '(' {
			name := ""
			if len(s.words) == 1 && len(s.assigns) == 0 {
				name = s.words[0].bare()
			}
			if name == "" {
				p.fail("unexpected (")
				break
			}
			p.pos++
			p.blanks()
			p.closeParen()
			p.blankLines()
			return function{name, p.command()}
		}
		// declare, export and their like take assignments, also of arrays, as arguments.
		if len(s.words) > 0 && declares(s.words[0].bare()) {
			start, line := p.pos, p.line
			if a, ok := p.assignment(); ok {
				if a.array || a.append {
					s.words = append(s.words, word{parts: []part{{kind: literal, text: a.name}, {kind: unknownPart}}, line: line})
				} else {
					eq := part{kind: literal, text: a.name + "="}
					s.words = append(s.words, word{parts: append([]part{eq}, a.value.parts...), line: line})
				}
				continue
			}
			p.pos, p.line = start, line
		}
		s.words = append(s.words, p.word())
	}
	if len(s.words) == 0 && len(s.assigns) == 0 {
		return opaque{}
	}
	return s
}

func declares(name string) bool {
	switch name {
	case "declare", "typeset", "local", "export", "readonly":
		return true
	}
	return false
}

func (p *parser) redirects() {
	for p.err == nil {
		p.blanks()
		if !p.redirect() {
			return
		}
	}
}

// redirect takes one redirection with its target.
func (p *parser) redirect() bool {
	i := 0
	for p.at(i) >= '0' && p.at(i) <= '9' {
		i++
	}
	if p.at(i) == '&' && p.at(i+1) == '>' {
		i++
	}
	c := p.at(i)
	if c != '<' && c != '>' || p.at(i+1) == '(' {
		return false
	}
	p.pos += i
	switch {
	case p.take("<<<"):
	case p.has("<<"):
		p.pos += 2
		d := heredoc{tabs: p.take("-")}
		p.blanks()
		d.end, _ = p.word().plain()
		p.pending = append(p.pending, d)
		return true
	default:
		p.pos++
		if strings.IndexByte(">&|<", p.peek()) >= 0 && !p.eof() {
			p.pos++
		}
	}
	p.blanks()
	p.word()
	return true
}
