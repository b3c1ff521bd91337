//go:build authority

package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/format"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// canary is what stands outside of every root here. No run may read, change or show it.
const canary = "outside-of-the-root-7f3a"

// attack puts something hostile in the place of a file; outside is the directory that must stay alone.
type attack struct {
	name string
	put  func(path, outside string) error
	// read says that it is about what is in a file, and left out where none is read.
	read bool
}

func attacks() []attack {
	link := func(name string, target func(path, outside string) string) attack {
		return attack{name, func(path, outside string) error { return os.Symlink(target(path, outside), path) }, false}
	}
	content := func(name, text string) attack {
		return attack{name, func(path, _ string) error { return os.WriteFile(path, []byte(text), 0o644) }, true}
	}
	return []attack{
		link("an absolute link out of the root", func(_, outside string) string { return outside + "/secret" }),
		link("a link that climbs out of the root", func(_, outside string) string { return strings.Repeat("../", 40) + outside[1:] + "/secret" }),
		link("a link to a directory outside", func(_, outside string) string { return strings.Repeat("../", 40) + outside[1:] }),
		link("a link to itself", func(path, _ string) string { return filepath.Base(path) }),
		link("a link to nothing", func(string, string) string { return "/nowhere/at/all" }),
		link("a link to the parent directory", func(string, string) string { return ".." }),
		{"a FIFO", func(path, _ string) error { return unix.Mkfifo(path, 0o644) }, false},
		{"a socket", socket, false},
		{"a directory", func(path, _ string) error { return os.MkdirAll(path+"/inner", 0o755) }, false},
		{"a terabyte of nothing", func(path, _ string) error {
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				return err
			}
			return os.Truncate(path, 1<<40)
		}, true},
		content("bytes that are no text", "\x00\xff\xfe\x1b]0;title\x07\x1b[31m\x80\x80 = \xc3\x28\r\n\x9b2J<script>alert(1)</script>\n"),
		content("a line of a quarter of a megabyte", strings.Repeat("a=", 1<<17)+"\n"),
		content("twenty thousand short lines", strings.Repeat("x y\n", 20_000)),
		content("lines that never end", strings.Repeat("a \\\n", 1<<12)),
		content("brackets that nest deeply", strings.Repeat("( { [ if true; then \" ' ` $( ", 1<<9)),
	}
}

// socket binds a socket; its name may be longer than an address holds, so it goes in from a short directory.
func socket(path, _ string) error {
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/s", Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	defer l.Close()
	return os.Rename(dir+"/s", path)
}

// TestHostileThingsInThePlaceOfWhatARuleReads takes a tree of each kind, and puts something hostile at each path that the
// rule looks at, one at a time. Whatever it is, a check and a plan write nothing, an apply writes only below the root, the
// directory outside is never so much as opened, and what is shown is text.
func TestHostileThingsInThePlaceOfWhatARuleReads(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // thousands of trees, and each apply waits for a disk
	}
	outside, watch := watchedDirectory(t)
	for _, dir := range oneTreeOfEachKind(t) {
		kind := filepath.Base(filepath.Dir(dir))
		t.Run(kind, func(t *testing.T) {
			seen := readBy(t, dir)
			if len(seen) == 0 { // it only walks
				seen = map[string]bool{"/var/tmp": false, "/usr/bin/su": false}
			}
			for _, a := range attacks() {
				for _, path := range some(seen, a.read) {
					bounded(t, fmt.Sprintf("%s at %s", a.name, path), func() { assault(t, dir, path, a, outside) })
				}
			}
		})
	}
	if events := watch(); len(events) > 0 {
		t.Errorf("something outside of the root was touched: %v", events)
	}
}

// some lists paths to attack, spread over all: kinds share most of what they read, and a few of each kind meet every
// reader.
func some(seen map[string]bool, read bool) []string {
	most := 24
	if read {
		most = 8
	}
	all := slices.DeleteFunc(slices.Sorted(maps.Keys(seen)), func(p string) bool { return read && !seen[p] })
	if len(all) <= most {
		return all
	}
	var list []string
	for i := range most {
		list = append(list, all[i*len(all)/most])
	}
	return list
}

