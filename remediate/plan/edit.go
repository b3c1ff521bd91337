package plan

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// fileEdits gathers what several rules want of one file.
type fileEdits struct {
	path    string
	link    bool // the file takes the place of a symbolic link
	existed bool
	before  []byte
	create  rule.Attr
	secret  bool
	rules   []string

	header  []string
	edits   []ownedEdit
	content *[]byte // of a WriteFile
}

type ownedEdit struct {
	rule.Edit
	rule string
}

func (f *fileEdits) edit(ruleID string, c rule.EditFile) {
	f.own(ruleID, c.Create)
	f.secret = f.secret || c.Secret
	if f.header == nil {
		f.header = c.Header
	}
	for _, e := range c.Edits {
		f.edits = append(f.edits, ownedEdit{e, ruleID})
	}
}

func (f *fileEdits) write(ruleID string, c rule.WriteFile) {
	f.own(ruleID, c.Create)
	if f.content != nil && !bytes.Equal(*f.content, c.Content) {
		f.edits = append(f.edits, ownedEdit{rule.Edit{Op: contradicts}, ruleID})
		return
	}
	f.content = &c.Content
}

// contradicts marks a second, different content for a whole file; render reports it with the rest.
const contradicts rule.EditOp = "contradicts"

func (f *fileEdits) own(ruleID string, create rule.Attr) {
	if len(f.rules) == 0 {
		f.create = create
	}
	f.rules = appendOnce(f.rules, ruleID)
}

// render gives the file's content with every edit made.
func (f *fileEdits) render() ([]byte, error) {
	if f.content != nil {
		if len(f.edits) > 0 {
			return nil, &Conflict{f.path, f.rules, "one sets the whole content, the other something else"}
		}
		return *f.content, nil
	}
	lines, ended := splitLines(f.before)
	if !f.existed {
		lines, ended = slices.Clone(f.header), true
	}
	slots := make([]slot, len(lines)+1) // slot i is line i; slot 0 is the place before line 1
	for _, e := range f.edits {
		if err := f.place(slots, lines, e); err != nil {
			return nil, err
		}
	}
	var out []string
	out = append(out, slots[0].after...)
	for i, line := range lines {
		s := slots[i+1]
		out = append(out, s.before...)
		if s.changed {
			out = append(out, s.with...)
		} else {
			out = append(out, s.line(line)+strings.Join(s.extended, ""))
		}
		out = append(out, s.after...)
	}
	grown := len(out) != len(lines)
	for _, e := range f.edits {
		if e.Op == rule.Append {
			out = appendTo(out, e.Section, e.New)
			grown = true
		}
	}
	text := strings.Join(out, "\n")
	if len(out) > 0 && (ended || grown) {
		text += "\n"
	}
	return []byte(text), nil
}

// slot is what happens at one line.
type slot struct {
	before, after []string
	changed       bool
	with          []string
	by            string
	fields        []fieldEdit // of a line that stays, in the order of asking
	extended      []string    // goes to the end of a line that stays
}

// fieldEdit is a new text between two colons of a line.
type fieldEdit struct {
	field int
	with  string
	by    string
}

func (f *fileEdits) place(slots []slot, lines []string, e ownedEdit) error {
	if e.Op == rule.Append {
		return nil
	}
	if e.Op == rule.InsertBefore && e.Line <= 1 && len(lines) == 0 {
		slots[0].after = appendLines(slots[0].after, e.New)
		return nil
	}
	if e.Line < 1 || e.Line > len(lines) {
		return fmt.Errorf("cannot plan for rule %s: %s has no line %d", e.rule, f.path, e.Line)
	}
	s := &slots[e.Line]
	switch e.Op {
	case rule.InsertBefore:
		s.before = appendLines(s.before, e.New)
	case rule.InsertAfter:
		s.after = appendLines(s.after, e.New)
	case rule.ReplaceLine, rule.DeleteLine:
		if lines[e.Line-1] != e.Old {
			return fmt.Errorf("cannot plan for rule %s: %s:%d is not the line that was observed", e.rule, f.path, e.Line)
		}
		with := e.New
		if e.Op == rule.DeleteLine {
			with = nil
		}
		if s.changed && !slices.Equal(s.with, with) {
			return &Conflict{fmt.Sprintf("%s:%d", f.path, e.Line), appendOnce([]string{s.by}, e.rule), "different edits of one line"}
		}
		if len(s.fields) > 0 {
			return &Conflict{fmt.Sprintf("%s:%d", f.path, e.Line), appendOnce([]string{s.fields[0].by}, e.rule), "different edits of one line"}
		}
		if len(s.extended) > 0 {
			return &Conflict{fmt.Sprintf("%s:%d", f.path, e.Line), f.rules, "different edits of one line"}
		}
		s.changed, s.with, s.by = true, with, e.rule
	case rule.SetField:
		return f.placeField(s, lines[e.Line-1], e)
	case rule.ExtendLine:
		return f.extend(s, lines[e.Line-1], e)
	default:
		return &Conflict{f.path, f.rules, "different contents for one file"}
	}
	return nil
}

