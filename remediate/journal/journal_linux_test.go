package journal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/journal"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

var keep = journal.Options{Keep: true, Tool: "1", Profile: "test"}

// stateOf describes every path of a machine but for the journal, without the times of directories.
func stateOf(t testing.TB, f *hosttest.Fake) map[string]string {
	t.Helper()
	state := map[string]string{}
	err := filepath.WalkDir(f.Dir(), func(file string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path := "/" + strings.TrimPrefix(strings.TrimPrefix(file, f.Dir()), "/")
		n, err := f.Node(path)
		if err != nil {
			return err
		}
		if path == host.StateDir {
			return filepath.SkipDir
		}
		what := fmt.Sprintf("%v %d:%d %s", n.Mode, n.UID, n.GID, n.Target)
		if n.Mode.IsRegular() {
			what += fmt.Sprintf(" inode %d, %s: %s", n.Inode, n.ModTime, f.Read(path))
		}
		state[path] = what
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// machine is one with something of everything that a run changes.
func machine(t testing.TB) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	f.State = &hosttest.State{
		Sysctls:   map[string]string{"net/ipv4/ip_forward": "1"},
		Loaded:    []string{"cramfs"},
		MountList: []host.Mount{{Path: "/tmp", Options: []string{"rw", "relatime", "nodev"}}},
		Units:     map[string]host.UnitState{"a.service": {Load: "loaded", Active: "active", File: "enabled"}},
	}
	f.Write("/etc/old", "old\n")
	f.Chattr("/etc/old", 0o640, 1, 2)
	f.Write("/etc/gone", "gone\n")
	f.Write("/etc/modes", "")
	f.Chattr("/etc/modes", fs.ModeSetuid|0o777, 3, 4)
	f.Write("/usr/lib/issue", "shipped\n")
	f.Link("/etc/issue", "../usr/lib/issue")
	f.Link("/etc/dangling", "/var/made/file")
	f.Link("/etc/by-link", "/etc/linked")
	f.Write("/etc/linked", "linked\n")
	if err := os.Link(f.Dir()+"/etc/linked", f.Dir()+"/etc/other-name"); err != nil {
		t.Fatal(err)
	}
	f.Write("/etc/odd\xff\x1b[2J \"name\"\\", "odd\n")
	f.Write("/usr/lib/systemd/system/a.service", "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\nAlias=b.service\n")
	f.Write("/usr/lib/systemd/system/c.service", "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=new.target\n")
	f.Link("/etc/systemd/system/multi-user.target.wants/a.service", "/usr/lib/systemd/system/a.service")
	f.Link("/etc/systemd/system/b.service", "/usr/lib/systemd/system/a.service")
	f.Write("/var/lib/dpkg/status", "Package: telnet\nStatus: install ok installed\nVersion: 1\n")
	return f
}

// step is one change, for tables.
type step struct {
	name string
	do   func(t testing.TB, c host.Changer) error
}

// steps are changes of every kind but for packages.
func steps() []step {
	mode, uid := fs.FileMode(0o600), 0
	attr := rule.Attr{Mode: 0o644}
	return []step{
		{"a file is replaced", func(_ testing.TB, c host.Changer) error { return c.Replace("/etc/old", []byte("new\n"), attr) }},
		{"a file is made", func(_ testing.TB, c host.Changer) error {
			return c.Replace("/etc/new.d/sub/a.conf", []byte("a\n"), attr)
		}},
		{"another is made beside it", func(_ testing.TB, c host.Changer) error {
			return c.Replace("/etc/new.d/b.conf", []byte("b\n"), attr)
		}},
		{"a file is made where a link leads", func(_ testing.TB, c host.Changer) error { return c.Replace("/etc/dangling", nil, attr) }},
		{"a file with hard links is replaced through a link", func(_ testing.TB, c host.Changer) error {
			return c.Replace("/etc/by-link", []byte("new\n"), attr)
		}},
		{"a link is replaced", func(_ testing.TB, c host.Changer) error { return c.ReplaceLink("/etc/issue", []byte("new\n"), attr) }},
		{"a name that is not text is replaced", func(_ testing.TB, c host.Changer) error {
			return c.Replace("/etc/odd\xff\x1b[2J \"name\"\\", []byte("new\n"), attr)
		}},
		{"the same file is replaced again", func(_ testing.TB, c host.Changer) error { return c.Replace("/etc/old", []byte("newer\n"), attr) }},
		{"owner and mode are set", func(_ testing.TB, c host.Changer) error { return c.SetAttr("/etc/modes", &mode, &uid, &uid) }},
		{"owner and mode of what was seen are set", func(_ testing.TB, c host.Changer) error {
			return c.SetAttrOf("/etc/old", rule.Attr{Mode: 0o640, UID: 1, GID: 2}, &mode, &uid, nil)
		}},
		{"a file is removed", func(_ testing.TB, c host.Changer) error { return c.Remove("/etc/gone") }},
		{"a unit is disabled", func(t testing.TB, c host.Changer) error {
			return c.ChangeUnit(t.Context(), "a.service", rule.DisableUnit)
		}},
		{"a unit is masked", func(t testing.TB, c host.Changer) error {
			return c.ChangeUnit(t.Context(), "a.service", rule.MaskUnit)
		}},
		{"a unit is enabled", func(t testing.TB, c host.Changer) error {
			return c.ChangeUnit(t.Context(), "c.service", rule.EnableUnit)
		}},
		{"a unit is stopped", func(t testing.TB, c host.Changer) error {
			return c.ChangeUnit(t.Context(), "a.service", rule.StopUnit)
		}},
		{"a running value is set", func(_ testing.TB, c host.Changer) error { return c.SetSysctl("net/ipv4/ip_forward", "0") }},
		{"a module is unloaded", func(_ testing.TB, c host.Changer) error { return c.UnloadModule("cramfs") }},
		{"a mount gets options", func(_ testing.TB, c host.Changer) error {
			return c.Remount("/tmp", []string{"noexec", "nodev", "nosuid"})
		}},
	}
}

// run makes changes in one run and commits them.
func run(t testing.TB, f host.Writer, o journal.Options, changes ...step) {
	t.Helper()
	j, _, err := journal.Open(t.Context(), f, o)
	must(t, err)
	for _, s := range changes {
		if err := s.do(t, j); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
	}
	must(t, j.Commit())
	must(t, j.Close())
}

func undo(t testing.TB, f host.Writer, o journal.UndoOptions) journal.Result {
	t.Helper()
	result, err := journal.Undo(t.Context(), f, o)
	must(t, err)
	return result
}

func replace(path, content string) step {
	return step{"replace " + path, func(_ testing.TB, c host.Changer) error {
		return c.Replace(path, []byte(content), rule.Attr{Mode: 0o644})
	}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestEachChangeIsTakenBack(t *testing.T) {
	for _, s := range steps() {
		t.Run(s.name, func(t *testing.T) {
			f := machine(t)
			before, running := stateOf(t, f), runningOf(f)
			run(t, f, keep, s)
			if cmp.Equal(before, stateOf(t, f)) && running == runningOf(f) {
				t.Fatal("nothing was changed")
			}
			if result := undo(t, f, journal.UndoOptions{}); len(result.Left) > 0 {
				t.Errorf("left %+v", result.Left)
			}
			compare(t, f, before, running)
		})
	}
}

func TestAllChangesAreTakenBack(t *testing.T) {
	f := machine(t)
	before, running := stateOf(t, f), runningOf(f)
	run(t, f, keep, steps()...)
	if result := undo(t, f, journal.UndoOptions{}); len(result.Left) > 0 {
		t.Errorf("left %+v", result.Left)
	}
	compare(t, f, before, running)
	if _, err := os.Lstat(f.Dir() + host.StateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", host.StateDir, err)
	}
}

func compare(t testing.TB, f *hosttest.Fake, before map[string]string, running string) {
	t.Helper()
	if diff := cmp.Diff(before, stateOf(t, f)); diff != "" {
		t.Errorf("the machine differs (-before +now):\n%s", diff)
	}
	if now := runningOf(f); now != running {
		t.Errorf("what runs is\n%s\nand was\n%s", now, running)
	}
}

func runningOf(f *hosttest.Fake) string {
	options := slices.Clone(f.State.MountList[0].Options)
	options = slices.DeleteFunc(options, func(o string) bool { return o == "suid" || o == "exec" }) // as without a word
	slices.Sort(options)
	return fmt.Sprint(f.State.Sysctls, f.State.Loaded, options, f.State.Units["a.service"].Active)
}

func TestWhatSomebodyElseChangedIsLeftAlone(t *testing.T) {
	f := machine(t)
	before := stateOf(t, f)
	run(t, f, keep, replace("/etc/old", "new\n"), replace("/etc/linked", "new\n"))
	f.Write("/etc/old", "by hand\n")
	result := undo(t, f, journal.UndoOptions{})
	if len(result.Left) != 1 || result.Left[0].Target != "/etc/old" || !strings.Contains(result.Left[0].Reason, "somebody else") {
		t.Errorf("left %+v", result.Left)
	}
	if got := f.Read("/etc/old"); got != "by hand\n" {
		t.Errorf("holds %q", got)
	}
	runs, err := journal.Runs(f)
	must(t, err)
	if len(runs) != 1 || runs[0].State != "partly undone" {
		t.Errorf("runs are %+v", runs)
	}
	if result := undo(t, f, journal.UndoOptions{Run: runs[0].Number, Force: true}); len(result.Left) > 0 {
		t.Errorf("left %+v", result.Left)
	}
	if diff := cmp.Diff(before, stateOf(t, f)); diff != "" {
		t.Errorf("the machine differs (-before +now):\n%s", diff)
	}
}

func TestLinksThatSomebodyElseChangedAreLeftAlone(t *testing.T) {
	f := machine(t)
	run(t, f, keep, steps()[12]) // masks a.service
	f.Delete("/etc/systemd/system/a.service")
	f.Link("/etc/systemd/system/a.service", "/usr/local/a.service")
	result := undo(t, f, journal.UndoOptions{})
	if len(result.Left) != 1 || !strings.Contains(result.Left[0].Reason, "/etc/systemd/system/a.service") {
		t.Errorf("left %+v", result.Left)
	}
}

func TestUndoNeverFollowsALink(t *testing.T) {
	f := machine(t)
	f.Write("/home/u/rc", "mine\n")
	run(t, f, keep, replace("/home/u/rc", "new\n"))
	must(t, os.Rename(f.Dir()+"/home/u", f.Dir()+"/home/moved"))
	f.Write("/etc/rc", "root's\n")
	f.Link("/home/u", "/etc")
	result := undo(t, f, journal.UndoOptions{Force: true})
	if len(result.Left) != 1 || f.Read("/etc/rc") != "root's\n" {
		t.Errorf("left %+v, and the file holds %q", result.Left, f.Read("/etc/rc"))
	}
}

func TestOwnerIsNotGivenToAnotherFileOfThatName(t *testing.T) {
	f := machine(t)
	mode, uid := fs.FileMode(0o644), 0
	run(t, f, keep, step{"", func(_ testing.TB, c host.Changer) error { return c.SetAttr("/etc/modes", &mode, &uid, &uid) }})
	f.Delete("/etc/modes")
	// Two at once, so that the file system cannot give the inode of the old one to both.
	f.Write("/etc/another", "")
	f.Write("/etc/modes", "")
	if n, _ := f.Node("/etc/modes"); n.UID != 0 {
		t.Fatalf("%+v", n)
	}
	undo(t, f, journal.UndoOptions{})
	if n, _ := f.Node("/etc/modes"); n.UID != 0 || n.Mode != 0o644 {
		t.Errorf("got %+v", n)
	}
}

func TestPackagesAreSaidToBeLeft(t *testing.T) {
	f := machine(t)
	run(t, f, keep,
		step{"", func(t testing.TB, c host.Changer) error { return c.InstallPackages(t.Context(), []string{"a", "b"}) }},
		step{"", func(t testing.TB, c host.Changer) error {
			return c.RemovePackages(t.Context(), []string{"telnet"}, nil)
		}})
	result := undo(t, f, journal.UndoOptions{})
	if len(result.Left) != 2 || result.Left[1].Target != "packages a b" || !strings.HasPrefix(result.Left[1].Reason, "installed by this run") ||
		result.Left[0].Target != "packages telnet" || !strings.HasPrefix(result.Left[0].Reason, "removed by this run") {
		t.Errorf("left %+v", result.Left)
	}
	if runs, err := journal.Runs(f); err != nil || len(runs) != 0 {
		t.Errorf("the journal is still there: %+v, %v", runs, err)
	}
}

func TestADirectoryThatIsUsedStays(t *testing.T) {
	f := machine(t)
	run(t, f, keep, replace("/etc/new.d/a.conf", "a\n"))
	f.Write("/etc/new.d/mine.conf", "mine\n")
	result := undo(t, f, journal.UndoOptions{})
	if len(result.Left) != 1 || result.Left[0].Target != "/etc/new.d" {
		t.Errorf("left %+v", result.Left)
	}
	if _, err := f.Lstat("/etc/new.d/a.conf"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the run's own file is still there")
	}
}

func TestRunsAreTakenBackOneAfterTheOther(t *testing.T) {
	f := machine(t)
	before := stateOf(t, f)
	for i := range 3 {
		run(t, f, keep, replace("/etc/old", fmt.Sprint(i)))
	}
	// One in the middle is not what stands there.
	if result := undo(t, f, journal.UndoOptions{Run: 2}); len(result.Left) != 1 || f.Read("/etc/old") != "2" {
		t.Errorf("left %+v", result.Left)
	}
	if _, err := journal.Undo(t.Context(), f, journal.UndoOptions{Run: 7}); !errors.Is(err, journal.ErrNoRun) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"1", "0", "old\n"} {
		if undo(t, f, journal.UndoOptions{}); f.Read("/etc/old") != want {
			t.Errorf("holds %q, want %q", f.Read("/etc/old"), want)
		}
	}
	if diff := cmp.Diff(before, stateOf(t, f)); diff != "" {
		t.Errorf("the machine differs (-before +now):\n%s", diff)
	}
	if _, err := journal.Undo(t.Context(), f, journal.UndoOptions{}); !errors.Is(err, journal.ErrNoRun) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyTheLastRunsAreKept(t *testing.T) {
	f := machine(t)
	for i := range 12 {
		run(t, f, keep, replace("/etc/old", fmt.Sprint(i)))
	}
	runs, err := journal.Runs(f)
	must(t, err)
	if len(runs) != 8 || runs[0].Number != 5 || runs[7].Number != 12 {
		t.Errorf("runs are %+v", runs)
	}
}

func TestARunThatKeepsNothingRemovesAllJournals(t *testing.T) {
	f := machine(t)
	run(t, f, keep, replace("/etc/old", "1"))
	run(t, f, journal.Options{}, replace("/etc/old", "2"))
	if _, err := os.Lstat(f.Dir() + host.StateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", host.StateDir, err)
	}
	run(t, f, keep, replace("/etc/old", "3"))
	run(t, f, journal.Options{}) // that has nothing to change
	if _, err := os.Lstat(f.Dir() + host.StateDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there: %v", host.StateDir, err)
	}
}

func TestARunWithoutChangesLeavesNoTrace(t *testing.T) {
	f := machine(t)
	before := f.Snapshot()
	run(t, f, keep)
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("the machine differs (-before +now):\n%s", diff)
	}
}

func TestNobodyElseCanLookIntoTheJournal(t *testing.T) {
	f := machine(t)
	run(t, f, keep, replace("/etc/old", "new\n"))
	for _, dir := range []string{"", "/journal", "/journal/1"} {
		info, err := os.Lstat(f.Dir() + host.StateDir + dir)
		must(t, err)
		if info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s has mode %v", dir, info.Mode())
		}
	}
}

func TestAPlantedJournalIsRefused(t *testing.T) {
	for name, plant := range map[string]func(dir string) error{
		"open to others": func(dir string) error { return os.Chmod(dir, 0o755) },
		"a link": func(dir string) error {
			return errors.Join(os.Rename(dir, dir+".real"), os.Symlink("harden.real", dir))
		},
		"a link inside": func(dir string) error {
			return errors.Join(os.Rename(dir+"/journal", dir+"/x"), os.Symlink("x", dir+"/journal"))
		},
		"a file": func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			f := machine(t)
			run(t, f, keep, replace("/etc/old", "new\n"))
			must(t, plant(f.Dir()+host.StateDir))
			before := f.Snapshot()
			if _, _, err := journal.Open(t.Context(), f, keep); err == nil {
				t.Error("a run starts")
			}
			if _, err := journal.Undo(t.Context(), f, journal.UndoOptions{}); err == nil {
				t.Error("it is undone")
			}
			if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
				t.Errorf("something was written:\n%s", diff)
			}
		})
	}
}

