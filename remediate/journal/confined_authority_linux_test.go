//go:build authority

package journal_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// confinement is how this test binary, as a process in a mount namespace of its own, runs a program.
const (
	confinement = "HARDEN_TEST_CONFINED"
	readOnly    = "read-only" // everything but the root is read-only, and no device can be opened
	watched     = "watched"   // each file that was open for writing is named as it is closed
)

// confine runs argv in a mount namespace, and returns what it said and which files it had open for writing.
func confine(t *testing.T, how, root string, argv ...string) (status int, said string, written []string) {
	t.Helper()
	list := filepath.Join(t.TempDir(), "written")
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self, append([]string{root, list}, argv...)...)
	cmd.Env = append(os.Environ(), confinement+"="+how)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if how == watched {
		data, err := os.ReadFile(list)
		if err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
		must(t, json.Unmarshal(data, &written))
	}
	return cmd.ProcessState.ExitCode(), out.String(), written
}

// confined is the process in the namespace. TestMain calls it.
func confined(how string, args []string) error {
	root, list, argv := args[0], args[1], args[2:]
	if how == readOnly {
		if err := unix.Mount(root, root, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		set := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NODEV}
		if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &set); err != nil {
			return fmt.Errorf("cannot make the machine read-only: %w", err)
		}
		clear := unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}
		if err := unix.MountSetattr(unix.AT_FDCWD, root, 0, &clear); err != nil {
			return err
		}
		return syscall.Exec(argv[0], argv, os.Environ())
	}
	fan, err := unix.FanotifyInit(unix.FAN_CLASS_NOTIF|unix.FAN_NONBLOCK|unix.FAN_UNLIMITED_QUEUE|unix.FAN_CLOEXEC, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_LARGEFILE)
	if err != nil {
		return fmt.Errorf("cannot watch: %w", err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	marked := 0
	for line := range strings.Lines(string(mounts)) {
		// A mount that another one hides cannot be reached, and some pseudo file systems cannot be watched.
		if err := unix.FanotifyMark(fan, unix.FAN_MARK_ADD|unix.FAN_MARK_MOUNT, unix.FAN_CLOSE_WRITE, unix.AT_FDCWD, strings.Fields(line)[4]); err == nil {
			marked++
		}
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Stdin = os.Stdin
	runs := cmd.Run()
	// A file for its own list, of which it is not told.
	written := []string{}
	buffer := make([]byte, 1<<16)
	for {
		n, err := unix.Read(fan, buffer)
		if err != nil || n <= 0 {
			break
		}
		for rest := buffer[:n]; len(rest) > 0; {
			var event unix.FanotifyEventMetadata
			if _, err := binary.Decode(rest, binary.NativeEndian, &event); err != nil {
				return err
			}
			rest = rest[event.Event_len:]
			if event.Mask&unix.FAN_Q_OVERFLOW != 0 {
				return errors.New("too many events")
			}
			name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", event.Fd))
			if err != nil {
				return err
			}
			unix.Close(int(event.Fd))
			written = append(written, name)
		}
	}
	data, err := json.Marshal(written)
	if err != nil {
		return err
	}
	if err := os.WriteFile(list, data, 0o600); err != nil {
		return err
	}
	if marked == 0 {
		return errors.New("nothing is watched")
	}
	return runs
}

// TestARunNeedsNothingOutsideOfTheRoot has a whole apply and its undo do their work where everything else is
// read-only, /proc, /sys and /dev too, and no device opens.
func TestARunNeedsNothingOutsideOfTheRoot(t *testing.T) {
	s := newSite(t)
	if status, said, _ := confine(t, readOnly, s.root, "/bin/sh", "-c", "! touch "+filepath.Dir(s.root)+"/outside && touch "+s.root+"/inside && ! (: >/dev/null)"); status != 0 {
		t.Fatalf("the namespace is not as it should be: %s", said)
	}
	must(t, os.Remove(s.root+"/inside"))
	s.before = s.state(t)
	status, said, _ := confine(t, readOnly, s.root, s.args("--format=json")...)
	from := strings.Index(said, "{")
	if from < 0 {
		t.Fatalf("status %d: %s", status, said)
	}
	var r report.Report
	must(t, json.NewDecoder(strings.NewReader(said[from:])).Decode(&r))
	if len(r.Changes) < 10 || r.Interrupted != "" {
		t.Fatalf("status %d, %d changes, interrupted by %q: %s", status, len(r.Changes), r.Interrupted, said[:from])
	}
	if cmp.Equal(s.before, s.state(t)) {
		t.Fatal("nothing was changed")
	}
	if status, said, _ := confine(t, readOnly, s.root, s.binary, "undo", "--root", s.root); status != 0 {
		t.Fatalf("status %d: %s", status, said)
	}
	if diff := cmp.Diff(s.before, s.state(t)); diff != "" {
		t.Errorf("undo (-before +after):\n%s", diff)
	}
	t.Logf("figure: changes of a whole apply, done and taken back while everything outside of the root was read-only: %d", len(r.Changes))
}

// TestARunOpensNothingOutsideOfTheRootForWriting watches every mount while a whole apply and its undo run. What
// stands outside can be written here, so that trying would be seen.
func TestARunOpensNothingOutsideOfTheRootForWriting(t *testing.T) {
	s := newSite(t)
	other := filepath.Join(t.TempDir(), "other")
	if _, said, written := confine(t, watched, s.root, "/bin/sh", "-c", "echo >"+other); len(written) != 1 || written[0] != other {
		t.Fatalf("the watch saw %v: %s", written, said)
	}
	began, inside := time.Now(), 0
	for _, argv := range [][]string{s.args(), {s.binary, "undo", "--root", s.root}} {
		_, said, written := confine(t, watched, s.root, argv...)
		for _, name := range written {
			if !strings.HasPrefix(name, s.root+"/") {
				t.Errorf("%s opened %s for writing", argv[1], name)
				continue
			}
			inside++
		}
		if len(written) == 0 {
			t.Fatalf("%s wrote nothing: %s", argv[1], said)
		}
	}
	if inside < 10 {
		t.Errorf("%d files were written in %s", inside, time.Since(began))
	}
	t.Logf("figure: files that apply and undo opened for writing, all below the root, and none outside: %d", inside)
}
