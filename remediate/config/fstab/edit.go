package fstab

import (
	"path"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// Edit is the smallest edit that gives a mount more options: in the entry or the unit that decides
// them, or in a new entry or a drop-in, which starts with header. Where there is none, reason says why.
func (m Mount) Edit(missing, header []string) (edit rule.EditFile, reason string) {
	want := Add(m.Options, missing)
	switch m.Origin {
	case Table:
		return rule.EditFile{Path: File, Edits: []rule.Edit{{
			Op: rule.ReplaceLine, Line: m.Entry.Line, Old: m.Entry.Raw, New: []string{m.Entry.WithOptions(want)},
		}}}, ""
	case BuiltIn:
		for _, b := range Builtins() {
			if b.Path == m.Path {
				line := strings.Join([]string{b.Type, b.Path, b.Type, strings.Join(append([]string{"defaults"}, want...), ","), "0", "0"}, " ")
				return rule.EditFile{Path: File, Create: rule.Attr{Mode: 0o644}, Edits: []rule.Edit{{Op: rule.Append, New: []string{line}}}}, ""
			}
		}
	case Unit:
		return m.editUnit(want, header)
	}
	return rule.EditFile{}, "nothing that is read at boot mounts it"
}

// editUnit changes the Options= in force where it stands when it is the administrator's, and adds a
// drop-in otherwise.
func (m Mount) editUnit(want, header []string) (rule.EditFile, string) {
	const name = "60-harden.conf"
	line := "Options=" + strings.ReplaceAll(strings.Join(want, ","), "%", "%%")
	w := m.Winner
	if w.Line > 0 && strings.HasPrefix(w.Path, "/etc/") {
		edits := []rule.Edit{{Op: rule.ReplaceLine, Line: w.Line, Old: w.Raw[0], New: []string{line}}}
		for i, old := range w.Raw[1:] { // an assignment may run over several lines
			edits = append(edits, rule.Edit{Op: rule.DeleteLine, Line: w.Line + 1 + i, Old: old})
		}
		return rule.EditFile{Path: w.Path, Edits: edits}, ""
	}
	if strings.Contains(w.Path, ".d/") && path.Base(w.Path) >= name {
		return rule.EditFile{}, w.Path + " is read after " + name + " and belongs to a package"
	}
	return rule.EditFile{
		Path:   path.Join("/etc/systemd/system", m.Unit+".d", name),
		Create: rule.Attr{Mode: 0o644},
		Header: header,
		Edits:  []rule.Edit{{Op: rule.Append, Section: "[Mount]", New: []string{line}}},
	}, ""
}
