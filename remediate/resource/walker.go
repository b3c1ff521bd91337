package resource

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

// Walker is a resource that is about all files of the machine. However many a profile has, the engine
// walks once and shows every entry to all of them; see ObserveWalkers. Observe of one on its own walks
// for itself.
type Walker interface {
	Resource
	// Look starts a look at the machine.
	Look(h host.Reader) (Look, error)
}

// Look is one walker's share of a walk.
type Look interface {
	// Visit sees an entry, which is only valid meanwhile. It keeps a bounded number of them.
	Visit(e *walk.Entry)
	// Observation says what was found, once everything was visited.
	Observation(s walk.Summary) (rule.Observation, error)
}

// Walked is what a walker found, as Observe returns it.
type Walked struct {
	Observation rule.Observation
	Err         error
}

// ObserveWalkers observes any number of walkers in one walk. The results are in their order.
func ObserveWalkers(ctx context.Context, h host.Reader, walkers []Walker) []Walked {
	results := make([]Walked, len(walkers))
	looks := make([]Look, 0, len(walkers))
	of := make([]int, 0, len(walkers)) // whose look it is
	for i, w := range walkers {
		look, err := w.Look(h)
		if err != nil {
			results[i].Err = err
			continue
		}
		looks, of = append(looks, look), append(of, i)
	}
	if len(looks) == 0 {
		return results
	}
	sum, err := h.Walk(ctx, func(e *walk.Entry) error {
		for _, look := range looks {
			look.Visit(e)
		}
		return nil
	})
	for n, look := range looks {
		r := &results[of[n]]
		if err != nil {
			// Part of the files was not seen, and what is not known must not pass.
			r.Err = fmt.Errorf("cannot look at all files: %w", err)
			continue
		}
		r.Observation, r.Err = look.Observation(sum)
	}
	return results
}

// walkAlone is Observe of a walker.
func walkAlone(ctx context.Context, h host.Reader, w Walker) (rule.Observation, error) {
	result := ObserveWalkers(ctx, h, []Walker{w})[0]
	return result.Observation, result.Err
}

const (
	// maxWalkHits is how many deviating paths a walker keeps, and the most that one plan changes.
	maxWalkHits = 4096
	// maxWalkShown is how many of them a report lists.
	maxWalkShown = 50
)

// walkHit is a path that deviates, as it was seen.
type walkHit struct {
	path     string
	mode     fs.FileMode
	uid, gid int
}

// walkHits keeps the first maxWalkHits paths in the order of their bytes, whatever order they come in,
// and counts all.
type walkHits struct {
	total int
	kept  []walkHit
	last  string // once some were dropped: nothing after it is kept
}

func (k *walkHits) add(e *walk.Entry) {
	k.total++
	if k.last != "" && string(e.Bytes()) > k.last {
		return
	}
	k.kept = append(k.kept, walkHit{e.Path(), e.Mode, e.UID, e.GID})
	if len(k.kept) == 2*maxWalkHits {
		k.sort()
		k.kept = k.kept[:maxWalkHits:maxWalkHits]
		k.last = k.kept[maxWalkHits-1].path
	}
}

func (k *walkHits) sort() {
	slices.SortFunc(k.kept, func(a, b walkHit) int { return cmp.Compare(a.path, b.path) })
}

// sorted gives what was kept, in order.
func (k *walkHits) sorted() []walkHit {
	k.sort()
	if len(k.kept) > maxWalkHits {
		k.kept = k.kept[:maxWalkHits]
	}
	return k.kept
}

// evidence lists the first paths, and counts the rest.
func (k *walkHits) evidence(describe func(walkHit) string) []string {
	var list []string
	for i, h := range k.sorted() {
		if i == maxWalkShown {
			break
		}
		list = append(list, describe(h))
	}
	if more := k.total - len(list); more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return list
}

// names gives the first few paths for a sentence.
func (k *walkHits) names() string {
	const few = 3
	var names []string
	for i, h := range k.sorted() {
		if i == few {
			break
		}
		names = append(names, walkPath(h.path))
	}
	text := strings.Join(names, ", ")
	if more := k.total - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// tooMany is the change that stands for all when there are more than a plan should touch: a tree in
// which thousands of files deviate has another trouble than their modes.
func (k *walkHits) tooMany(subject string) (rule.Change, bool) {
	if k.total <= maxWalkHits {
		return nil, false
	}
	return rule.Unfixable{
		Subject: subject,
		Reason:  fmt.Sprintf("%d paths deviate, and more than %d are not changed without a person looking first", k.total, maxWalkHits),
		Of:      rule.Persisted,
	}, true
}

// walkPath shows a path, which any user may have named: with quotes when it could be mistaken for
// something else on a terminal.
func walkPath(path string) string {
	plain := utf8.ValidString(path) && strings.IndexFunc(path, func(r rune) bool { return !strconv.IsPrint(r) || r == '"' }) < 0
	if plain {
		return path
	}
	return strconv.Quote(path)
}

// walkExtent says how much was looked at.
func walkExtent(s walk.Summary) string {
	text := fmt.Sprintf("%d paths were looked at", s.Entries)
	if len(s.LeftOut) == 0 {
		return text
	}
	var names []string
	for _, p := range s.LeftOut {
		names = append(names, walkPath(p))
	}
	if s.MoreLeftOut > 0 {
		names = append(names, fmt.Sprintf("%d more", s.MoreLeftOut))
	}
	return text + ", not those in " + strings.Join(names, ", ")
}

// walkIDs reads the numbers that passwd or group knows.
func walkIDs(h host.Files, file string) (map[int]string, error) {
	content, err := h.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot tell who exists: cannot read %s: %w", file, err)
	}
	known := map[int]string{}
	for line := range strings.Lines(string(content)) {
		fields := strings.Split(line, ":")
		if len(fields) < 4 {
			continue
		}
		n, err := strconv.ParseUint(fields[2], 10, 32)
		if err != nil {
			continue
		}
		if _, have := known[int(n)]; !have {
			known[int(n)] = fields[0]
		}
	}
	return known, nil
}

// walkOwner gives a name, or the number of who has none.
func walkOwner(names map[int]string, id int) string {
	if name, ok := names[id]; ok {
		return name
	}
	return strconv.Itoa(id)
}

// walkSetAttr changes a path that somebody may have exchanged since it was seen.
func walkSetAttr(h walkHit, mode *fs.FileMode, uid, gid *int) rule.SetAttr {
	return rule.SetAttr{Path: h.path, Mode: mode, UID: uid, GID: gid,
		Seen: &rule.Attr{Mode: h.mode & modeBits, UID: h.uid, GID: h.gid}}
}
