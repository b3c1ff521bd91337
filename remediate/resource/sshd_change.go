package resource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sshdDropIn sorts before what cloud-init and packages ship, and sshd takes the first value.
const sshdDropIn = "/etc/ssh/sshd_config.d/00-harden.conf"

// plan finds the smallest edits that satisfy the wish, by trying each way on an overlay and reading
// the outcome back: whether a drop-in is included at all, and what comes before it, is then no guess.
func (r sshdResource) plan(h host.Reader, c *sshd.Config, v sshdView) ([]rule.Change, error) {
	unfixable := func(reason string) []rule.Change {
		return []rule.Change{rule.Unfixable{Subject: sshd.ConfigPath, Reason: reason, Of: rule.Persisted}}
	}
	if v.hopeless != "" {
		return unfixable(v.hopeless), nil
	}
	blocks := r.blockEdits(c, v)
	for _, way := range r.ways(c, v) {
		edits := slices.Concat(way, blocks)
		right, err := r.try(h, c, edits)
		if err != nil {
			return nil, err
		}
		if right {
			return changesOf(edits), nil
		}
	}
	return unfixable(fmt.Sprintf("no single edit makes %s right", r.keyword)), nil
}

// sshdEdit is one line edit of one file.
type sshdEdit struct {
	path string
	rule.Edit
}

// changesOf groups edits by file, in the order in which the files come up.
func changesOf(edits []sshdEdit) []rule.Change {
	var files []rule.EditFile
	for _, e := range edits {
		at := slices.IndexFunc(files, func(f rule.EditFile) bool { return f.Path == e.path })
		if at < 0 {
			f := rule.EditFile{Path: e.path, Create: rule.Attr{Mode: 0o600}}
			if e.path == sshdDropIn {
				f.Header = Header
			}
			files = append(files, f)
			at = len(files) - 1
		}
		files[at].Edits = append(files[at].Edits, e.Edit)
	}
	out := make([]rule.Change, len(files))
	for i, f := range files {
		out[i] = f
	}
	return out
}

// ways lists the edits that could make the global section right, the preferred one first.
func (r sshdResource) ways(c *sshd.Config, v sshdView) [][]sshdEdit {
	if v.wrong == "" {
		return [][]sshdEdit{nil}
	}
	line := c.Spelling(r.keyword) + " " + v.wrong
	var stands []sshdEdit
	if len(r.wish.Contains) == 0 {
		for i, p := range v.global.From {
			e := rule.Edit{Op: rule.DeleteLine, Line: p.Line, Old: p.Text}
			if i == len(v.global.From)-1 {
				e.Op, e.New = rule.ReplaceLine, []string{indentOf(p.Text) + line}
			}
			stands = append(stands, sshdEdit{p.Path, e})
		}
	}
	own := len(stands) > 0 && !slices.ContainsFunc(stands, func(e sshdEdit) bool { return e.path != sshdDropIn })
	var ways [][]sshdEdit
	if own {
		ways = append(ways, stands)
	}
	ways = append(ways, []sshdEdit{{sshdDropIn, atEndOfGlobal(c, sshdDropIn, line)}})
	if stands != nil && !own {
		ways = append(ways, stands)
	}
	return append(ways,
		[]sshdEdit{{sshd.ConfigPath, r.byExample(c, line)}},
		[]sshdEdit{{sshd.ConfigPath, atEndOfGlobal(c, sshd.ConfigPath, line)}},
	)
}

// atEndOfGlobal puts a line after the last global one of a file.
func atEndOfGlobal(c *sshd.Config, path, line string) rule.Edit {
	if m, ok := c.FirstMatch(path); ok {
		return rule.Edit{Op: rule.InsertBefore, Line: m.Line, New: []string{line}}
	}
	return rule.Edit{Op: rule.Append, New: []string{line}}
}

// byExample puts a line below the example that most files ship for a keyword: "#MaxAuthTries 6".
func (r sshdResource) byExample(c *sshd.Config, line string) rule.Edit {
	match, inBlock := c.FirstMatch(sshd.ConfigPath)
	for i, text := range c.Lines(sshd.ConfigPath) {
		if inBlock && i+1 >= match.Line {
			break
		}
		words := strings.Fields(strings.TrimLeft(text, "# \t"))
		if strings.HasPrefix(text, "#") && len(words) > 1 && len(words) < 4 && strings.EqualFold(words[0], r.keyword) {
			return rule.Edit{Op: rule.InsertAfter, Line: i + 1, New: []string{line}}
		}
	}
	return atEndOfGlobal(c, sshd.ConfigPath, line)
}

// blockEdits make what Match blocks say right where it stands.
func (r sshdResource) blockEdits(c *sshd.Config, v sshdView) []sshdEdit {
	var edits []sshdEdit
	seen := map[sshd.Place]bool{}
	for _, b := range v.blocks {
		if b.wrong == "" {
			continue
		}
		last := b.From[len(b.From)-1]
		if seen[last] {
			continue
		}
		seen[last] = true
		line := indentOf(last.Text) + c.Spelling(r.keyword) + " " + b.wrong
		lines := []string{line}
		if len(r.wish.Contains) > 0 {
			lines = []string{strings.TrimRight(last.Text, "\r"), line}
		}
		edits = append(edits, sshdEdit{last.Path, rule.Edit{Op: rule.ReplaceLine, Line: last.Line, Old: last.Text, New: lines}})
	}
	return edits
}

func indentOf(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// try reads back what the configuration says once the edits are made.
func (r sshdResource) try(h host.Reader, c *sshd.Config, edits []sshdEdit) (bool, error) {
	after := host.NewOverlay(h)
	for _, change := range changesOf(edits) {
		f := change.(rule.EditFile)
		lines := editedLines(c.Lines(f.Path), f.Edits)
		if err := after.Put(f.Path, []byte(strings.Join(lines, "\n")+"\n"), f.Create); err != nil {
			return false, err
		}
	}
	changed, err := sshd.Load(after, c.Server)
	if err != nil {
		return false, err
	}
	if len(changed.Problems) > 0 {
		return false, nil
	}
	view, err := r.look(changed)
	if err != nil {
		return false, err
	}
	return view.right(), nil
}

func editedLines(lines []string, edits []rule.Edit) []string {
	var out []string
	for i, line := range lines {
		var before, after []string
		keep := true
		for _, e := range edits {
			if e.Op == rule.Append || e.Line != i+1 {
				continue
			}
			switch e.Op {
			case rule.ReplaceLine:
				keep = false
				before = append(before, e.New...)
			case rule.DeleteLine:
				keep = false
			case rule.InsertBefore:
				before = append(before, e.New...)
			case rule.InsertAfter:
				after = append(after, e.New...)
			}
		}
		out = append(out, before...)
		if keep {
			out = append(out, line)
		}
		out = append(out, after...)
	}
	for _, e := range edits {
		if e.Op == rule.Append {
			out = append(out, e.New...)
		}
	}
	return out
}
