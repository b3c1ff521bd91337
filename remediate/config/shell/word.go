package shell

import "strings"

// word takes a word up to the next unquoted separator. It always moves forward.
func (p *parser) word() word {
	w := word{line: p.line}
	if !p.enter() {
		return w
	}
	defer func() { p.depth-- }()
	start := p.pos
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			w.parts = append(w.parts, part{kind: literal, text: text.String()})
			text.Reset()
		}
	}
	for !p.eof() && p.err == nil {
		c := p.peek()
		switch {
		case (c == '<' || c == '>') && p.at(1) == '(' && p.pos == start:
			p.pos += 2
			p.list()
			p.closeParen()
			w.parts = append(w.parts, part{kind: unknownPart})
		case c == '(' && p.pos > start && strings.IndexByte("?*+@!", p.src[p.pos-1]) >= 0:
			p.extended()
			flush()
			w.parts = append(w.parts, part{kind: unknownPart})
		case strings.IndexByte(meta, c) >= 0:
			if p.pos == start {
				p.fail("unexpected %q", c)
			}
			flush()
			return w
		case c == '\\':
			if p.at(1) == '\n' {
				p.pos += 2
				p.line++
				break
			}
			flush()
			w.parts = append(w.parts, part{kind: literal, text: string(p.src[min(p.pos+1, len(p.src)-1)]), quoted: true})
			p.pos = min(p.pos+2, len(p.src))
		case c == '\'':
			flush()
			p.pos++
			w.parts = append(w.parts, part{kind: literal, text: p.until('\''), quoted: true})
		case c == '"':
			flush()
			p.pos++
			w.parts = append(w.parts, p.quoted()...)
		case c == '$' || c == '`':
			flush()
			w.parts = append(w.parts, p.expansion(false))
		default:
			text.WriteByte(c)
			p.pos++
		}
	}
	flush()
	return w
}

// until takes text up to and with the given byte.
func (p *parser) until(end byte) string {
	i := strings.IndexByte(p.src[p.pos:], end)
	if i < 0 {
		p.fail("a quote is not closed")
		return ""
	}
	text := p.src[p.pos : p.pos+i]
	p.line += strings.Count(text, "\n")
	p.pos += i + 1
	return text
}

// extended skips the parentheses of an extended pattern.
func (p *parser) extended() {
	open := 0
	for !p.eof() {
		c := p.peek()
		p.pos++
		switch c {
		case '\\':
			p.pos = min(p.pos+1, len(p.src))
		case '\'':
			p.until('\'')
		case '(':
			open++
		case ')':
			open--
		case '\n':
			p.line++
		}
		if open == 0 {
			return
		}
	}
	p.fail("a pattern is not closed")
}

// quoted takes the rest of a double-quoted string.
func (p *parser) quoted() []part {
	parts := []part{{kind: literal, quoted: true}} // "" is a word too
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, part{kind: literal, text: text.String(), quoted: true})
			text.Reset()
		}
	}
	for p.err == nil {
		if p.eof() {
			p.fail("a quote is not closed")
			break
		}
		switch c := p.peek(); c {
		case '"':
			p.pos++
			flush()
			return parts
		case '\\':
			next := p.at(1)
			if next == '\n' {
				p.line++
			} else {
				if strings.IndexByte("$`\"\\", next) < 0 {
					text.WriteByte('\\')
				}
				text.WriteByte(next)
			}
			p.pos = min(p.pos+2, len(p.src))
		case '$', '`':
			flush()
			parts = append(parts, p.expansion(true))
		default:
			if c == '\n' {
				p.line++
			}
			text.WriteByte(c)
			p.pos++
		}
	}
	return parts
}

