package profile

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// shippedFiles is the text of the shipped files, and where each name is defined. Parsing all of it takes longer than a check
// does, so only what a profile needs is parsed.
type shippedFiles struct {
	names   []string // of the files, in order
	text    map[string][]byte
	defined map[string][]string // file names by the name of a profile, rule or variable
}

func openShipped(fsys fs.FS) (*shippedFiles, error) {
	l := &shippedFiles{text: map[string][]byte{}, defined: map[string][]string{}}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path.Ext(name) == ".hcl" {
			l.names = append(l.names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the shipped profiles: %w", err)
	}
	slices.Sort(l.names)
	for _, name := range l.names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the shipped profile %s: %w", name, err)
		}
		l.text[name] = src
		for line := range strings.Lines(string(src)) {
			if id, ok := definition(line); ok {
				l.defined[id] = append(l.defined[id], name)
			}
		}
	}
	return l, nil
}

// definition is the name that a line gives to a block of the outermost level. The shipped files are formatted, so such a
// line starts with the block's type; a test compares with what the parser finds.
func definition(line string) (string, bool) {
	for _, kind := range []string{"profile", "rule", "variable", "invariant"} {
		if rest, ok := strings.CutPrefix(line, kind+` "`); ok {
			id, _, closed := strings.Cut(rest, `"`)
			return id, closed
		}
	}
	return "", false
}

// profiles lists the files that define profiles, or what they name beside rules.
func (l *shippedFiles) profiles() []string {
	return slices.DeleteFunc(slices.Clone(l.names), func(name string) bool {
		src := "\n" + string(l.text[name])
		return !strings.Contains(src, "\nprofile \"") && !strings.Contains(src, "\ninvariant \"")
	})
}

// needs lists the files that define what a text mentions, and what those files mention. Every word counts, so it is too
// many rather than too few.
func (l *shippedFiles) needs(text ...string) []string {
	var found []string
	for len(text) > 0 {
		words := strings.FieldsFuncSeq(text[0], func(r rune) bool { return !isWord(r) })
		text = text[1:]
		for word := range words {
			word = strings.TrimPrefix(word, "var.")
			for _, file := range l.defined[word] {
				if !slices.Contains(found, file) {
					found = append(found, file)
					text = append(text, string(l.text[file]))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' || r >= 'A' && r <= 'Z'
}
