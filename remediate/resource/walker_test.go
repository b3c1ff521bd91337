package resource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
	"github.com/nodeimage/packer-plugin-harden/remediate/walk"
)

func TestOfManyHitsTheFirstAreKeptWhateverOrderTheyComeIn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 60, maxWalkHits, maxWalkHits + 1, 3 * maxWalkHits}).Draw(rt, "n")
		order := make([]int, n)
		step := rapid.SampledFrom([]int{1, 7, 4099}).Draw(rt, "step")
		for i := range order {
			order[i] = i * step % max(n, 1)
		}
		var k walkHits
		for _, i := range order {
			k.add(walk.NewEntry(fmt.Sprintf("/%06d", i), 0o666, i, 0))
		}
		kept := k.sorted()
		distinct := slices.Compact(slices.Sorted(slices.Values(order)))
		if k.total != n || len(k.kept) > maxWalkHits {
			rt.Fatalf("%d of %d kept", len(kept), n)
		}
		if len(distinct) == n { // the step visits every number once
			for i, h := range kept {
				if h.path != fmt.Sprintf("/%06d", i) {
					rt.Fatalf("hit %d is %s", i, h.path)
				}
			}
		}
		if e := k.evidence(func(h walkHit) string { return h.path }); len(e) > maxWalkShown+1 {
			rt.Fatalf("%d lines of evidence", len(e))
		}
	})
}

func TestMoreThanAPlanShouldTouchIsLeftToAPerson(t *testing.T) {
	l := &worldWritableLook{}
	for i := range maxWalkHits + 1 {
		l.Visit(walk.NewEntry(fmt.Sprintf("/srv/%d", i), 0o666, 0, 0))
	}
	o, err := l.Observation(walk.Summary{})
	if err != nil {
		t.Fatal(err)
	}
	changes := worldWritable{"files"}.Diff(o)
	if len(changes) != 1 {
		t.Fatalf("%d changes", len(changes))
	}
	if _, ok := changes[0].(rule.Unfixable); !ok {
		t.Errorf("got %T", changes[0])
	}
	if len(o.Evidence) != maxWalkShown+1 {
		t.Errorf("%d lines of evidence", len(o.Evidence))
	}
}

// blind is a machine of which a part cannot be seen.
type blind struct{ host.Reader }

func (b blind) Walk(ctx context.Context, visit func(*walk.Entry) error) (walk.Summary, error) {
	sum, err := b.Reader.Walk(ctx, visit)
	if err == nil {
		err = errors.New("cannot look into directory /srv: input/output error")
	}
	return sum, err
}

func TestWhatCouldNotBeSeenIsAnErrorAndNotAPass(t *testing.T) {
	f := walkTree(t)
	for _, w := range []Walker{worldWritable{"files"}, unowned{"users"}, privilegedPrograms{what: "setuid"}, logFiles{dir: "/var/log", classes: []logClass{{Names: []string{"*"}, mode: 0o640}}}} {
		if _, err := w.Observe(t.Context(), blind{f}); err == nil || !strings.Contains(err.Error(), "input/output error") {
			t.Errorf("%s: got %v", w.Ref(), err)
		}
	}
}

func walkTree(t *testing.T) *hosttest.Fake {
	t.Helper()
	f := hosttest.Tree(t, "")
	f.Write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
	f.Write("/etc/group", "root:x:0:\n")
	return f
}

func TestWithoutAListPrivilegedProgramsAreShownToAPerson(t *testing.T) {
	f := walkTree(t)
	f.Write("/usr/bin/su", "x")
	f.Chattr("/usr/bin/su", 0o755|fs.ModeSetuid, 0, 0)
	f.Write("/usr/bin/\x1b[2Jevil", "x")
	f.Chattr("/usr/bin/\x1b[2Jevil", 0o755|fs.ModeSetuid, 7, 8)
	o, err := privilegedPrograms{what: "setuid"}.Observe(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if o.Manual == "" {
		t.Error("not left to a person")
	}
	want := []string{`4755 7:8 "/usr/bin/\x1b[2Jevil"`, "4755 root:root /usr/bin/su"}
	if !slices.Equal(o.Evidence, want) {
		t.Errorf("got %q, want %q", o.Evidence, want)
	}
}

func TestAPlanForUsersFilesSaysWhatWasSeen(t *testing.T) {
	f := walkTree(t)
	f.Write("/home/u/x", "x")
	f.Chattr("/home/u/x", 0o666, 1000, 1000)
	r := worldWritable{"files"}
	o, err := r.Observe(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Diff(o)[0].(rule.SetAttr)
	if c.Seen == nil || c.Seen.Mode != 0o666 || c.Seen.UID != 1000 {
		t.Fatalf("got %+v", c.Seen)
	}
	// The user puts a link in its place: nothing is changed where it leads.
	f.Write("/etc/shadow", "secret")
	f.Chattr("/etc/shadow", 0o600, 0, 0)
	f.Link("/home/u/x", "/etc/shadow")
	if err := f.SetAttrOf(c.Path, *c.Seen, c.Mode, nil, nil); !errors.Is(err, host.ErrChanged) {
		t.Errorf("got %v", err)
	}
	if info, _ := f.Stat("/etc/shadow"); info.Mode != 0o600 {
		t.Errorf("/etc/shadow is %v", info.Mode)
	}
}

func TestDynamicUsersOfSystemdMayOwnTheirPrivateFiles(t *testing.T) {
	for path, want := range map[string]int{"/var/lib/private/x": 0, "/srv/x": 1} {
		l := &unownedLook{known: map[int]string{0: "root"}, last: -1}
		l.Visit(walk.NewEntry(path, 0o600, 64000, 0))
		if l.hits.total != want {
			t.Errorf("%s: %d hits", path, l.hits.total)
		}
	}
}

func TestMisspeltWalkersAreErrors(t *testing.T) {
	none := func(any) error { return nil }
	for _, k := range []Kind{worldWritableKind(), unownedKind(), privilegedProgramsKind(), mountClassKind(), sshHostKeysKind(), unusedFilesystemsKind(), partitionKind()} {
		if _, err := k.New("nothing", none); err == nil {
			t.Errorf("%s takes any name", k.Name)
		}
	}
}
