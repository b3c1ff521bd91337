package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// privilegedProgramsKind is the files that run with the rights of their owner or group.
func privilegedProgramsKind() Kind {
	return Kind{Name: "privileged_programs", New: newPrivilegedPrograms}
}

type privilegedPrograms struct {
	what  string
	allow []string
}

func newPrivilegedPrograms(name string, decode Decode) (Resource, error) {
	var body struct {
		Allow []string `hcl:"allow,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "setuid" && name != "setgid" {
		return nil, fmt.Errorf("privileged_programs are \"setuid\" or \"setgid\", not %q", name)
	}
	for _, p := range body.Allow {
		if !path.IsAbs(p) {
			return nil, fmt.Errorf("%q in allow is not an absolute path", p)
		}
		if _, err := path.Match(p, "/"); errors.Is(err, path.ErrBadPattern) {
			return nil, fmt.Errorf("%q in allow is not a pattern", p)
		}
	}
	return privilegedPrograms{name, body.Allow}, nil
}

func (p privilegedPrograms) Ref() rule.Ref {
	return rule.Ref{Kind: "privileged_programs", Name: p.what}
}

func (p privilegedPrograms) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	return walkAlone(ctx, h, p)
}

func (p privilegedPrograms) Look(h host.Reader) (Look, error) {
	l := &privilegedLook{privilegedPrograms: p, bit: fs.ModeSetuid}
	if p.what == "setgid" {
		l.bit = fs.ModeSetgid
	}
	var err error
	if l.users, err = walkIDs(h, "/etc/passwd"); err != nil {
		return nil, err
	}
	if l.groups, err = walkIDs(h, "/etc/group"); err != nil {
		return nil, err
	}
	return l, nil
}

type privilegedLook struct {
	privilegedPrograms
	bit           fs.FileMode
	users, groups map[int]string
	all           walkHits
	extra         walkHits // that no pattern allows
}

func (l *privilegedLook) Visit(e *walk.Entry) {
	if e.Mode&l.bit == 0 || !e.Mode.IsRegular() {
		return
	}
	l.all.add(e)
	name := e.Path()
	allowed := func(pattern string) bool {
		ok, err := path.Match(pattern, name)
		return err == nil && ok
	}
	if !slices.ContainsFunc(l.allow, allowed) {
		l.extra.add(e)
	}
}

func (l *privilegedLook) Observation(s walk.Summary) (rule.Observation, error) {
	o := rule.Observation{
		Expected:  l.what + " programs that a person has looked at",
		Persisted: fmt.Sprintf("%d %s programs", l.all.total, l.what),
	}
	describe := func(h walkHit) string {
		return fmt.Sprintf("%s %s:%s %s", octal(h.mode), walkOwner(l.users, h.uid), walkOwner(l.groups, h.gid), walkPath(h.path))
	}
	// The inventory is the finding, so it is as long as what is kept.
	for _, h := range l.all.sorted() {
		o.Evidence = append(o.Evidence, describe(h))
	}
	if more := l.all.total - len(o.Evidence); more > 0 {
		o.Evidence = append(o.Evidence, fmt.Sprintf("and %d more", more))
	}
	switch {
	case l.all.total == 0:
		o.Message = "there is no " + l.what + " program; " + walkExtent(s)
	case len(l.allow) == 0:
		o.Manual = fmt.Sprintf("%d programs are %s: a person looks whether each needs it, or the profile gives a list", l.all.total, l.what)
	case l.extra.total > 0:
		o.Message = l.what + " programs that the profile does not list: " + l.extra.names()
	default:
		o.Message = fmt.Sprintf("all %d %s programs are in the profile's list; %s", l.all.total, l.what, walkExtent(s))
	}
	if len(l.allow) > 0 {
		o.Expected = "no " + l.what + " program beyond the profile's list"
	}
	o.State = l.extra.total
	return o, nil
}

func (p privilegedPrograms) Diff(o rule.Observation) []rule.Change {
	if n, _ := o.State.(int); n == 0 {
		return nil
	}
	return []rule.Change{rule.Unfixable{
		Subject: p.what + " programs",
		Reason:  "a program that loses the bit may stop working, so a person decides: take it away, remove the program, or add it to the list",
		Of:      rule.Persisted,
	}}
}
