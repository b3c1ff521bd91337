//go:build authority

package journal_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The real, unmodified program runs under a seccomp filter that reports every system call that changes
// something, before it is carried out. The test lets each go on, has it fail, or kills the program there.

// changing are the system calls that are reported. A write is, when it goes to a file below the root.
var changing = map[uint32]string{
	unix.SYS_OPENAT: "openat", unix.SYS_WRITE: "write", unix.SYS_PWRITE64: "pwrite", unix.SYS_FTRUNCATE: "ftruncate",
	unix.SYS_FSYNC: "fsync", unix.SYS_FDATASYNC: "fdatasync",
	unix.SYS_RENAMEAT: "rename", unix.SYS_RENAMEAT2: "rename", unix.SYS_LINKAT: "link", unix.SYS_SYMLINKAT: "symlink",
	unix.SYS_UNLINKAT: "unlink", unix.SYS_MKDIRAT: "mkdir", unix.SYS_MKNODAT: "mknod",
	unix.SYS_FCHMOD: "chmod", unix.SYS_FCHMODAT: "chmod", unix.SYS_FCHMODAT2: "chmod",
	unix.SYS_FCHOWN: "chown", unix.SYS_FCHOWNAT: "chown", unix.SYS_UTIMENSAT: "utimens",
	unix.SYS_FSETXATTR: "setxattr", unix.SYS_FREMOVEXATTR: "removexattr", unix.SYS_FLOCK: "flock",
}

// call is a system call that is about to be made.
type call struct {
	name string
	path string // of the file that it is about, where it has a descriptor
}

// verdict is what becomes of a call.
type verdict struct {
	kill   bool
	errno  syscall.Errno
	signal syscall.Signal // is sent, and the call goes on
}

// TestMain lets this binary also be what runs a program under the filter.
func TestMain(m *testing.M) {
	if os.Getenv("HARDEN_TEST_FILTERED") != "" {
		fmt.Fprintln(os.Stderr, "cannot run under a filter:", filtered(os.Args[1:]))
		os.Exit(99)
	}
	os.Exit(m.Run())
}

// filtered installs the filter and becomes the program, once the test has taken the filter's descriptor.
func filtered(argv []string) error {
	runtime.LockOSThread()
	load := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: k}
	}
	program := []unix.SockFilter{load(0)}
	for number := range changing {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: number},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	env := []string{"PATH=/usr/bin:/bin", "GODEBUG=asyncpreemptoff=1"}
	path, err := syscall.BytePtrFromString(argv[0])
	if err != nil {
		return err
	}
	argvp, err := syscall.SlicePtrFromStrings(argv)
	if err != nil {
		return err
	}
	envp, err := syscall.SlicePtrFromStrings(env)
	if err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	var one [1]byte
	// From here on only raw calls: whatever the runtime did could be reported, and nobody listens yet.
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return errno
	}
	if _, _, errno := unix.RawSyscall(unix.SYS_READ, 3, uintptr(unsafe.Pointer(&one)), 1); errno != 0 {
		return errno
	}
	_, _, errno = unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argvp[0])), uintptr(unsafe.Pointer(&envp[0])))
	return errno
}

type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id    uint64
	val   int64
	error int32
	flags uint32
}

const (
	notifRecv     = 0xc0502100
	notifSend     = 0xc0182101
	notifContinue = 1
)

// supervise runs a program, asks what becomes of each call that changes something below root, and gives what it
// printed and its exit status, or -1 when it was killed.
func supervise(t testing.TB, root string, argv []string, decide func(n int, c call) verdict) (calls, status int, printed string) {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	var output strings.Builder
	cmd := exec.CommandContext(t.Context(), os.Args[0], argv...)
	cmd.Env = append(os.Environ(), "HARDEN_TEST_FILTERED=1")
	cmd.ExtraFiles = []*os.File{r}
	cmd.Stdout, cmd.Stderr = io.Discard, &output
	must(t, cmd.Start())
	r.Close()
	listener := takeListener(t, cmd.Process.Pid)
	defer unix.Close(listener)
	if _, err := w.Write([]byte{0}); err != nil {
		t.Fatal(err)
	}
	for {
		poll := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err == unix.EINTR {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			break // all threads have ended
		}
		var n notification
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), notifRecv, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue // the thread was killed meanwhile
		}
		answer := response{id: n.id, flags: notifContinue}
		if c, ok := below(root, n); ok {
			v := decide(calls, c)
			calls++
			if v.kill {
				must(t, cmd.Process.Kill())
				break
			}
			if v.signal != 0 {
				must(t, cmd.Process.Signal(v.signal))
			}
			if v.errno != 0 {
				answer.flags, answer.error = 0, -int32(v.errno)
			}
		}
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(listener), notifSend, uintptr(unsafe.Pointer(&answer)))
	}
	err = cmd.Wait()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return calls, cmd.ProcessState.ExitCode(), output.String()
}

// takeListener finds the filter's descriptor in the process that waits to be let go.
func takeListener(t testing.TB, pid int) int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	for range 5000 {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if target, _ := os.Readlink(dir + "/" + e.Name()); !strings.Contains(target, "seccomp notify") {
				continue
			}
			var theirs int
			if _, err := fmt.Sscan(e.Name(), &theirs); err != nil {
				t.Fatal(err)
			}
			process, err := unix.PidfdOpen(pid, 0)
			must(t, err)
			defer unix.Close(process)
			fd, err := unix.PidfdGetfd(process, theirs, 0)
			must(t, err)
			return fd
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatal("the filter did not come up")
	return -1
}

// below tells whether a call changes something below the root.
func below(root string, n notification) (call, bool) {
	c := call{name: changing[uint32(n.nr)]}
	fd := n.args[0]
	switch uint32(n.nr) {
	case unix.SYS_OPENAT:
		if n.args[2]&(unix.O_CREAT|unix.O_TRUNC) == 0 {
			return c, false
		}
	case unix.SYS_SYMLINKAT:
		fd = n.args[1]
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", n.pid, int32(fd)))
	if err != nil {
		return c, false
	}
	c.path = strings.TrimPrefix(path, root)
	return c, path == root || strings.HasPrefix(path, root+"/")
}