func TestALinkedStateDirIsNotWrittenThrough(t *testing.T) {
	f := machine(t)
	f.Mkdir("/elsewhere")
	f.Link("/var/lib/harden", "/elsewhere")
	j, _, err := journal.Open(t.Context(), f, keep)
	if err == nil {
		err = j.Replace("/etc/old", []byte("new\n"), rule.Attr{})
		must(t, j.Close())
	}
	if err == nil || f.Read("/etc/old") != "old\n" {
		t.Errorf("error is %v, and the file holds %q", err, f.Read("/etc/old"))
	}
	if entries, _ := os.ReadDir(f.Dir() + "/elsewhere"); len(entries) > 0 {
		t.Errorf("%v was written through the link", entries)
	}
}

func TestATornLastEntryIsNoEntry(t *testing.T) {
	f := machine(t)
	j, _, err := journal.Open(t.Context(), f, keep)
	must(t, err)
	before := stateOf(t, f)
	must(t, replace("/etc/old", "new\n").do(t, j))
	must(t, j.Close()) // as a run that was killed leaves it
	log := f.Dir() + host.StateDir + "/journal/1/log"
	whole, err := os.ReadFile(log)
	must(t, err)
	torn := strings.Replace(string(whole), "/etc/old", "/etc/gone", 1)
	torn = torn[strings.LastIndexByte(torn[:len(torn)-1], '\n')+1:]
	for name, tail := range map[string]string{
		"half a line":   torn[:len(torn)/2],
		"a whole line":  torn,
		"zeros":         strings.Repeat("\x00", 100),
		"nothing at it": "",
	} {
		must(t, os.WriteFile(log, append(slices.Clone(whole), tail...), 0o600))
		runs, err := journal.Runs(f)
		if err != nil || len(runs) != 1 || runs[0].Changes != 1 {
			t.Errorf("%s: %+v, %v", name, runs, err)
		}
	}
	undo(t, f, journal.UndoOptions{})
	if diff := cmp.Diff(before, stateOf(t, f)); diff != "" {
		t.Errorf("the machine differs (-before +now):\n%s", diff)
	}
}

