package resource

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// fileKind is a file or directory with an owner, a group, a mode, a content, or its absence.
func fileKind() Kind { return Kind{Name: "file", New: newFile} }

type file struct {
	path string
	want fileWant
}

type fileWant struct {
	State   string   `hcl:"state,optional"`
	Owner   string   `hcl:"owner,optional"`
	Group   string   `hcl:"group,optional"`
	Groups  []string `hcl:"groups,optional"`
	Mode    string   `hcl:"mode,optional"`
	Content *string  `hcl:"content,optional"`

	mode fs.FileMode
}

func newFile(name string, decode Decode) (Resource, error) {
	var w fileWant
	if err := decode(&w); err != nil {
		return nil, err
	}
	if !path.IsAbs(name) || path.Clean(name) != name {
		return nil, fmt.Errorf("%q is not an absolute path in its shortest form", name)
	}
	if w.Mode != "" {
		mode, err := parseMode(w.Mode)
		if err != nil {
			return nil, err
		}
		w.mode = mode
	}
	if w.Group != "" {
		if len(w.Groups) > 0 {
			return nil, errors.New("a file has group or groups, not both")
		}
		w.Groups = []string{w.Group}
	}
	demands := w.Owner != "" || len(w.Groups) > 0 || w.Mode != "" || w.Content != nil
	switch w.State {
	case "absent":
		if demands {
			return nil, errors.New("a file that is to be absent has no other attributes")
		}
	case "present":
	case "":
		if !demands {
			return nil, errors.New("a file needs at least one of state, owner, group, groups, mode, content")
		}
	default:
		return nil, fmt.Errorf("state of a file is %q, and must be \"present\" or \"absent\"", w.State)
	}
	return file{path: name, want: w}, nil
}

// parseMode reads an octal mode such as 0644 or 1777.
func parseMode(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(s, 8, 16)
	if err != nil || n > 0o7777 || len(s) < 3 || len(s) > 5 {
		return 0, fmt.Errorf("mode %q is not an octal mode such as \"0644\"", s)
	}
	mode := fs.FileMode(n & 0o777)
	if n&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if n&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if n&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode, nil
}

const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// octal writes a mode as chmod takes it.
func octal(m fs.FileMode) string {
	n := uint32(m.Perm())
	for _, b := range []struct {
		bit fs.FileMode
		val uint32
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if m&b.bit != 0 {
			n |= b.val
		}
	}
	return fmt.Sprintf("%04o", n)
}

func (f file) Ref() rule.Ref { return rule.Ref{Kind: "file", Name: f.path} }

// fileFound is what Diff needs to know.
type fileFound struct {
	exists   bool
	dangling bool // a link that leads nowhere
	info     host.FileInfo
	content  []byte
	uid      int   // of Owner
	gids     []int // of Groups
}

func (f file) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: f.expected()}
	found := fileFound{}
	var err error
	if f.want.State == "absent" {
		found.info, err = h.Lstat(f.path)
	} else {
		found.info, err = h.Stat(f.path)
	}
	switch {
	case err == nil:
		found.exists = true
	case errors.Is(err, fs.ErrNotExist):
		_, lerr := h.Lstat(f.path)
		found.dangling = lerr == nil
	default:
		return o, fmt.Errorf("cannot read %s: %w", f.path, err)
	}
	if found.exists && found.info.Mode.IsRegular() && f.want.Content != nil {
		if found.content, err = h.ReadFile(f.path); err != nil {
			return o, fmt.Errorf("cannot read %s: %w", f.path, err)
		}
	}
	if f.want.State != "absent" && (found.exists || f.want.State == "present" || f.want.Content != nil) {
		if err := f.resolveIDs(h, &found); err != nil {
			return o, err
		}
	}
	o.State = found
	return f.describe(h, o, found)
}

func (f file) resolveIDs(h host.Reader, found *fileFound) error {
	var err error
	if f.want.Owner != "" {
		if found.uid, err = lookupID(h, "/etc/passwd", "user", f.want.Owner); err != nil {
			return err
		}
	}
	var firstErr error
	for _, g := range f.want.Groups {
		gid, err := lookupID(h, "/etc/group", "group", g)
		if err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		found.gids = append(found.gids, gid)
	}
	// A group of the list that this system lacks is no alternative; one that exists is enough.
	if len(found.gids) == 0 && firstErr != nil {
		return firstErr
	}
	return nil
}

// lookupID gives the number of a user or group, from the target's own files.
func lookupID(h host.Files, file, what, name string) (int, error) {
	if n, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(n), nil
	}
	if name == "root" {
		return 0, nil
	}
	content, err := h.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("cannot find %s %s: cannot read %s: %w", what, name, file, err)
	}
	for i, line := range strings.Split(string(content), "\n") {
		fields := strings.Split(line, ":")
		if len(fields) < 3 || fields[0] != name {
			continue
		}
		n, err := strconv.ParseUint(fields[2], 10, 31)
		if err != nil {
			return 0, fmt.Errorf("%s:%d: the number of %s %s is not a number", file, i+1, what, name)
		}
		return int(n), nil
	}
	return 0, fmt.Errorf("cannot find %s %s: %s has none", what, name, file)
}

// nameOf gives the name of a user or group, or its number.
func nameOf(h host.Files, file string, id int) string {
	content, err := h.ReadFile(file)
	if err == nil {
		for _, line := range strings.Split(string(content), "\n") {
			if fields := strings.Split(line, ":"); len(fields) > 2 && fields[2] == strconv.Itoa(id) {
				return fields[0]
			}
		}
	}
	if id == 0 {
		return "root"
	}
	return strconv.Itoa(id)
}

