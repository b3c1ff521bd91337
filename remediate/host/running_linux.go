package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/nodeimage/packer-plugin-harden/remediate/root"
)

// running is the state of the kernel and the init that this process runs under.
type running struct {
	proc    *root.Root // /proc
	sysctls *root.Root // /proc/sys
	systemd *systemd
}

var _ Running = (*running)(nil)

func openRunning() (*running, error) {
	proc, err := root.Open("/proc")
	if err != nil {
		return nil, err
	}
	sysctls, err := root.Open("/proc/sys")
	if err != nil {
		proc.Close()
		return nil, err
	}
	return &running{proc: proc, sysctls: sysctls, systemd: &systemd{}}, nil
}

func (r *running) close() error {
	r.systemd.close()
	return errors.Join(r.proc.Close(), r.sysctls.Close())
}

// Kernel is the release that uname(2) gives.
func (r *running) Kernel() string {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

// Sysctl reads a file below /proc/sys.
func (r *running) Sysctl(key string) (string, error) {
	if err := validKey(key); err != nil {
		return "", fmt.Errorf("cannot read sysctl %q: %w", key, err)
	}
	content, err := r.sysctls.ReadFile("/" + key)
	if err != nil {
		return "", fmt.Errorf("cannot read sysctl %s: %w", key, errors.Unwrap(err))
	}
	return strings.TrimSpace(string(content)), nil
}

// SysctlGlob lists the files below /proc/sys that match.
func (r *running) SysctlGlob(pattern string) ([]string, error) {
	if err := validKey(pattern); err != nil {
		return nil, fmt.Errorf("cannot match sysctls %q: %w", pattern, err)
	}
	sysctls := tree{r.sysctls}
	paths, err := Glob(sysctls, "/"+pattern)
	if err != nil {
		return nil, fmt.Errorf("cannot match sysctls: %w", err)
	}
	var keys []string
	for _, path := range paths {
		info, err := sysctls.Stat(path)
		if absent(err) {
			continue // an interface that has just gone
		}
		if err != nil {
			return nil, err
		}
		if info.Mode.IsRegular() {
			keys = append(keys, path[1:])
		}
	}
	return keys, nil
}

// setSysctl writes a file below /proc/sys. The kernel wants the whole value in one write.
func (r *running) setSysctl(key, value string) error {
	if err := validKey(key); err != nil {
		return err
	}
	if strings.ContainsAny(value, "\n\x00") {
		return fmt.Errorf("value %q has more than one line", value)
	}
	fd, err := unix.Open("/proc/sys/"+key, unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	_, err = unix.Write(fd, []byte(value+"\n"))
	return errors.Join(err, unix.Close(fd))
}

// validKey keeps a key below /proc/sys.
func validKey(key string) error {
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsRune(part, 0) {
			return errors.New("not a key with slashes")
		}
	}
	return nil
}

// Modules lists /proc/modules, which a kernel without modules lacks.
func (r *running) Modules() ([]string, error) {
	content, err := r.proc.ReadFile("/modules")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list loaded modules: %w", err)
	}
	var names []string
	for line := range bytes.Lines(content) {
		if fields := strings.Fields(string(line)); len(fields) > 0 {
			names = append(names, fields[0])
		}
	}
	slices.Sort(names)
	return names, nil
}

// Links asks the kernel over netlink, in this process's network namespace.
func (r *running) Links() ([]string, error) {
	const tries = 8
	links, err := netlink.LinkList()
	for i := 0; errors.Is(err, netlink.ErrDumpInterrupted) && i < tries; i++ {
		links, err = netlink.LinkList()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list network interfaces: %w", err)
	}
	var names []string
	for _, l := range links {
		names = append(names, l.Attrs().Name)
	}
	slices.Sort(names)
	return names, nil
}

// Mounts reads /proc/self/mountinfo.
func (r *running) Mounts() ([]Mount, error) {
	infos, err := mountinfo.GetMounts(nil)
	if err != nil {
		return nil, fmt.Errorf("cannot list mounts: %w", err)
	}
	var mounts []Mount
	for _, m := range infos {
		options := splitOptions(m.Options)
		for _, o := range splitOptions(m.VFSOptions) {
			if !slices.Contains(options, o) {
				options = append(options, o)
			}
		}
		mounts = append(mounts, Mount{Path: m.Mountpoint, Source: m.Source, Type: m.FSType, Options: options})
	}
	return mounts, nil
}

func splitOptions(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// Unit asks systemd.
func (r *running) Unit(ctx context.Context, name string) (UnitState, error) {
	if _, ok := parseUnitName(name); !ok {
		return UnitState{}, fmt.Errorf("cannot ask systemd for %q: not a unit name", name)
	}
	state, err := r.systemd.unit(ctx, name)
	if err != nil {
		return UnitState{}, fmt.Errorf("cannot ask systemd for %s: %w", name, err)
	}
	return state, nil
}
