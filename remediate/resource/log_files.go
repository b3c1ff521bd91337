package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// logFilesKind is the modes and owners of all files below a directory of logs.
func logFilesKind() Kind { return Kind{Name: "log_files", New: newLogFiles} }

type logFiles struct {
	dir     string
	classes []logClass // the first that has the name decides; the last one has them all
}

// logClass is what holds for files of certain names.
type logClass struct {
	Names  []string `hcl:"names"`
	Mode   string   `hcl:"mode"`
	Owners []string `hcl:"owners,optional"`
	Groups []string `hcl:"groups,optional"`

	mode fs.FileMode
}

func newLogFiles(name string, decode Decode) (Resource, error) {
	var body struct {
		Mode   string     `hcl:"mode"`
		Owners []string   `hcl:"owners,optional"`
		Groups []string   `hcl:"groups,optional"`
		Except []logClass `hcl:"except,block"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if !path.IsAbs(name) || path.Clean(name) != name || name == "/" {
		return nil, fmt.Errorf("%q is not a directory's absolute path in its shortest form", name)
	}
	l := logFiles{dir: name, classes: append(body.Except, logClass{Names: []string{"*"}, Mode: body.Mode, Owners: body.Owners, Groups: body.Groups})}
	for i := range l.classes {
		c := &l.classes[i]
		var err error
		if c.mode, err = parseMode(c.Mode); err != nil {
			return nil, err
		}
		if len(c.Names) == 0 {
			return nil, errors.New("names of an exception are empty")
		}
		for _, n := range c.Names {
			if _, err := path.Match(n, ""); err != nil {
				return nil, fmt.Errorf("%q is not a pattern of file names", n)
			}
		}
	}
	return l, nil
}

func (l logFiles) Ref() rule.Ref { return rule.Ref{Kind: "log_files", Name: l.dir} }

func (l logFiles) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	return walkAlone(ctx, h, l)
}

func (l logFiles) Look(h host.Reader) (Look, error) {
	look := &logLook{logFiles: l}
	var err error
	if look.users, err = walkIDs(h, "/etc/passwd"); err != nil {
		return nil, err
	}
	if look.groups, err = walkIDs(h, "/etc/group"); err != nil {
		return nil, err
	}
	if look.services, err = logServices(h); err != nil {
		return nil, err
	}
	return look, nil
}

// logServices gives the numbers of users and of their groups that cannot log in: daemons that run as
// somebody write their own logs.
func logServices(h host.Files) (ids [2]map[int]bool, err error) {
	ids = [2]map[int]bool{{}, {}}
	content, err := h.ReadFile("/etc/passwd")
	if err != nil {
		return ids, fmt.Errorf("cannot tell who may log in: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(fields) != 7 {
			continue
		}
		switch path.Base(fields[6]) {
		case "nologin", "false", "sync":
			for i, field := range fields[2:4] {
				var n int
				if _, err := fmt.Sscanf(field, "%d", &n); err == nil {
					ids[i][n] = true
				}
			}
		}
	}
	return ids, nil
}

type logLook struct {
	logFiles
	users, groups map[int]string
	services      [2]map[int]bool
	seen          int
	hits          walkHits
}

func (l *logLook) Visit(e *walk.Entry) {
	if !e.Below(l.dir) || !e.Mode.IsRegular() {
		return
	}
	l.seen++
	mode, owner, group := l.deviates(e.Name(), e.Mode, e.UID, e.GID)
	if mode || owner || group {
		l.hits.add(e)
	}
}

func (l logFiles) class(name string) logClass {
	for _, c := range l.classes {
		for _, pattern := range c.Names {
			if ok, err := path.Match(pattern, name); err == nil && ok {
				return c
			}
		}
	}
	return l.classes[len(l.classes)-1]
}

func (l *logLook) deviates(name string, m fs.FileMode, uid, gid int) (mode, owner, group bool) {
	c := l.class(name)
	mode = m&modeBits&^c.mode != 0
	owner = len(c.Owners) > 0 && !slices.Contains(c.Owners, walkOwner(l.users, uid)) && !l.services[0][uid]
	group = len(c.Groups) > 0 && !slices.Contains(c.Groups, walkOwner(l.groups, gid)) && !l.services[1][gid]
	return mode, owner, group
}

// logFound is what Diff needs to know: the hits, and the changes that answer them.
type logFound struct {
	hits    *walkHits
	changes []rule.SetAttr
}

func (l *logLook) Observation(s walk.Summary) (rule.Observation, error) {
	last := l.classes[len(l.classes)-1]
	o := rule.Observation{
		Expected:  fmt.Sprintf("files below %s are %s or stricter", l.dir, octal(last.mode)),
		Persisted: fmt.Sprintf("%d of %d files deviate", l.hits.total, l.seen),
		Message:   fmt.Sprintf("all %d files below %s have modes and owners within their bounds", l.seen, l.dir),
	}
	if slices.Contains(s.LeftOut, l.dir) {
		o.NotObservable = l.dir + " is a file system of its own that is left out"
		return o, nil
	}
	found := logFound{hits: &l.hits}
	if l.hits.total > 0 {
		o.Message = "log files that others may read, or that belong to others: " + l.hits.names()
		o.Evidence = l.hits.evidence(func(h walkHit) string {
			return fmt.Sprintf("%s %s:%s %s", octal(h.mode), walkOwner(l.users, h.uid), walkOwner(l.groups, h.gid), walkPath(h.path))
		})
	}
	for _, h := range l.hits.sorted() {
		c, err := l.change(h)
		if err != nil {
			return o, err
		}
		found.changes = append(found.changes, c)
	}
	o.State = found
	return o, nil
}

func (l *logLook) change(h walkHit) (rule.SetAttr, error) {
	mode, owner, group := l.deviates(path.Base(h.path), h.mode, h.uid, h.gid)
	class := l.class(path.Base(h.path))
	c := walkSetAttr(h, nil, nil, nil)
	if mode {
		bits := h.mode & modeBits & class.mode
		c.Mode = &bits
	}
	for _, id := range []struct {
		wrong bool
		want  []string
		known map[int]string
		set   **int
	}{{owner, class.Owners, l.users, &c.UID}, {group, class.Groups, l.groups, &c.GID}} {
		if !id.wrong {
			continue
		}
		n, ok := logFirst(id.want, id.known)
		if !ok {
			return c, fmt.Errorf("cannot say whose %s is to be: the system knows none of %s", walkPath(h.path), strings.Join(id.want, ", "))
		}
		*id.set = &n
	}
	return c, nil
}

// logFirst gives the number of the first name that the system knows.
func logFirst(want []string, known map[int]string) (int, bool) {
	for _, name := range want {
		best := -1
		for id, n := range known {
			if n == name && (best < 0 || id < best) {
				best = id
			}
		}
		if best >= 0 {
			return best, true
		}
	}
	return 0, false
}

func (l logFiles) Diff(o rule.Observation) []rule.Change {
	found := o.State.(logFound)
	if c, many := found.hits.tooMany("files below " + l.dir); many {
		return []rule.Change{c}
	}
	var changes []rule.Change
	for _, c := range found.changes {
		changes = append(changes, c)
	}
	return changes
}
