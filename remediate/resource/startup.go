package resource

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/shell"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// profileDropIn is the startup file that the project owns. Its name sorts after those of packages.
const profileDropIn = "/etc/profile.d/zz-harden.sh"

// spot is a place in a startup file that lets a shell end up where it should not.
type weakSpot struct {
	kind string // of shell, for people
	at   shell.Place
	what string // for people: what it comes to, and why
}

// startupGoal is what shells should end up with.
type startupGoal struct {
	// weak finds what deviates.
	weak func(host.Files) ([]weakSpot, error)
	// mend gives the line of a spot as it should be; false where the line cannot say it.
	mend func(line string) (string, bool)
	// add are lines that bring the goal about when they run last, least first: the first that is
	// enough is taken.
	add [][]string
}

// plan looks for the fewest edits: lines are mended where nothing that runs later could make up for
// them, and lines are added to the project's own file, or where that is not read to the end of
// /etc/profile. What is left after that is given too.
func (g startupGoal) plan(h host.Reader) (edits []rule.EditFile, left []weakSpot, err error) {
	left, err = g.weak(h)
	if err != nil || len(left) == 0 {
		return nil, nil, err
	}
	var mended []rule.EditFile
	for _, s := range left {
		if s.at.Path == profileDropIn {
			mended = g.mendAt(mended, s)
		}
	}
	for {
		edits, left, err = g.best(h, mended, profileDropIn)
		if err != nil || len(left) == 0 {
			return edits, nil, err
		}
		before := countEdits(mended)
		for _, s := range left {
			mended = g.mendAt(mended, s)
		}
		if countEdits(mended) == before {
			break
		}
	}
	last, fewer, err := g.best(h, mended, "/etc/profile")
	if err != nil || len(fewer) >= len(left) {
		return edits, left, err
	}
	return last, fewer, nil
}

// best tries the mended lines alone, and then with lines added to a file, and gives what leaves the
// fewest spots.
func (g startupGoal) best(h host.Reader, mended []rule.EditFile, path string) (edits []rule.EditFile, left []weakSpot, err error) {
	options := [][]rule.EditFile{mended}
	for _, lines := range g.add {
		edit, err := atEnd(h, path, lines)
		if err != nil {
			return nil, nil, err
		}
		options = append(options, addEdit(mended, path, edit))
	}
	for i, option := range options {
		after, err := foresee(h, option)
		if err != nil {
			return nil, nil, err
		}
		found, err := g.weak(after)
		if err != nil {
			return nil, nil, err
		}
		if i == 0 || len(found) < len(left) {
			edits, left = option, found
		}
		if len(left) == 0 {
			break
		}
	}
	return edits, left, nil
}

// atEnd puts lines after the last one of a file, where order matters: they are added even if the same
// lines stand further up, which Append leaves out.
func atEnd(h host.Files, path string, lines []string) (rule.Edit, error) {
	b, err := h.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return rule.Edit{}, fmt.Errorf("cannot read %s: %w", path, err)
	}
	if len(b) == 0 {
		return rule.Edit{Op: rule.Append, New: lines}, nil
	}
	last := strings.Count(strings.TrimSuffix(string(b), "\n"), "\n") + 1
	return rule.Edit{Op: rule.InsertAfter, Line: last, New: lines}, nil
}

func (g startupGoal) mendAt(edits []rule.EditFile, s weakSpot) []rule.EditFile {
	if s.at.Path == "" {
		return edits
	}
	for _, e := range edits {
		if e.Path == s.at.Path && slices.ContainsFunc(e.Edits, func(x rule.Edit) bool { return x.Line == s.at.Line }) {
			return edits
		}
	}
	line, ok := g.mend(s.at.Text)
	if !ok || line == s.at.Text {
		return edits
	}
	return addEdit(edits, s.at.Path, rule.Edit{Op: rule.ReplaceLine, Line: s.at.Line, Old: s.at.Text, New: []string{line}})
}

// addEdit gives the edits with one more, and leaves the slice it got alone.
func addEdit(edits []rule.EditFile, path string, edit rule.Edit) []rule.EditFile {
	out := slices.Clone(edits)
	for i, e := range out {
		if e.Path == path {
			out[i].Edits = append(slices.Clone(e.Edits), edit)
			return out
		}
	}
	f := rule.EditFile{Path: path, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{edit}}
	if path == profileDropIn {
		f.Header = Header
	}
	return append(out, f)
}

func countEdits(edits []rule.EditFile) int {
	n := 0
	for _, e := range edits {
		n += len(e.Edits)
	}
	return n
}

// startups evaluates every kind of shell with every home and in both orders of names.
func startups(files host.Files, homes []string, options func(shell.Kind) shell.Options, each func(shell.Kind, shell.Result)) error {
	if len(homes) == 0 {
		homes = []string{""}
	}
	for _, kind := range shell.Kinds(files) {
		for _, home := range homes {
			for _, order := range []shell.Order{shell.Bytewise, shell.Collated} {
				o := options(kind)
				o.Home, o.Order = home, order
				r, err := shell.Start(files, kind, o)
				if err != nil {
					return err
				}
				each(kind, r)
			}
		}
	}
	return nil
}

func addSpot(spots []weakSpot, s weakSpot) []weakSpot {
	same := func(o weakSpot) bool { return o.at == s.at && o.what == s.what && o.kind == s.kind }
	if slices.ContainsFunc(spots, same) {
		return spots
	}
	return append(spots, s)
}

// describe says what deviates, each place once.
func describe(spots []weakSpot) []string {
	var out []string
	for _, s := range spots {
		line := fmt.Sprintf("%s: %s", s.at, s.what)
		if s.at.Path == "" {
			line = s.kind + ": " + s.what
		}
		if !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out
}

func unfixableSpots(spots []weakSpot) []rule.Change {
	var out []rule.Change
	for _, s := range spots {
		subject := s.at.String()
		if s.at.Path == "" {
			subject = s.kind
		}
		c := rule.Unfixable{Subject: subject, Reason: s.what, Of: rule.Persisted}
		if !slices.Contains(out, rule.Change(c)) {
			out = append(out, c)
		}
	}
	return out
}

// foresee shows the machine as edits would leave it. They replace lines and add some at the end.
func foresee(h host.Reader, edits []rule.EditFile) (host.Reader, error) {
	after := host.NewOverlay(h)
	for _, e := range edits {
		b, err := h.ReadFile(e.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot read %s: %w", e.Path, err)
		}
		lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		if len(b) == 0 {
			lines = nil
		}
		for _, edit := range e.Edits {
			switch edit.Op {
			case rule.Append, rule.InsertAfter:
				lines = append(lines, edit.New...)
			case rule.ReplaceLine:
				if edit.Line < 1 || edit.Line > len(lines) || len(edit.New) != 1 {
					return nil, fmt.Errorf("cannot foresee an edit of line %d of %s", edit.Line, e.Path)
				}
				lines[edit.Line-1] = edit.New[0]
			default:
				return nil, fmt.Errorf("cannot foresee an edit of %s", e.Path)
			}
		}
		if err := after.Put(e.Path, []byte(strings.Join(lines, "\n")+"\n"), e.Create); err != nil {
			return nil, err
		}
	}
	return after, nil
}