// expansion takes what starts with a dollar sign or a backquote.
func (p *parser) expansion(quoted bool) part {
	if !p.enter() {
		return part{kind: unknownPart}
	}
	defer func() { p.depth-- }()
	if p.take("`") {
		var src strings.Builder
		for !p.eof() && p.peek() != '`' {
			if p.peek() == '\\' && strings.IndexByte("`\\$", p.at(1)) >= 0 {
				p.pos++
			}
			if p.eof() {
				break
			}
			if p.peek() == '\n' {
				p.line++
			}
			src.WriteByte(p.peek())
			p.pos++
		}
		if !p.take("`") {
			p.fail("a ` is not closed")
		}
		inner := &parser{src: src.String(), line: p.line, depth: p.depth}
		n := inner.list()
		if inner.err != nil {
			return part{kind: unknownPart, quoted: quoted}
		}
		return part{kind: substitution, cmd: n, quoted: quoted}
	}
	p.pos++
	switch c := p.peek(); {
	case c == '(' && p.at(1) == '(':
		p.arithmetic()
		return part{kind: unknownPart, quoted: quoted}
	case c == '(':
		p.pos++
		n := p.list()
		p.closeParen()
		return part{kind: substitution, cmd: n, quoted: quoted}
	case c == '{':
		p.pos++
		return p.braces(quoted)
	case c == '\'' && !quoted:
		p.pos++
		var text strings.Builder
		for !p.eof() && p.peek() != '\'' {
			if p.peek() == '\\' {
				p.pos++
			}
			if p.eof() {
				break
			}
			if p.peek() == '\n' {
				p.line++
			}
			text.WriteByte(p.peek())
			p.pos++
		}
		if !p.take("'") {
			p.fail("a quote is not closed")
		}
		return part{kind: literal, text: text.String(), quoted: true}
	case c == '"' && !quoted:
		p.pos++
		parts := p.quoted()
		if len(parts) == 2 {
			return parts[1]
		}
		return part{kind: unknownPart, quoted: true}
	case c != 0 && strings.IndexByte("-?#$!*@0123456789", c) >= 0:
		p.pos++
		return part{kind: parameter, text: string(c), quoted: quoted}
	}
	end := p.pos
	for end < len(p.src) && isName(p.src[p.pos:end+1]) {
		end++
	}
	if end == p.pos {
		return part{kind: literal, text: "$", quoted: true}
	}
	name := p.src[p.pos:end]
	p.pos = end
	return part{kind: parameter, text: name, quoted: quoted}
}

// braces takes the rest of ${...}.
func (p *parser) braces(quoted bool) part {
	end := p.pos
	for end < len(p.src) && isName(p.src[p.pos:end+1]) {
		end++
	}
	out := part{kind: parameter, quoted: quoted}
	if end == p.pos && end < len(p.src) && strings.IndexByte("-?#$!*@0123456789", p.src[end]) >= 0 {
		end++
	}
	out.text = p.src[p.pos:end]
	p.pos = end
	if out.text == "" {
		out.kind = unknownPart
	}
	for _, op := range []string{":-", ":+", "-", "+"} {
		if p.take(op) {
			out.op = op
			break
		}
	}
	if p.take("}") {
		return out
	}
	if out.op == "" {
		out.op = "?"
	}
	out.arg = p.braceWord(quoted)
	return out
}

// braceWord takes the word of ${name:-word}, where separators are ordinary, and the closing brace.
func (p *parser) braceWord(quoted bool) word {
	w := word{line: p.line}
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			w.parts = append(w.parts, part{kind: literal, text: text.String()})
			text.Reset()
		}
	}
	for p.err == nil {
		if p.eof() {
			p.fail("${ is not closed")
			break
		}
		switch c := p.peek(); {
		case c == '}':
			p.pos++
			flush()
			return w
		case c == '\\':
			p.pos++
			if !p.eof() {
				if p.peek() == '\n' {
					p.line++
				}
				text.WriteByte(p.peek())
				p.pos++
			}
		case c == '"':
			flush()
			p.pos++
			w.parts = append(w.parts, p.quoted()...)
		case c == '\'' && !quoted:
			flush()
			p.pos++
			w.parts = append(w.parts, part{kind: literal, text: p.until('\''), quoted: true})
		case c == '$' || c == '`':
			flush()
			w.parts = append(w.parts, p.expansion(true))
		default:
			if c == '\n' {
				p.line++
			}
			text.WriteByte(c)
			p.pos++
		}
	}
	return w
}