// bounded reports work that does not end. The bound is far beyond what any of it takes.
func bounded(t *testing.T, about string, work func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s: the run does not end", about)
	}
}

func assault(t *testing.T, dir, path string, a attack, outside string) {
	about := fmt.Sprintf("%s at %s", a.name, path)
	f := hosttest.Tree(t, filepath.Join(dir, "in"))
	p := treeProfile(t, dir, f)
	f.OS = f.Info() // whatever becomes of os-release
	at := filepath.Join(f.Dir(), path)
	if err := os.RemoveAll(at); err != nil {
		return // a part of the path is a link of the tree's own
	}
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return
	}
	if err := a.put(at, outside); err != nil {
		t.Errorf("%s: %v", about, err)
		return
	}
	o := engine.Options{Require: engine.RequirePersisted, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	before := f.Snapshot()
	findings, _, err := engine.Plan(t.Context(), p, f, o)
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("%s: a plan changed the tree:\n%s", about, diff)
	}
	if findings == nil {
		t.Errorf("%s: cannot check: %v", about, err)
		return
	}
	shown(t, about, p, f, findings)
	if err != nil {
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error shows what is outside of the root: %v", about, err)
		}
		return
	}
	if applied, err := engine.Apply(t.Context(), p, f, o); err == nil {
		shown(t, about, p, f, applied.After)
	}
}

// shown writes the findings in every format: none may hold the canary, or what a terminal would obey.
func shown(t *testing.T, about string, p *profile.Profile, h host.Reader, findings []engine.Finding) {
	t.Helper()
	r := report.New(report.Run{
		Action: report.Check, Tool: report.Tool{Name: "harden"}, Profile: p, Host: h, Require: engine.RequirePersisted, Findings: findings,
	})
	for _, kind := range format.All() {
		var b bytes.Buffer
		if err := kind.Write(&b, r, format.Options{}); err != nil {
			t.Errorf("%s: cannot write %s: %v", about, kind.Name, err)
			continue
		}
		if strings.Contains(b.String(), canary) {
			t.Errorf("%s: the %s report shows what is outside of the root", about, kind.Name)
		}
		if bad := unprintable(b.String()); bad != "" {
			t.Errorf("%s: the %s report holds %s", about, kind.Name, bad)
		}
	}
	data, err := json.Marshal(r)
	if err != nil || !utf8.Valid(data) {
		t.Errorf("%s: the report is no JSON: %v", about, err)
	}
}

func unprintable(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are no UTF-8"
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return fmt.Sprintf("the control character %U", r)
		}
	}
	return ""
}

