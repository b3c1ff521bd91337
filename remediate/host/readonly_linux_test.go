package host_test

import (
	"io/fs"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestReadOnlyHidesTheWriter(t *testing.T) {
	r := host.ReadOnly(hosttest.Tree(t, ""))
	if _, ok := r.(host.Writer); ok {
		t.Error("a type assertion gives the writer back")
	}
	var got, want []string
	for i := range reflect.TypeOf(r).NumMethod() {
		got = append(got, reflect.TypeOf(r).Method(i).Name)
	}
	for reader, i := reflect.TypeFor[host.Reader](), 0; i < reader.NumMethod(); i++ {
		want = append(want, reader.Method(i).Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("it has the methods %v, want %v", got, want)
	}
}

// Everything that a check can do to a tree is done to every path in it, and nothing has changed.
func TestReadingAWholeTreeChangesNothing(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/passwd", "root:x:0:0::/:/bin/sh\n")
	f.Write("/etc/os-release", "ID=ubuntu\n")
	f.Write("/usr/lib/systemd/system/a.service", "[Install]\nWantedBy=multi-user.target\n")
	f.Write("/etc/binary", "\x00\xff\xfe")
	f.Link("/etc/absolute", "/etc/passwd")
	f.Link("/etc/dangling", "/nowhere/at/all")
	f.Link("/etc/loop", "loop")
	f.Link("/etc/ping", "pong")
	f.Link("/etc/pong", "ping")
	f.Link("/etc/escape", "/../../../../../../etc/hostname")
	f.Link("/etc/up", "..")
	if err := unix.Mkfifo(f.Dir()+"/etc/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	before := f.Snapshot()

	h, err := host.OpenRoot(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	overlay := host.NewOverlay(h)
	if err := overlay.Put("/etc/absolute", []byte("changed"), rule.Attr{}); err != nil {
		t.Fatal(err)
	}
	for _, r := range []host.Reader{h, host.ReadOnly(h), overlay} {
		paths := 0
		var walk func(dir string)
		walk = func(dir string) {
			entries, err := r.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				path := dir + "/" + e.Name()
				paths++
				touch(r, path)
				touch(r, path+"/")
				touch(r, path+"/..")
				if e.IsDir() {
					walk(path)
				}
			}
		}
		walk("/")
		if paths < 15 {
			t.Errorf("saw only %d paths", paths)
		}
		for _, pattern := range []string{"/*/*", "/etc/*/*/*", "/*/*/*/*"} {
			if _, err := host.Glob(r, pattern); err != nil {
				t.Error(err)
			}
		}
		r.Info()
	}
	after := f.Snapshot()
	for path := range before {
		if before[path] != after[path] {
			t.Errorf("%s was %s, is %s", path, before[path], after[path])
		}
	}
	if len(after) != len(before) {
		t.Errorf("there were %d paths, there are %d", len(before), len(after))
	}
}

// touch does everything that a Files can.
func touch(files host.Files, path string) {
	var entries []fs.DirEntry
	files.ReadFile(path)
	files.Stat(path)
	files.Lstat(path)
	files.Readlink(path)
	files.Resolve(path)
	entries, _ = files.ReadDir(path)
	for _, e := range entries {
		e.Info()
	}
}
