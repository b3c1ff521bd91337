package host_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// An overlay shows a machine as it is after the same changes have been made for real.
func TestOverlayShowsWhatTheChangesWouldMake(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		base, real := grow(rt, t), hosttest.Tree(t, "")
		copyFake(t, base, real)
		before := base.Snapshot()
		overlay := host.NewOverlay(base)
		for range rapid.IntRange(1, 8).Draw(rt, "changes") {
			path := drawPath(rt)
			var ourErr, realErr error
			what := rapid.SampledFrom([]string{"put", "put", "attr", "delete", "link"}).Draw(rt, "change")
			switch what {
			case "put":
				content := []byte(rapid.StringN(0, 3, -1).Draw(rt, "content"))
				create := rule.Attr{Mode: 0o600, UID: 1, GID: 2}
				ourErr, realErr = overlay.Put(path, content, create), real.Replace(path, content, create)
			case "attr":
				mode, uid := fs.FileMode(0o640), 7
				ourErr, realErr = overlay.SetAttr(path, &mode, &uid, nil), real.SetAttr(path, &mode, &uid, nil)
			case "delete":
				ourErr, realErr = overlay.Delete(path), real.Remove(path)
			case "link":
				if info, err := real.Lstat(path); err == nil && !info.Mode.IsDir() {
					target := drawPath(rt)
					real.Link(path, target)
					realErr, ourErr = nil, overlay.Link(path, target)
				}
			}
			if (ourErr == nil) != (realErr == nil) {
				rt.Fatalf("%s %s: overlay: %v, for real: %v", what, path, ourErr, realErr)
			}
			if want, got := view(real), view(overlay); want != got {
				rt.Fatalf("after %s %s the overlay shows\n%swant\n%s", what, path, got, want)
			}
		}
		if after := base.Snapshot(); fmt.Sprint(after) != fmt.Sprint(before) {
			rt.Fatal("the machine beneath has changed")
		}
	})
}

var pathNames = []string{"a", "b", "c"}

func drawPath(t *rapid.T) string {
	return "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pathNames), 1, 3).Draw(t, "path"), "/")
}

func grow(rt *rapid.T, t *testing.T) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	for range rapid.IntRange(0, 6).Draw(rt, "files") {
		path := drawPath(rt)
		if _, err := f.Lstat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if real, err := f.Resolve(path); err != nil || real != path {
			continue
		}
		if rapid.Bool().Draw(rt, "link") {
			f.Link(path, drawPath(rt))
		} else {
			f.Write(path, path)
		}
	}
	return f
}

func copyFake(t *testing.T, from, to *hosttest.Fake) {
	t.Helper()
	var walk func(dir string)
	walk = func(dir string) {
		entries, err := from.ReadDir(dir + "/")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			path := dir + "/" + e.Name()
			switch {
			case e.IsDir():
				to.Mkdir(path)
				walk(path)
			case e.Type()&fs.ModeSymlink != 0:
				target, err := from.Readlink(path)
				if err != nil {
					t.Fatal(err)
				}
				to.Link(path, target)
			default:
				to.Write(path, from.Read(path))
			}
		}
	}
	walk("")
}

// view is everything that can be asked about the paths up to three deep.
func view(files host.Files) string {
	var b strings.Builder
	var ask func(prefix string, depth int)
	ask = func(prefix string, depth int) {
		if depth == 0 {
			return
		}
		for _, name := range pathNames {
			path := prefix + "/" + name
			content, err := files.ReadFile(path)
			fmt.Fprintf(&b, "%s: %q %s", path, content, kind(err))
			info, err := files.Stat(path)
			if !info.Mode.IsRegular() {
				info.Size = 0
			}
			fmt.Fprintf(&b, " %v %s", info, kind(err))
			info, err = files.Lstat(path)
			fmt.Fprintf(&b, " %v %s", info.Mode, kind(err))
			text, err := files.Readlink(path)
			fmt.Fprintf(&b, " %s %s", text, kind(err))
			text, err = files.Resolve(path)
			fmt.Fprintf(&b, " %s %s", text, kind(err))
			entries, err := files.ReadDir(path)
			for _, e := range entries {
				info, infoErr := e.Info()
				fmt.Fprintf(&b, " [%s %v %v]", e.Name(), info.Mode(), infoErr)
			}
			fmt.Fprintf(&b, " %s\n", kind(err))
			ask(path, depth-1)
		}
	}
	ask("", 3)
	return b.String()
}

// kind leaves of an error what a caller may look at.
func kind(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, fs.ErrNotExist):
		return "absent"
	case errors.Is(err, host.ErrNotRegular):
		return "not regular"
	}
	text := err.Error()
	return text[strings.LastIndex(text, ": ")+2:]
}

func TestOverlayAliasesMeet(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/issue", "old")
	f.Chattr("/usr/lib/issue", 0o600, 1, 2)
	f.Link("/etc/issue", "/usr/lib/issue")
	o := host.NewOverlay(f)
	if err := o.Put("/etc/issue", []byte("new"), rule.Attr{Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	content, err := o.ReadFile("/usr/lib/issue")
	info, _ := o.Stat("/etc/issue")
	if err != nil || !bytes.Equal(content, []byte("new")) || info != (host.FileInfo{Mode: 0o600, UID: 1, GID: 2, Size: 3}) {
		t.Errorf("got %q, %+v, %v", content, info, err)
	}
}