// oneTreeOfEachKind lists the first tree of each kind, by name.
func oneTreeOfEachKind(t *testing.T) []string {
	t.Helper()
	cases, err := filepath.Glob("../resource/testdata/trees/*/*/rule.hcl")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	var dirs []string
	for _, file := range cases {
		dir := filepath.Dir(file)
		if !slices.ContainsFunc(dirs, func(d string) bool { return filepath.Dir(d) == filepath.Dir(dir) }) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// readBy lists the paths that the rule of a tree looks at, and says of each whether it is read as a file.
func readBy(t *testing.T, dir string) map[string]bool {
	t.Helper()
	f := hosttest.Tree(t, filepath.Join(dir, "in"))
	rec := &recorder{Reader: f, paths: map[string]bool{}}
	o := engine.Options{Require: engine.RequirePersisted}
	if _, err := engine.Check(t.Context(), treeProfile(t, dir, f), rec, o); err != nil {
		t.Fatal(err)
	}
	delete(rec.paths, "/")
	return rec.paths
}

// recorder notes which paths are read.
type recorder struct {
	host.Reader
	mu    sync.Mutex
	paths map[string]bool
}

func (r *recorder) note(path string, read bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths[path] = r.paths[path] || read
}

func (r *recorder) ReadFile(path string) ([]byte, error) {
	r.note(path, true)
	return r.Reader.ReadFile(path)
}

func (r *recorder) ReadDir(path string) ([]fs.DirEntry, error) {
	r.note(path, false)
	return r.Reader.ReadDir(path)
}

func (r *recorder) Stat(path string) (host.FileInfo, error) {
	r.note(path, false)
	return r.Reader.Stat(path)
}

func (r *recorder) Lstat(path string) (host.FileInfo, error) {
	r.note(path, false)
	return r.Reader.Lstat(path)
}

// watchedDirectory is a directory outside of every root. The function returned tells what has been opened, read, changed
// or made in it since.
func watchedDirectory(t *testing.T) (dir string, events func() []string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"secret", "secret.conf"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(canary+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_ALL_EVENTS); err != nil {
		t.Fatal(err)
	}
	return dir, func() []string {
		var seen []string
		buffer := make([]byte, 1<<16)
		for {
			n, err := unix.Read(fd, buffer)
			if err != nil || n == 0 {
				return seen
			}
			for at := 0; at+unix.SizeofInotifyEvent <= n; {
				event := (*unix.InotifyEvent)(unsafe.Pointer(&buffer[at]))
				name := buffer[at+unix.SizeofInotifyEvent : at+unix.SizeofInotifyEvent+int(event.Len)]
				seen = append(seen, fmt.Sprintf("%#x %s", event.Mask, bytes.TrimRight(name, "\x00")))
				at += unix.SizeofInotifyEvent + int(event.Len)
			}
		}
	}
}

// The watch has to see what it is there to see.
func TestTheWatchSeesAReadAndAWrite(t *testing.T) {
	dir, events := watchedDirectory(t)
	if got := events(); len(got) != 0 {
		t.Fatalf("events before anything happened: %v", got)
	}
	if _, err := os.ReadFile(dir + "/secret"); err != nil {
		t.Fatal(err)
	}
	if len(events()) == 0 {
		t.Error("a read is not seen")
	}
	if err := os.WriteFile(dir+"/new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if len(events()) == 0 {
		t.Error("a write is not seen")
	}
}

// A file that is a link out of the root one moment and a file the next never leads a write outside.
func TestALinkThatIsSwappedWhileItIsAppliedLeadsNowhere(t *testing.T) {
	outside, watch := watchedDirectory(t)
	const dir = "../resource/testdata/trees/sysctl"
	cases, err := os.ReadDir(dir)
	if err != nil || len(cases) == 0 {
		t.Fatalf("no case (%v)", err)
	}
	tree := filepath.Join(dir, cases[0].Name())
	o := engine.Options{Require: engine.RequirePersisted}
	for range 40 {
		f := hosttest.Tree(t, filepath.Join(tree, "in"))
		p := treeProfile(t, tree, f)
		swapped := filepath.Join(f.Dir(), "etc/sysctl.d")
		if err := os.MkdirAll(swapped, 0o755); err != nil {
			t.Fatal(err)
		}
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			aside, link := swapped+".aside", swapped+".link"
			for {
				select {
				case <-stop:
					return
				default:
				}
				_ = os.Symlink(outside, link)
				_ = unix.Renameat2(unix.AT_FDCWD, link, unix.AT_FDCWD, swapped, unix.RENAME_EXCHANGE)
				_ = os.Rename(link, aside)
				_ = unix.Renameat2(unix.AT_FDCWD, aside, unix.AT_FDCWD, swapped, unix.RENAME_EXCHANGE)
				_ = os.Remove(aside)
			}
		}()
		for range 5 {
			_, _ = engine.Apply(t.Context(), p, f, o) // an error is fine, and so is success
		}
		close(stop)
		<-stopped
	}
	if events := watch(); len(events) > 0 {
		t.Errorf("something outside of the root was touched: %v", events)
	}
}
