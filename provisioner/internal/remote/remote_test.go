package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/commtest"
)

// TestMain lets this binary be the program that the tests upload and run.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "program" {
		os.Exit(program(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// program FILE SECONDS STATUS writes FILE after so many seconds.
func program(args []string) int {
	fmt.Fprintln(os.Stderr, "begin \x1b]0;title\a\x1b[31mred\x1b[0m")
	seconds, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return 99
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	if err := os.WriteFile(args[0], []byte("result\n"), 0o600); err != nil {
		return 98
	}
	fmt.Println("output")
	status, err := strconv.Atoi(args[2])
	if err != nil {
		return 97
	}
	return status
}

type fixture struct {
	comm    *commtest.Comm
	machine *Machine
	folder  string

	mu   sync.Mutex
	said []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{comm: &commtest.Comm{}, folder: t.TempDir()}
	f.comm.Env = []string{"HOME=" + t.TempDir(), "SSH_CONNECTION=::ffff:192.0.2.7 5000 192.0.2.1 22"}
	f.machine = &Machine{
		Comm:     f.comm,
		Patience: 3 * time.Second, Pause: 5 * time.Millisecond,
		Say: f.say,
	}
	// Whoever runs the tests may not be root.
	root := shim(t, "id", "echo 0")
	f.machine.Become = func(_, command string) (string, error) { return "PATH=" + root + ":$PATH " + command, nil }
	t.Cleanup(f.comm.Wait)
	return f
}

// shim makes a folder with a command of that name.
func shim(t *testing.T, name, script string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (f *fixture) say(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, line)
}

func (f *fixture) stage(t *testing.T) *Stage {
	t.Helper()
	s, err := f.machine.Prepare(t.Context(), f.folder)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// upload puts the test binary on the stage.
func (f *fixture) upload(t *testing.T, s *Stage) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path, err := s.Put(t.Context(), "harden", data, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (f *fixture) empty(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(f.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		t.Errorf("%s is left behind", e.Name())
	}
}

func TestPrepareMakesAPrivateDirectoryAndLooksAround(t *testing.T) {
	f := newFixture(t)
	s := f.stage(t)
	info, err := os.Stat(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 || filepath.Dir(s.Dir) != f.folder {
		t.Errorf("the directory is %s with mode %v", s.Dir, info.Mode())
	}
	if s.Target.System != "Linux" || s.Target.Arch() == "" || s.Target.Peer != "192.0.2.7" || s.Target.User == "" {
		t.Errorf("the target is %+v", s.Target)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.empty(t)
}

func TestPrepareFallsBackWhereProgramsCannotRun(t *testing.T) {
	f := newFixture(t)
	noexec, good := t.TempDir(), f.folder
	// A file that can't be made executable is refused just as on a noexec mount.
	f.comm.Env = append(f.comm.Env, "PATH="+shim(t, "chmod", `case $2 in "`+noexec+`"/*) exit 0 ;; esac; exec /bin/chmod "$@"`)+":"+os.Getenv("PATH"))
	f.machine.folders = []string{"/proc/nowhere", noexec, good}
	s, err := f.machine.Prepare(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(s.Dir) != good {
		t.Errorf("the directory is %s", s.Dir)
	}
	if left, _ := os.ReadDir(noexec); len(left) > 0 {
		t.Errorf("%s is left in the folder that did not serve", left[0].Name())
	}

	_, err = f.machine.Prepare(t.Context(), noexec)
	if err == nil || !strings.Contains(err.Error(), "noexec") || !strings.Contains(err.Error(), "remote_folder") {
		t.Errorf("with nowhere to run, the error is %v", err)
	}
}

func TestPrepareTriesHomeAndRuntimeDirectory(t *testing.T) {
	f := newFixture(t)
	f.comm.Env = []string{"HOME=/proc/nowhere", "XDG_RUNTIME_DIR=" + f.folder}
	f.machine.folders = []string{"home", "runtime"}
	s, err := f.machine.Prepare(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(s.Dir) != f.folder {
		t.Errorf("the directory is %s", s.Dir)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	f.empty(t)
}

func TestPrepareSaysWhenRootIsOutOfReach(t *testing.T) {
	f := newFixture(t)
	f.machine.Become = func(_, _ string) (string, error) { return "echo 'sudo: a password is required' >&2; exit 1", nil }
	s, err := f.machine.Prepare(t.Context(), f.folder)
	if err == nil || !strings.Contains(err.Error(), "a password is required") {
		t.Errorf("the error is %v", err)
	}
	f.machine.Become = func(_, command string) (string, error) {
		return "PATH=" + shim(t, "id", "echo 1000") + ":$PATH " + command, nil
	}
	if _, err := f.machine.Prepare(t.Context(), f.folder); err == nil || !strings.Contains(err.Error(), "uid 1000") {
		t.Errorf("the error is %v", err)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Errorf("what the user made is not removed: %v", err)
	}
}

func TestALostSessionIsTriedAgain(t *testing.T) {
	for _, fault := range []commtest.Fault{commtest.Refused, commtest.Lost, commtest.Cut} {
		t.Run(fmt.Sprint(fault), func(t *testing.T) {
			f := newFixture(t)
			n := 0
			f.comm.OnStart = func(string) commtest.Fault {
				if n++; n%2 == 1 {
					return fault
				}
				return commtest.None
			}
			s := f.stage(t)
			if _, err := s.Put(t.Context(), "file", []byte("data"), 0o600); err != nil {
				t.Error(err)
			}
			if err := s.Remove(t.Context()); err != nil {
				t.Error(err)
			}
			f.empty(t)
		})
	}
}

func TestATargetThatNeverAnswersIsGivenUp(t *testing.T) {
	f := newFixture(t)
	f.machine.Patience = 50 * time.Millisecond
	f.comm.OnStart = func(string) commtest.Fault { return commtest.Refused }
	_, err := f.machine.Prepare(t.Context(), f.folder)
	if !errors.Is(err, ErrLost) {
		t.Errorf("the error is %v", err)
	}
	if strings.ContainsRune(fmt.Sprint(err), '\x1b') {
		t.Errorf("the error %q has control characters", err)
	}
}

func TestPut(t *testing.T) {
	data := bytes.Repeat([]byte("binary\r\n\x00\xff"), 50000)
	tests := []struct {
		name string
		set  func(*commtest.Comm)
		say  string // the fallback's reason
		err  string
	}{
		{name: "through the communicator", set: func(*commtest.Comm) {}},
		{name: "without scp on the target", say: "SCP failed", set: func(c *commtest.Comm) { c.NoUpload = errors.New("SCP failed to start") }},
		{name: "with a damaged upload", say: "damaged", set: func(c *commtest.Comm) { c.OnUpload = func(d []byte) []byte { return d[:len(d)-1] } }},
		{name: "with an upload that vanishes", say: "damaged", set: func(c *commtest.Comm) { c.OnUpload = func([]byte) []byte { return nil } }},
		{name: "through a terminal", say: "SCP failed", set: func(c *commtest.Comm) { c.NoUpload, c.Terminal = errors.New("SCP failed"), true }},
		{
			name: "with both ways damaged", say: "damaged", err: "what arrived is damaged",
			set: func(c *commtest.Comm) {
				c.OnUpload = func(d []byte) []byte { return d[1:] }
				c.Env = append(c.Env, "PATH="+os.Getenv("BROKEN")+":"+os.Getenv("PATH"))
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("BROKEN", shim(t, "base64", "cat >/dev/null; echo broken"))
			f := newFixture(t)
			s := f.stage(t)
			tt.set(f.comm)
			path, err := s.Put(t.Context(), "file", data, 0o700)
			if said := strings.Join(f.said, "\n"); !strings.Contains(said, tt.say) || (tt.say == "") != (said == "") {
				t.Errorf("said %q, want %q", said, tt.say)
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes arrived, %v", len(got), err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the mode is %v, %v", info.Mode(), err)
			}
		})
	}
}

func TestRun(t *testing.T) {
	f := newFixture(t)
	s := f.stage(t)
	binary := f.upload(t, s)
	result := s.Path("result with 'quotes' and $HOME")

	var lines []string
	status, out, err := s.Run(t.Context(), Run{
		Args: []string{binary, "program", result, "0", "7"}, Limit: 100,
		Lines: func(l string) { lines = append(lines, l) },
	})
	if err != nil || !status.Known || status.Code != 7 || string(out) != "output\n" {
		t.Errorf("status %v, output %q, error %v", status, out, err)
	}
	slices.Sort(lines) // they come over two streams
	if !slices.Equal(lines, []string{"begin red", "output"}) {
		t.Errorf("lines are %q", lines)
	}
	got, err := s.Fetch(t.Context(), result, 100)
	if err != nil || string(got) != "result\n" {
		t.Errorf("fetched %q, %v", got, err)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	f.empty(t)
}

func TestRunOutlivesItsSession(t *testing.T) {
	f := newFixture(t)
	s := f.stage(t)
	binary := f.upload(t, s)
	lost := false
	f.comm.OnStart = func(command string) commtest.Fault {
		if !lost && strings.Contains(command, "program") {
			lost = true
			return commtest.LostAtOnce
		}
		return commtest.None
	}
	// A run that has not begun would rightly be started anew.
	f.comm.BeforeLost = func() {
		for pids := []string(nil); len(pids) == 0; time.Sleep(5 * time.Millisecond) {
			pids, _ = filepath.Glob(s.Path("*.pid"))
		}
	}
	result := s.Path("result")
	status, _, err := s.Run(t.Context(), Run{Args: []string{binary, "program", result, "0.5", "0"}, Limit: 100, Lines: func(string) {}})
	if err != nil || status.Known {
		t.Errorf("status %v, error %v", status, err)
	}
	if got, err := s.Fetch(t.Context(), result, 100); err != nil || string(got) != "result\n" {
		t.Errorf("fetched %q, %v", got, err)
	}
}

func TestRunStartsAnewWhatNeverBegan(t *testing.T) {
	f := newFixture(t)
	s := f.stage(t)
	binary := f.upload(t, s)
	refused := 0
	f.comm.OnStart = func(command string) commtest.Fault {
		if refused < 2 && strings.Contains(command, "program") {
			refused++
			return commtest.Refused
		}
		return commtest.None
	}
	status, _, err := s.Run(t.Context(), Run{Args: []string{binary, "program", s.Path("result"), "0", "0"}, Limit: 100, Lines: func(string) {}})
	if err != nil || !status.Known || refused != 2 {
		t.Errorf("status %v, error %v after %d refusals", status, err, refused)
	}
}

// Sudo may take its time: a start that was given up must not happen after all.
func TestAStartThatWasGivenUpDoesNotHappenLater(t *testing.T) {
	f := newFixture(t)
	s := f.stage(t)
	binary := f.upload(t, s)
	become := f.machine.Become
	slow := false
	f.machine.Become = func(uid, command string) (string, error) {
		command, err := become(uid, command)
		if strings.Contains(command, "program") && !slow {
			slow = true
			command = "sleep 0.5; " + command
		}
		return command, err
	}
	lost := false
	f.comm.OnStart = func(command string) commtest.Fault {
		if !lost && strings.Contains(command, "sleep") {
			lost = true
			return commtest.LostAtOnce
		}
		return commtest.None
	}
	result := s.Path("result")
	status, _, err := s.Run(t.Context(), Run{Args: []string{binary, "program", result, "0", "0"}, Limit: 100, Lines: func(string) {}})
	if err != nil || !status.Known {
		t.Fatalf("status %v, error %v", status, err)
	}
	if err := os.Remove(result); err != nil {
		t.Fatal(err)
	}
	f.comm.Wait()
	if _, err := os.Stat(result); err == nil {
		t.Error("the first start happened after all")
	}
}

// Packer ends its plugins without waiting when it is interrupted.
func TestTheTargetTidiesUpWhenNobodyDoes(t *testing.T) {
	for _, keep := range []bool{false, true} {
		f := newFixture(t)
		f.machine.lease, f.machine.Keep = 1, keep
		s := f.stage(t)
		binary := f.upload(t, s)
		for range 2 {
			_, _, err := s.Run(t.Context(), Run{Args: []string{binary, "program", s.Path("result"), "0", "0"}, Limit: 100, Lines: func(string) {}})
			if err != nil {
				t.Fatal(err)
			}
		}
		gone := false
		for deadline := time.Now().Add(8 * time.Second); !gone && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if keep && time.Since(deadline) > -5*time.Second {
				break
			}
			_, err := os.Stat(s.Dir)
			gone = errors.Is(err, os.ErrNotExist)
		}
		if gone == keep {
			t.Errorf("with keep = %t, gone = %t", keep, gone)
		}
	}
}

func TestAnInterruptedUploadLeavesNothing(t *testing.T) {
	f := newFixture(t)
	f.machine.lease = 2
	s := f.stage(t)
	for range 3 {
		f.upload(t, s) // each a sign of life
		time.Sleep(1200 * time.Millisecond)
	}
	if _, err := os.Stat(s.Dir); err != nil {
		t.Fatalf("the directory is removed while it is in use: %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(s.Dir); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the directory stays")
		}
	}
}

func TestFramedReportsAreNotShown(t *testing.T) {
	var lines []string
	l := &liner{say: func(s string) { lines = append(lines, s) }}
	for _, part := range []string{"one\ntw", "o\r\n-----BEGIN HARDEN REPORT a b-----\nAAAA\n-----END HARDEN REPORT a b sha256:0-----\n", "1%\r2%\r3%\r\nlast"} {
		if _, err := l.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	l.close()
	if got := strings.Join(lines, "|"); got != "one|two|3%|last" {
		t.Errorf("lines are %s", got)
	}
}

func TestRunIsStoppedWhenTheBuildIs(t *testing.T) {
	f := newFixture(t)
	s := f.stage(t)
	binary := f.upload(t, s)
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	start := time.Now()
	_, _, err := s.Run(ctx, Run{
		Args: []string{binary, "program", s.Path("result"), "60", "0"}, Limit: 100,
		Lines: func(string) { cancel(cause) },
	})
	if !errors.Is(err, cause) {
		t.Errorf("the error is %v", err)
	}
	f.comm.Wait()
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the program ended only after %s", took)
	}
	if _, err := os.Stat(s.Path("result")); err == nil {
		t.Error("the program went on")
	}
}

func TestRunBoundsTheOutput(t *testing.T) {
	f := newFixture(t)
	s := f.stage(t)
	binary := f.upload(t, s)
	_, _, err := s.Run(t.Context(), Run{Args: []string{binary, "program", s.Path("result"), "0", "0"}, Limit: 3, Lines: func(string) {}})
	if err == nil || !strings.Contains(err.Error(), "more than 3 bytes") {
		t.Errorf("the error is %v", err)
	}
}

func TestFetch(t *testing.T) {
	const content = "{\"a\": \"report\"}\n"
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name string
		data string
		set  func(*commtest.Comm)
		err  string
	}{
		{name: "a file", data: content, set: func(*commtest.Comm) {}},
		{name: "a file with carriage returns", data: "a\r\nb\r\n", set: func(*commtest.Comm) {}},
		{name: "through a terminal", data: content, set: func(c *commtest.Comm) { c.Terminal = true }},
		{name: "among other output", data: content, set: func(c *commtest.Comm) {
			c.OnOutput = func(_ string, out []byte) []byte {
				return append([]byte("Last login: \x1b[2Jnever\n-----BEGIN HARDEN REPORT file 0000-----\nAAAA\n"), out...)
			}
		}},
		{name: "damaged on the way, by download", data: content, set: func(c *commtest.Comm) {
			c.OnOutput = func(_ string, out []byte) []byte { return bytes.ReplaceAll(out, []byte("A"), []byte("B")) }
		}},
		{name: "damaged on the way, without download", data: content, err: "damaged", set: func(c *commtest.Comm) {
			c.NoDownload = errors.New("no scp")
			c.OnOutput = func(_ string, out []byte) []byte { return bytes.ReplaceAll(out, []byte("A"), []byte("B")) }
		}},
		{name: "a huge file", data: long, err: "more than", set: func(*commtest.Comm) {}},
		{name: "no file", err: "cannot fetch", set: func(*commtest.Comm) {}},
		{name: "no file and a status that says fine", err: "cannot fetch", set: func(c *commtest.Comm) { c.OnStart = func(string) commtest.Fault { return commtest.Zero } }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.machine.Patience = 100 * time.Millisecond
			s := f.stage(t)
			file := s.Path("report")
			if tt.data != "" {
				if err := os.WriteFile(file, []byte(tt.data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			tt.set(f.comm)
			got, err := s.Fetch(t.Context(), file, 1000)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("the error is %v", err)
				}
				return
			}
			if err != nil || string(got) != tt.data {
				t.Errorf("fetched %q, %v", got, err)
			}
		})
	}
}

func TestRemoveRemovesWhatALostAnswerLeftBehind(t *testing.T) {
	f := newFixture(t)
	n := 0
	f.comm.OnStart = func(string) commtest.Fault {
		if n++; n < 3 {
			return commtest.Lost
		}
		return commtest.None
	}
	s := f.stage(t)
	if made, _ := os.ReadDir(f.folder); len(made) != 3 {
		t.Errorf("%d directories were made, want 3", len(made))
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Error(err)
	}
	f.empty(t)
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"plain":                               "plain",
		"a\tb\r\n":                            "a b",
		"\x1b[1;31mred\x1b[0m":                "red",
		"\x1b]0;title\x07after":               "after",
		"\x1b]0;title\x1b\\after":             "after",
		"\x1bPq#0\x1b\\after":                 "after",
		"\x1b[12":                             "",
		"\x1b":                                "",
		"\u009b31mC1":                         "31mC1",
		"abc\u202egnp.exe":                    "abcgnp.exe",
		"zero\u200bwidth":                     "zerowidth",
		"bad \xff byte":                       "bad \ufffd byte",
		"bell\a null\x00":                     "bell null",
		"grüße 設定":                            "grüße 設定",
		"two\u2028lines":                      "two lines",
		"banner: ##vso[task.setvariable]x":    `banner: #\x23vso[task.setvariable]x`,
		"#\u200b#vso[a.b]":                    `#\x23vso[a.b]`,
		strings.Repeat("x", 2*longestLine):    strings.Repeat("x", longestLine),
		"\x1b[31\nnext line is not swallowed": "next line is not swallowed",
	}
	for in, want := range tests {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) is %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m")
	f.Add("\x1b]0;t\x1b")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Clean(s) {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' {
				t.Errorf("%q keeps %q", s, r)
			}
		}
	})
}
