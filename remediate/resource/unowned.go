package resource

import (
	"context"
	"fmt"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// unownedKind is files whose owner or group nobody has: whoever gets the number next gets them.
func unownedKind() Kind { return Kind{Name: "unowned", New: newUnowned} }

type unowned struct{ what string }

func newUnowned(name string, decode Decode) (Resource, error) {
	if err := decode(&struct{}{}); err != nil {
		return nil, err
	}
	if name != "users" && name != "groups" {
		return nil, fmt.Errorf("unowned is about \"users\" or \"groups\", not %q", name)
	}
	return unowned{name}, nil
}

func (u unowned) Ref() rule.Ref { return rule.Ref{Kind: "unowned", Name: u.what} }

func (u unowned) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	return walkAlone(ctx, h, u)
}

func (u unowned) Look(h host.Reader) (Look, error) {
	file := "/etc/passwd"
	if u.what == "groups" {
		file = "/etc/group"
	}
	known, err := walkIDs(h, file)
	if err != nil {
		return nil, err
	}
	return &unownedLook{groups: u.what == "groups", file: file, known: known, last: -1}, nil
}

type unownedLook struct {
	groups bool
	file   string
	known  map[int]string
	last   int // a number that is known, since neighbours mostly have one owner; -1 at first
	hits   walkHits
}

func (l *unownedLook) Visit(e *walk.Entry) {
	id := e.UID
	if l.groups {
		id = e.GID
	}
	if id == l.last {
		return
	}
	if _, ok := l.known[id]; ok {
		l.last = id
		return
	}
	if unownedDynamic(id) && (e.Below("/var/lib/private") || e.Below("/var/cache/private") || e.Below("/var/log/private")) {
		return
	}
	l.hits.add(e)
}

// unownedDynamic reports whether systemd gives the number to a service while it runs (DynamicUser=, see
// systemd.exec(5)): what the service keeps lies in directories that only it can enter.
func unownedDynamic(id int) bool { return id >= 61184 && id <= 65519 }

func (l *unownedLook) Observation(s walk.Summary) (rule.Observation, error) {
	what := "owner"
	if l.groups {
		what = "group"
	}
	o := rule.Observation{
		Expected:  fmt.Sprintf("every file has an %s that %s lists", what, l.file),
		Persisted: fmt.Sprintf("%d files without one", l.hits.total),
		Message:   fmt.Sprintf("the %s of every file is in %s; %s", what, l.file, walkExtent(s)),
		Sources:   []rule.Source{{Path: l.file}},
		State:     &l.hits,
	}
	if l.groups {
		o.Expected = strings.Replace(o.Expected, "an group", "a group", 1)
	}
	if l.hits.total > 0 {
		o.Message = fmt.Sprintf("files whose %s is not in %s: %s", what, l.file, l.hits.names())
		o.Evidence = l.hits.evidence(func(h walkHit) string {
			id := h.uid
			if l.groups {
				id = h.gid
			}
			return fmt.Sprintf("%s %d %s", what, id, walkPath(h.path))
		})
	}
	return o, nil
}

func (u unowned) Diff(o rule.Observation) []rule.Change {
	hits := o.State.(*walkHits)
	if hits.total == 0 {
		return nil
	}
	return []rule.Change{rule.Unfixable{
		Subject: "files without " + strings.TrimSuffix(u.what, "s"),
		Reason:  "only a person can say whose they are, or that they may go",
		Of:      rule.Persisted,
	}}
}
