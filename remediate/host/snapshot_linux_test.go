package host_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestASnapshotStaysWhatItWas(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/a", "old")
	f.Link("/etc/l", "a")
	s := host.Snapshot(f)
	type answers struct {
		Content, Target, Resolved string
		Names                     []string
		Size, LinkSize            int64
		Absent                    bool
	}
	ask := func(h host.Reader) (a answers) {
		t.Helper()
		content, err := h.ReadFile("/etc/l")
		check(t, err)
		a.Content = string(content)
		entries, err := h.ReadDir("/etc")
		check(t, err)
		for _, e := range entries {
			a.Names = append(a.Names, e.Name())
		}
		info, err := h.Stat("/etc/l")
		check(t, err)
		a.Size = info.Size
		info, err = h.Lstat("/etc/a")
		check(t, err)
		a.LinkSize = info.Size
		a.Target, err = h.Readlink("/etc/l")
		check(t, err)
		a.Resolved, err = h.Resolve("/etc/l")
		check(t, err)
		_, err = h.ReadFile("/etc/new")
		a.Absent = errors.Is(err, fs.ErrNotExist)
		return a
	}
	first := ask(s)
	if diff := cmp.Diff(ask(f), first); diff != "" {
		t.Errorf("a snapshot does not say what the machine says:\n%s", diff)
	}
	f.Write("/etc/a", "and new")
	f.Write("/etc/new", "x")
	if diff := cmp.Diff(first, ask(s)); diff != "" {
		t.Errorf("a snapshot changed with the machine:\n%s", diff)
	}
	if got := ask(host.Snapshot(f)); got.Content != "and new" || got.Absent {
		t.Errorf("a new snapshot is not of the machine as it is: %+v", got)
	}
}

func TestWhatASnapshotReturnsCanBeAppendedTo(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/a", "old")
	s := host.Snapshot(f)
	content, err := s.ReadFile("/etc/a")
	check(t, err)
	_ = append(content, "er"...)
	again, err := s.ReadFile("/etc/a")
	check(t, err)
	if cap(again) != len("old") {
		t.Errorf("%d bytes of capacity are shared", cap(again)-len("old"))
	}
}

func TestASnapshotRemembersABoundedAmount(t *testing.T) {
	f := hosttest.Tree(t, "")
	big := string(make([]byte, 5<<20))
	f.Write("/etc/first", big)
	f.Write("/etc/second", big)
	s := host.Snapshot(f)
	for _, path := range []string{"/etc/first", "/etc/second"} {
		_, err := s.ReadFile(path)
		check(t, err)
		f.Write(path, "changed")
	}
	for path, want := range map[string]int{"/etc/first": len(big), "/etc/second": len("changed")} {
		content, err := s.ReadFile(path)
		check(t, err)
		if len(content) != want {
			t.Errorf("%s has %d bytes, want %d", path, len(content), want)
		}
	}
}

type key string

func TestWorkIsDoneOnceForASnapshotAndAgainForAnythingElse(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/a", "old")
	s := host.Snapshot(f)
	over := host.NewOverlay(s)
	check(t, over.Put("/etc/a", []byte("planned"), rule.Attr{}))
	calls := map[string]int{}
	work := func(of string) func() (string, error) {
		return func() (string, error) { calls[of]++; return of, errors.New(of) }
	}
	for range 2 {
		for name, h := range map[string]host.Reader{"machine": f, "snapshot": s, "overlay": over} {
			got, err := host.Once(h, key("once"), work(name))
			if got != name || err == nil || err.Error() != name {
				t.Errorf("of the %s: %q, %v", name, got, err)
			}
		}
		if got, _ := host.Once(s, key("other"), work("other")); got != "other" {
			t.Errorf("another key gives %q", got)
		}
		for _, h := range []host.Reader{s, over, host.NewOverlay(over)} {
			if got, _ := host.Pure(h, key("pure"), work("pure")); got != "pure" {
				t.Errorf("pure work gives %q", got)
			}
		}
	}
	want := map[string]int{"machine": 2, "snapshot": 1, "overlay": 2, "other": 1, "pure": 1}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("calls:\n%s", diff)
	}
}

func TestASnapshotOpensLargeFilesInParts(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/a", "content")
	part, err := host.OpenPart(host.Snapshot(f), "/etc/a")
	check(t, err)
	defer part.Close()
	b := make([]byte, 4)
	if _, err := part.ReadAt(b, 3); err != nil || !slices.Equal(b, []byte("tent")) {
		t.Errorf("got %q, %v", b, err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