func (f file) expected() string {
	if f.want.State == "absent" {
		return "absent"
	}
	var parts []string
	if f.want.Content != nil {
		parts = append(parts, "given content")
	}
	if f.want.Owner != "" {
		parts = append(parts, "owner "+f.want.Owner)
	}
	if len(f.want.Groups) > 0 {
		parts = append(parts, "group "+strings.Join(f.want.Groups, " or "))
	}
	if f.want.Mode != "" {
		parts = append(parts, "mode "+octal(f.want.mode)+" or stricter")
	}
	if len(parts) == 0 {
		return "present"
	}
	return strings.Join(parts, ", ")
}

func (f file) describe(h host.Reader, o rule.Observation, found fileFound) (rule.Observation, error) {
	if !found.exists {
		switch {
		case found.dangling:
			o.Persisted = "a link that leads nowhere"
		default:
			o.Persisted = "absent"
		}
		switch {
		case f.want.State == "absent":
			o.Message = f.path + " does not exist"
		case f.mustExist():
			o.Message = f.path + " does not exist"
		default:
			o.NotApplicable = f.path + " does not exist"
		}
		if found.dangling {
			o.Sources = linkSource(h, f.path)
		}
		return o, nil
	}
	if f.want.State == "absent" {
		o.Persisted = "present"
		o.Sources = []rule.Source{{Path: f.path, Wins: true}}
		o.Message = f.path + " exists"
		return o, nil
	}
	o.Persisted = fmt.Sprintf("%s:%s %s", nameOf(h, "/etc/passwd", found.info.UID), nameOf(h, "/etc/group", found.info.GID), octal(found.info.Mode))
	o.Sources = linkSource(h, f.path)
	if d := f.deviations(found); len(d) > 0 {
		o.Message = f.path + ": " + strings.Join(d, ", ")
	} else {
		o.Message = f.path + " is as it should be"
	}
	return o, nil
}

// linkSource names a path and, where it is a link, what it leads to, which is what counts.
func linkSource(h host.Files, p string) []rule.Source {
	real, err := h.Resolve(p)
	if err != nil || real == p {
		return []rule.Source{{Path: p, Wins: true}}
	}
	return []rule.Source{{Path: p, Text: "link to " + real}, {Path: real, Wins: true}}
}

func (f file) mustExist() bool { return f.want.State == "present" || f.want.Content != nil }

func (f file) badContent(found fileFound) bool {
	return f.want.Content != nil && !bytes.Equal(found.content, []byte(*f.want.Content))
}

func (f file) deviations(found fileFound) []string {
	var d []string
	if f.badContent(found) {
		d = append(d, "content differs")
	}
	if f.want.Owner != "" && found.info.UID != found.uid {
		d = append(d, "owner is not "+f.want.Owner)
	}
	if len(f.want.Groups) > 0 && !slices.Contains(found.gids, found.info.GID) {
		d = append(d, "group is not "+strings.Join(f.want.Groups, " or "))
	}
	if extra := found.info.Mode & modeBits &^ f.want.mode; f.want.Mode != "" && extra != 0 {
		d = append(d, fmt.Sprintf("mode %s has bits that %s has not", octal(found.info.Mode), octal(f.want.mode)))
	}
	return d
}

func (f file) Diff(o rule.Observation) []rule.Change {
	found := o.State.(fileFound)
	if f.want.State == "absent" {
		switch {
		case found.exists && found.info.Mode.IsDir():
			return []rule.Change{rule.Unfixable{Subject: f.path, Reason: "it is a directory, and only files and links are removed", Of: rule.Persisted}}
		case found.exists:
			return []rule.Change{rule.RemoveFile{Path: f.path}}
		}
		return nil
	}
	if !found.exists {
		if !f.mustExist() {
			return nil
		}
		return []rule.Change{f.create(found)}
	}
	var changes []rule.Change
	if f.badContent(found) {
		if !found.info.Mode.IsRegular() {
			return []rule.Change{rule.Unfixable{Subject: f.path, Reason: "it is not a regular file", Of: rule.Persisted}}
		}
		changes = append(changes, f.create(found))
	}
	set := rule.SetAttr{Path: f.path}
	if f.want.Owner != "" && found.info.UID != found.uid {
		set.UID = &found.uid
	}
	if len(f.want.Groups) > 0 && !slices.Contains(found.gids, found.info.GID) {
		set.GID = &found.gids[0]
	}
	// Every bit that the bound has not goes; a stricter mode stays as strict as it is.
	if mode := found.info.Mode & modeBits & f.want.mode; f.want.Mode != "" && mode != found.info.Mode&modeBits {
		set.Mode = &mode
	}
	if set.Mode != nil || set.UID != nil || set.GID != nil {
		changes = append(changes, set)
	}
	return changes
}

// create writes the file whole; owner and mode count only where it is new.
func (f file) create(found fileFound) rule.WriteFile {
	w := rule.WriteFile{Path: f.path, Create: rule.Attr{Mode: 0o644, UID: found.uid}}
	if f.want.Mode != "" {
		w.Create.Mode = f.want.mode
	}
	if len(found.gids) > 0 {
		w.Create.GID = found.gids[0]
	}
	if f.want.Content != nil {
		w.Content = []byte(*f.want.Content)
	}
	return w
}