func TestADamagedJournalIsRefused(t *testing.T) {
	f := machine(t)
	run(t, f, keep, replace("/etc/old", "1"), replace("/etc/linked", "2"), replace("/etc/gone", "3"))
	log := f.Dir() + host.StateDir + "/journal/1/log"
	content, err := os.ReadFile(log)
	must(t, err)
	lines := strings.SplitAfter(string(content), "\n")
	for name, c := range map[string]struct{ log, want string }{
		"a changed entry": {strings.Replace(string(content), "/etc/linked", "/etc/changed", 1), "damaged: line 3"},
		"a missing entry": {lines[0] + lines[1] + lines[3] + lines[3], "damaged: line 3"},
		"no header":       {strings.Join(lines[1:], ""), "damaged: line 1"},
		"another format":  {"", "has format 2"},
	} {
		if name == "another format" {
			c.log = journal.LogOf(t, `{"header":{"format":2}}`)
		}
		must(t, os.WriteFile(log, []byte(c.log), 0o600))
		before := f.Snapshot()
		_, err := journal.Undo(t.Context(), f, journal.UndoOptions{})
		_, _, openErr := journal.Open(t.Context(), f, keep)
		for _, err := range []error{err, openErr} {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "/var/lib/harden/journal/1") {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
		}
		if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
			t.Errorf("%s: something was written:\n%s", name, diff)
		}
	}
}

func TestTwoRunsAtOnceAreRefused(t *testing.T) {
	f := machine(t)
	j, _, err := journal.Open(t.Context(), f, keep)
	must(t, err)
	want := fmt.Sprintf("another harden is changing this machine (process %d)", os.Getpid())
	if _, _, err := journal.Open(t.Context(), f, keep); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	var busy *host.ErrInUse
	if _, err := journal.Undo(t.Context(), f, journal.UndoOptions{}); !errors.As(err, &busy) {
		t.Errorf("got %v", err)
	}
	// The second waits when it is told to.
	time.AfterFunc(300*time.Millisecond, func() { must(t, j.Close()) })
	second := keep
	second.LockTimeout = time.Minute
	j2, _, err := journal.Open(t.Context(), f, second)
	must(t, err)
	must(t, j2.Close())
}
