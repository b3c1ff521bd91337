package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// dotFileKind is the hidden files at the top of the homes of accounts that can log in: what programs
// read there without being told.
func dotFileKind() Kind { return Kind{Name: "dot_file", New: newDotFile} }

type dotFile struct {
	pattern string
	absent  bool
	owned   bool
	grouped bool
	mode    *fs.FileMode
	except  []string
}

func newDotFile(name string, decode Decode) (Resource, error) {
	var body struct {
		State   string    `hcl:"state,optional"`
		Owned   bool      `hcl:"owned,optional"`
		Grouped bool      `hcl:"grouped,optional"`
		Mode    string    `hcl:"mode,optional"`
		Except  *[]string `hcl:"except,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	d := dotFile{pattern: name, absent: body.State == "absent", owned: body.Owned, grouped: body.Grouped}
	if !strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\n") || len(name) < 2 {
		return nil, fmt.Errorf("%q is not the name of a dot file, or a pattern such as \".*\"", name)
	}
	if body.Mode != "" {
		mode, err := parseMode(body.Mode)
		if err != nil {
			return nil, err
		}
		d.mode = &mode
	}
	demands := d.owned || d.grouped || d.mode != nil
	switch {
	case body.State != "" && !d.absent:
		return nil, fmt.Errorf("state of a dot file is %q, and can only be \"absent\"", body.State)
	case d.absent && demands:
		return nil, errors.New("a dot file that is to be absent has no other attributes")
	case !d.absent && !demands:
		return nil, errors.New("at least one of state, owned, grouped and mode is needed")
	}
	if body.Except != nil {
		d.except = *body.Except
	}
	return d, accountNames(d.except)
}

func (d dotFile) Ref() rule.Ref { return rule.Ref{Kind: "dot_file", Name: d.pattern} }

// noSuchPath reports whether a path leads to nothing, for whatever reason.
func noSuchPath(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}

func (d dotFile) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: d.expected()}
	homes, err := loginHomes(h, d.except)
	if err != nil {
		return o, err
	}
	var flaws []accountsFlaw
	files := 0
	for _, home := range homes {
		if !home.exists {
			continue
		}
		// The user owns the directory and may put anything there, so entries are looked at themselves:
		// links are not followed, and only regular files are changed.
		entries, err := h.ReadDir(home.user.Home)
		if err != nil {
			return o, fmt.Errorf("cannot look at the home of %q: %w", home.user.Name, err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") || !host.Match(d.pattern, e.Name()) {
				continue
			}
			name := path.Join(home.user.Home, e.Name())
			info, err := h.Lstat(name)
			if noSuchPath(err) {
				continue
			}
			if err != nil {
				return o, fmt.Errorf("cannot look at %s: %w", name, err)
			}
			if d.absent || info.Mode.IsRegular() {
				files++
				if f, bad := d.judge(home, name, info); bad {
					flaws = append(flaws, f)
				}
			}
		}
	}
	o.State = flaws
	o.Persisted = fmt.Sprintf("%d files %s in the homes of %d accounts", files, d.pattern, len(homes))
	describeFlaws(&o, flaws, o.Persisted+", all as they should be")
	for _, f := range flaws {
		o.Evidence = append(o.Evidence, f.what)
	}
	slices.Sort(o.Evidence)
	return o, nil
}

func (d dotFile) judge(home homeOf, name string, info host.FileInfo) (f accountsFlaw, bad bool) {
	f = accountsFlaw{path: name, stuck: home.private}
	quoted := strconv.Quote(name)
	if d.absent {
		f.what = quoted + " exists"
		switch {
		case f.stuck != "":
		case info.Mode.IsDir():
			f.stuck = "it is a directory, and only files and links are removed"
		default:
			f.changes = []rule.Change{rule.RemoveFile{Path: name}}
		}
		return f, true
	}
	set := rule.SetAttr{Path: name}
	var what []string
	uid, gid := int(home.user.UID), int(home.user.GID)
	if d.owned && info.UID != uid {
		what = append(what, fmt.Sprintf("belongs to %d", info.UID))
		set.UID = &uid
	}
	if d.grouped && info.GID != gid {
		what = append(what, fmt.Sprintf("has group %d", info.GID))
		set.GID = &gid
	}
	if d.mode != nil && info.Mode&modeBits&^*d.mode != 0 {
		what = append(what, "has mode "+octal(info.Mode))
		mode := info.Mode & modeBits & *d.mode
		set.Mode = &mode
	}
	if len(what) == 0 {
		return f, false
	}
	f.what = quoted + " " + strings.Join(what, " and ")
	if f.stuck == "" {
		f.changes = []rule.Change{set}
	}
	return f, true
}

func (d dotFile) expected() string {
	if d.absent {
		return "no home of an account that can log in has " + d.pattern
	}
	var parts []string
	if d.owned {
		parts = append(parts, "belong to the account")
	}
	if d.grouped {
		parts = append(parts, "have the account's group")
	}
	if d.mode != nil {
		parts = append(parts, "have mode "+octal(*d.mode)+" or stricter")
	}
	return "files " + d.pattern + " in the homes of accounts that can log in " + strings.Join(parts, " and ")
}

func (d dotFile) Diff(o rule.Observation) []rule.Change {
	flaws, _ := o.State.([]accountsFlaw)
	return flawChanges(flaws)
}
