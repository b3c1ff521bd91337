//go:build linux

package lab

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed boot.sh
var bootScript string

// groupRoot is the control group below which each node has its own, called after it.
const groupRoot = "packer-plugin-harden-lab"

// container is a booted tree. All its processes, and those that keep it, are in one control group: ending the group
// ends them all, and nothing else.
type container struct {
	name string
	dir  string // the node's folder: root, netns, cgroup (a mount of the cgroup v2 hierarchy), console.log
}

func (c container) hierarchy() string { return filepath.Join(c.dir, "cgroup") }
func (c container) group() string     { return filepath.Join(c.hierarchy(), groupRoot, c.name) }
func (c container) inner() string     { return filepath.Join(c.group(), "container") }

// boot starts the container. keep, if not nil, is a file that stays open for as long as the container is kept.
func (c container) boot(keep *os.File) error {
	if err := os.Mkdir(c.hierarchy(), 0o755); err != nil {
		return fmt.Errorf("cannot make control group: %w", err)
	}
	if err := unix.Mount("cgroup2", c.hierarchy(), "cgroup2", 0, ""); err != nil {
		return fmt.Errorf("cannot mount cgroup v2: %w", err)
	}
	// Processes are in leaves only: the keeper here, systemd-nspawn and its container beside it.
	keeper := filepath.Join(c.group(), "keeper")
	for _, group := range []string{keeper, c.inner()} {
		if err := os.MkdirAll(group, 0o755); err != nil {
			return fmt.Errorf("cannot make control group: %w", err)
		}
	}
	group, err := os.Open(keeper)
	if err != nil {
		return fmt.Errorf("cannot open control group: %w", err)
	}
	defer group.Close()
	console, err := os.Create(filepath.Join(c.dir, "console.log"))
	if err != nil {
		return fmt.Errorf("cannot make console log: %w", err)
	}
	defer console.Close()

	args := append([]string{"-c", bootScript, "boot.sh", c.hierarchy(), c.inner()}, c.nspawn()...)
	cmd := exec.CommandContext(context.Background(), "sh", args...) // it outlives the call: see end
	cmd.Stdout, cmd.Stderr = console, console
	// The network is the container's own, and so are its sysctls: a namespace given by path hides that from nspawn.
	// And /tmp is what the node's fstab and units make of it: nspawn would put a tmpfs there.
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network", "SYSTEMD_NSPAWN_TMPFS_TMP=0")
	if keep != nil {
		cmd.ExtraFiles = []*os.File{keep}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid:       true, // Ctrl-C is for us, who then clean up
		Unshareflags: syscall.CLONE_NEWNS,
		UseCgroupFD:  true,
		CgroupFD:     int(group.Fd()),
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start container: %w", err)
	}
	go cmd.Wait() //nolint:errcheck // how a container ended is seen by its control group
	return nil
}

func (c container) nspawn() []string {
	return []string{
		"systemd-nspawn",
		"--quiet",
		"--directory=" + filepath.Join(c.dir, "root"),
		"--boot",
		"--console=read-only", // with a pipe and no input, the container shuts down at once
		"--machine=" + c.name,
		"--network-namespace-path=" + filepath.Join(c.dir, "netns"),
		"--register=no",
		"--keep-unit",
		"--link-journal=no",
		"--resolv-conf=off",
		"--settings=no",
		"--timezone=off",
	}
}

// running says whether any process is left.
func (c container) running() bool {
	events, err := os.ReadFile(filepath.Join(c.group(), "cgroup.events"))
	return err == nil && bytes.Contains(events, []byte("populated 1"))
}

// leader is the process id, on the host, of the container's init.
func (c container) leader() (int, error) {
	for _, group := range c.groups() {
		procs, _ := os.ReadFile(filepath.Join(group, "cgroup.procs")) //nolint:errcheck // groups come and go
		for field := range strings.FieldsSeq(string(procs)) {
			if pid, err := strconv.Atoi(field); err == nil && isInit(pid) {
				return pid, nil
			}
		}
	}
	return 0, fmt.Errorf("cannot find the init of node %s: is it running?", c.name)
}

// isInit says whether a process is number 1 of a process namespace other than ours.
func isInit(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(status)) {
		if ids, found := strings.CutPrefix(line, "NSpid:"); found {
			fields := strings.Fields(ids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

// end kills all processes of the container and removes its control group. It need not have been booted.
func (c container) end() error {
	if _, err := os.Stat(c.group()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.WriteFile(filepath.Join(c.group(), "cgroup.kill"), []byte("1"), 0); err != nil {
		return fmt.Errorf("cannot end node %s: %w", c.name, err)
	}
	for deadline := time.Now().Add(10 * time.Second); c.running(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("cannot end node %s: processes are left", c.name)
		}
	}
	return c.removeGroups()
}

// groups lists the container's control groups, outer before inner. They come and go while it runs.
func (c container) groups() []string {
	var groups []string
	fs.WalkDir(os.DirFS(c.group()), ".", func(path string, d fs.DirEntry, err error) error { //nolint:errcheck // see above
		if err == nil && d.IsDir() {
			groups = append(groups, filepath.Join(c.group(), path))
		}
		return nil
	})
	return groups
}

func (c container) removeGroups() error {
	for _, group := range slices.Backward(c.groups()) {
		if err := unix.Rmdir(group); err != nil {
			return fmt.Errorf("cannot remove control group %s: %w", group, err)
		}
	}
	unix.Rmdir(filepath.Dir(c.group())) //nolint:errcheck // another node may still be there
	return nil
}
