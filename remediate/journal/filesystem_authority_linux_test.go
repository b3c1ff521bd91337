//go:build authority

package journal_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
)

// What a real kernel does when a file system has no space, no inodes, or refuses to write.

// onMount gives a machine whose files are on a file system of their own, and where that is mounted.
func onMount(t *testing.T, options string) (*hosttest.Fake, string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "harden-mount-")
	must(t, err)
	t.Cleanup(func() { os.Remove(dir) })
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, options))
	t.Cleanup(func() { must(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	t.Setenv("TMPDIR", dir)
	f := machine(t)
	if !strings.HasPrefix(f.Dir(), dir+"/") {
		t.Fatalf("%s is not below %s", f.Dir(), dir)
	}
	return f, dir
}

func TestARunOnAFullFileSystemIsTakenBack(t *testing.T) {
	for name, options := range map[string]string{"no space": "size=%dk", "no inodes": "size=4m,nr_inodes=%d"} {
		t.Run(name, func(t *testing.T) {
			failed := 0
			for room := 0; ; room++ {
				if room > 200 {
					t.Fatal("the run never has enough")
				}
				ended := false
				t.Run(fmt.Sprint(room), func(t *testing.T) {
					f, mount := onMount(t, "size=4m,nr_inodes=500")
					before, running := stateOf(t, f), runningOf(f)
					fill(t, mount, options, room)
					err := attempt(t, f)
					if err == nil {
						ended = true
						return
					}
					failed++
					if !strings.Contains(err.Error(), "no space left on device") {
						t.Fatalf("got %v", err)
					}
					undoRest(t, f)
					compare(t, f, before, running)
				})
				if t.Failed() || ended {
					break
				}
			}
			if failed == 0 {
				t.Error("nothing ran out")
			}
			t.Logf("figure: runs on a tmpfs with %s, taken back while it was full: %d", name, failed)
		})
	}
}

// fill leaves room for a number of pages or inodes on a file system of the test's own.
func fill(t *testing.T, mount, options string, room int) {
	t.Helper()
	var st unix.Statfs_t
	must(t, unix.Statfs(mount, &st))
	must(t, unix.Mount("", mount, "", unix.MS_REMOUNT, option(options, st, room)))
}

func option(options string, st unix.Statfs_t, room int) string {
	if strings.HasPrefix(options, "size=%") {
		return fmt.Sprintf(options, (int(st.Blocks-st.Bfree)+room)*int(st.Bsize)/1024)
	}
	return fmt.Sprintf(options, int(st.Files-st.Ffree)+room)
}

func TestAFileSystemThatTurnsReadOnlyIsTakenBackOnceItIsWritable(t *testing.T) {
	for after := range len(steps()) {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			f, mount := onMount(t, "size=4m")
			before, running := stateOf(t, f), runningOf(f)
			j, _, err := journal.Open(t.Context(), f, keep)
			must(t, err)
			all := steps()
			for _, s := range all[:after] {
				must(t, s.do(t, j))
			}
			must(t, unix.Mount("", mount, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
			if err := all[after].do(t, j); err == nil {
				t.Errorf("%s although nothing can be recorded", all[after].name)
			}
			must(t, j.Close())
			must(t, unix.Mount("", mount, "", unix.MS_REMOUNT, ""))
			undoRest(t, f)
			compare(t, f, before, running)
		})
	}
}

func TestAnImmutableFileStopsTheRunAndTheRestIsTakenBack(t *testing.T) {
	for _, file := range []string{"/etc/old", "/etc/modes", "/etc/gone", "/etc/linked"} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			f := machine(t)
			before, running := stateOf(t, f), runningOf(f)
			chattr(t, "+i", f.Dir()+file)
			t.Cleanup(func() { chattr(t, "-i", f.Dir()+file) })
			err := attempt(t, f)
			if err == nil && file != "/etc/modes" { // the fake keeps owners and modes beside the file
				t.Error("nobody noticed")
			}
			undoRest(t, f)
			compare(t, f, before, running)
		})
	}
}

func chattr(t *testing.T, flag, file string) {
	t.Helper()
	if out, err := exec.Command("chattr", flag, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// A journal on another file system than the files holds copies, and they are as good but for hard links.
func TestFilesOfAnotherFileSystemAreCopied(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/old", "old\n")
	f.Mkdir("/var/lib")
	must(t, unix.Mount("tmpfs", f.Dir()+"/var", "tmpfs", 0, "size=1m"))
	t.Cleanup(func() { _ = unix.Unmount(f.Dir()+"/var", unix.MNT_DETACH) })
	real, err := host.OpenRoot(f.Dir())
	must(t, err)
	defer real.Close()
	must(t, os.Chown(f.Dir()+"/etc/old", 7, 8))
	must(t, os.Chmod(f.Dir()+"/etc/old", 0o640))
	must(t, unix.Setxattr(f.Dir()+"/etc/old", "user.note", []byte("mine"), 0))
	must(t, os.Symlink("old", f.Dir()+"/etc/link"))
	describe := func() string {
		file, err := real.Node("/etc/old")
		must(t, err)
		link, err := real.Node("/etc/link")
		must(t, err)
		file.Inode, link.Inode = 0, 0
		content, err := os.ReadFile(f.Dir() + "/etc/old")
		must(t, err)
		return fmt.Sprintf("%+v %+v %s", file, link, content)
	}
	before := describe()
	run(t, real, keep, replace("/etc/old", "new\n"), step{"", func(_ testing.TB, c host.Changer) error { return c.Remove("/etc/link") }})
	if result := undo(t, real, journal.UndoOptions{}); len(result.Left) > 0 {
		t.Errorf("left %+v", result.Left)
	}
	if diff := cmp.Diff(before, describe()); diff != "" {
		t.Errorf("the files differ (-before +now):\n%s", diff)
	}
	must(t, os.Link(f.Dir()+"/etc/old", f.Dir()+"/etc/other"))
	run(t, real, keep, replace("/etc/old", "new\n"))
	result := undo(t, real, journal.UndoOptions{})
	if len(result.Left) != 1 || !strings.Contains(result.Left[0].Reason, "one of 2 hard links") {
		t.Errorf("left %+v", result.Left)
	}
}
