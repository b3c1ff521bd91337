package sshd

import "strings"

// Block is what one Match block says of a keyword.
type Block struct {
	// Match is the line that opens the block, From the lines below it that set the keyword.
	Match  Place
	From   []Place
	Values []string
}

// Blocks lists the Match blocks that set a keyword, in the order in which sshd reads them. Whether a
// connection exists that meets a block's conditions is not asked.
func (c *Config) Blocks(name string) ([]Block, error) {
	key, ok := c.parser.dialect.lookup(name)
	if !ok || !key.match {
		return nil, nil
	}
	var blocks []Block
	states := map[Place]*walker{}
	var order []Place
	seen := map[[2]Place]bool{}
	w := walker{config: c}
	w.visit = func(s *statement, in *scope) {
		if s.key != key || !in.set || seen[[2]Place{in.at, s.place}] {
			return
		}
		seen[[2]Place{in.at, s.place}] = true
		one := states[in.at]
		if one == nil {
			one = &walker{config: c, conn: &Conn{}, state: state{}}
			states[in.at] = one
			order = append(order, in.at)
		}
		one.apply(s, true)
	}
	if err := w.walk(c.main, 0, new(true), 0, &scope{}); err != nil {
		return nil, err
	}
	for _, at := range order {
		v := states[at].state[key.id()]
		if v == nil || len(v.from) == 0 {
			continue
		}
		values := v.values
		if key.form == formAlgorithms {
			values = []string{strings.Join(c.parser.algorithms(key.id()).assemble(values[0]), ",")}
		}
		blocks = append(blocks, Block{Match: at, From: v.from, Values: values})
	}
	return blocks, nil
}

// FirstMatch is the first Match line of one of the configuration's files.
func (c *Config) FirstMatch(path string) (Place, bool) {
	f := c.parser.read[path]
	if f == nil {
		return Place{}, false
	}
	for _, s := range f.statements {
		if s.key != nil && s.key.form == formMatch {
			return s.place, true
		}
	}
	return Place{}, false
}

// Lines are the lines of one of the configuration's files, without line feeds.
func (c *Config) Lines(path string) []string {
	if f := c.parser.read[path]; f != nil {
		return f.lines
	}
	return nil
}

// Spelling is the name under which this server has a keyword.
func (c *Config) Spelling(name string) string {
	key, ok := c.parser.dialect.lookup(name)
	if !ok {
		return name
	}
	if e, ok := c.parser.dialect.byName[key.id()]; ok && e.key == key {
		return key.name
	}
	for _, o := range otherNames() {
		if strings.EqualFold(o.of, key.name) {
			return o.name
		}
	}
	return key.name
}

// Read takes a value as a line of the file would and gives it in the spelling of sshd -T, so that two
// ways of writing the same can be compared.
func (c *Config) Read(name, text string) ([]string, error) {
	s, ok := c.parser.statement(Place{Text: c.Spelling(name) + " " + text})
	if !ok || s.problem != "" {
		return nil, &ValueError{Keyword: name, Value: text, Reason: s.problem}
	}
	if s.key.form == formAlgorithms {
		return []string{strings.Join(c.parser.algorithms(s.key.id()).assemble(s.values[0]), ",")}, nil
	}
	return s.values, nil
}

// ValueError is a value that the server would refuse.
type ValueError struct{ Keyword, Value, Reason string }

func (e *ValueError) Error() string {
	return "sshd does not take " + e.Keyword + " " + e.Value + ": " + e.Reason
}

// KnownAlgorithms are the names that an algorithm keyword may hold on this server; ok is false for
// any other keyword.
func (c *Config) KnownAlgorithms(name string) (names []string, ok bool) {
	key, ok := c.parser.dialect.lookup(name)
	if !ok || key.form != formAlgorithms {
		return nil, false
	}
	return c.parser.algorithms(key.id()).known, true
}