// appendLines adds a group of lines unless the same group is there: two rules may ask for one edit.
func appendLines(have, add []string) []string {
	if containsRun(have, add) {
		return have
	}
	return append(have, add...)
}

func containsRun(have, run []string) bool {
	for i := 0; i+len(run) <= len(have); i++ {
		if slices.Equal(have[i:i+len(run)], run) {
			return true
		}
	}
	return false
}

// appendTo adds lines to the end of a file, or to the end of a section of an INI file, which is added
// when absent.
func appendTo(lines []string, section string, add []string) []string {
	if section == "" {
		return appendLines(lines, add)
	}
	start := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == section })
	if start < 0 {
		if len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) != "" {
			lines = append(lines, "")
		}
		return append(append(lines, section), add...)
	}
	end := start + 1
	for end < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[end]), "[") {
		end++
	}
	for end > start+1 && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	if containsRun(lines[start:end], add) {
		return lines
	}
	return slices.Insert(lines, end, add...)
}

// splitLines takes a file apart at line feeds and says whether the last line had one.
func splitLines(content []byte) (lines []string, ended bool) {
	if len(content) == 0 {
		return nil, true
	}
	text := string(content)
	ended = strings.HasSuffix(text, "\n")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n"), ended
}

// placeField notes a new text for one field of a line, beside those of other rules for other fields.
func (f *fileEdits) placeField(s *slot, line string, e ownedEdit) error {
	at := fmt.Sprintf("%s:%d", f.path, e.Line)
	switch {
	case line != e.Old:
		return fmt.Errorf("cannot plan for rule %s: %s is not the line that was observed", e.rule, at)
	case s.changed:
		return &Conflict{at, appendOnce([]string{s.by}, e.rule), "different edits of one line"}
	case e.Field < 1 || e.Field > strings.Count(line, ":")+1:
		return fmt.Errorf("cannot plan for rule %s: %s has no field %d", e.rule, at, e.Field)
	case len(e.New) != 1 || strings.ContainsAny(e.New[0], ":\n"):
		return fmt.Errorf("cannot plan for rule %s: the new field %d of %s is not one field", e.rule, e.Field, at)
	}
	for _, have := range s.fields {
		if have.field == e.Field && have.with != e.New[0] {
			return &Conflict{at, appendOnce([]string{have.by}, e.rule), fmt.Sprintf("different texts for field %d", e.Field)}
		}
	}
	s.fields = append(s.fields, fieldEdit{e.Field, e.New[0], e.rule})
	return nil
}

// line gives a line with its fields set.
func (s slot) line(text string) string {
	if len(s.fields) == 0 {
		return text
	}
	parts := strings.Split(text, ":")
	for _, e := range s.fields {
		parts[e.field-1] = e.with
	}
	return strings.Join(parts, ":")
}

// extend notes a text for the end of a line, after those of other rules.
func (f *fileEdits) extend(s *slot, line string, e ownedEdit) error {
	switch {
	case line != e.Old:
		return fmt.Errorf("cannot plan for rule %s: %s:%d is not the line that was observed", e.rule, f.path, e.Line)
	case s.changed:
		return &Conflict{fmt.Sprintf("%s:%d", f.path, e.Line), appendOnce([]string{s.by}, e.rule), "different edits of one line"}
	}
	s.extended = appendLines(s.extended, e.New)
	return nil
}
