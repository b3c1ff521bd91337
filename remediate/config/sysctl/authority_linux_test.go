//go:build authority

package sysctl

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/fnmatch"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// These tests need root and the Debian package systemd. The second one also needs a kernel with veth.

const childEnv = "SYSCTL_AUTHORITY_ROOT"

// TestMain runs the real systemd-sysctl when the test binary is started anew in namespaces of its own.
func TestMain(m *testing.M) {
	if root := os.Getenv(childEnv); root != "" {
		if err := applyForReal(root); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// all directories that systemd-sysctl reads, in its order of importance.
var authorityDirs = []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"}

var watched = []string{
	"net/ipv4/ip_forward",
	"net/ipv4/conf/all/rp_filter", "net/ipv4/conf/default/rp_filter", "net/ipv4/conf/lo/rp_filter",
	"net/ipv4/conf/eth0/rp_filter", "net/ipv4/conf/eth1.5/rp_filter",
	"net/ipv4/conf/all/log_martians", "net/ipv4/conf/default/log_martians", "net/ipv4/conf/eth0/log_martians",
	"net/ipv6/conf/all/accept_ra", "net/ipv6/conf/default/accept_ra", "net/ipv6/conf/eth0/accept_ra",
	"net/ipv6/conf/eth1.5/accept_ra",
}

// applyForReal puts the drawn directories in place of the system's, runs systemd-sysctl, and prints
// the watched values before and after.
func applyForReal(root string) error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot make mounts private: %w", err)
	}
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: "eth1.5"}); err != nil {
		return fmt.Errorf("cannot add interfaces: %w", err)
	}
	for _, dir := range []string{"/run", "/usr/local/lib"} {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
			return fmt.Errorf("cannot mount over %s: %w", dir, err)
		}
	}
	for _, dir := range authorityDirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount(root+dir, dir, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("cannot mount over %s: %w", dir, err)
		}
	}
	if err := printWatched(); err != nil {
		return err
	}
	cmd := exec.Command("/lib/systemd/systemd-sysctl")
	cmd.Env = []string{"SYSTEMD_LOG_LEVEL=crit"}
	if out, err := cmd.CombinedOutput(); err != nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) { // some lines are junk, so it may well fail
			return fmt.Errorf("cannot run systemd-sysctl: %w\n%s", err, out)
		}
	}
	return printWatched()
}

func printWatched() error {
	for _, key := range watched {
		value, err := os.ReadFile("/proc/sys/" + key)
		if err != nil {
			return err
		}
		fmt.Println(strings.TrimSpace(string(value)))
	}
	return nil
}

func drawFiles(t *rapid.T) map[string]string {
	key := rapid.SampledFrom([]string{
		"net.ipv4.ip_forward", "net/ipv4/conf/all/forwarding", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.a*.forwarding",
		"net.ipv4.conf.all.rp_filter", "net/ipv4/conf/all/rp_filter", "/net/ipv4/conf/all/rp_filter", "net//ipv4/conf/./all/rp_filter",
		"net.ipv4.conf.default.rp_filter", "net.ipv4.conf.*.rp_filter", "net.ipv4.conf.*.rp_filter", "net/ipv4/conf/*/rp_filter",
		"net.ipv4.conf.eth*.rp_filter", "net.ipv4.conf.eth?.rp_filter", "net.ipv4.conf.[ad]*.rp_filter", "net.ipv4.conf.[!a]*.rp_filter",
		"net.ipv4.conf.eth0.rp_filter", "net.ipv4.conf.eth1/5.rp_filter", "net/ipv4/conf/eth1.5/rp_filter", "net/ipv4/conf/eth1.*/rp_filter",
		"net.ipv4.conf.*.log_martians", "net.ipv4.conf.all.log_martians", "net.ipv4.conf.default.log_martians", "net.ipv4.*.*.log_martians",
		"net.ipv6.conf.*.accept_ra", "net.ipv6.conf.all.accept_ra", "net.ipv6.conf.default.accept_ra", "net.ipv6.conf.eth0.accept_ra",
		"net.ipv6.conf.eth*.accept_ra", "net.ipv4.conf.gone.rp_filter",
	})
	line := rapid.Custom(func(t *rapid.T) string {
		k, v := key.Draw(t, "key"), rapid.SampledFrom([]string{"0", "1"}).Draw(t, "value")
		return rapid.SampledFrom([]string{
			k + " = " + v, k + "=" + v, "  " + k + "\t=\t" + v + "  ", "-" + k + " = " + v, "- " + k + "=" + v,
			"-" + k, "- " + k, k, "# " + k + " = " + v, ";" + k + "=" + v, k + " = " + v + "\r", k + "=" + v + "\r#", "",
		}).Draw(t, "line")
	})
	files := map[string]string{}
	for i := range rapid.IntRange(1, 6).Draw(t, "files") {
		path := rapid.SampledFrom(authorityDirs).Draw(t, fmt.Sprint("dir", i)) + "/" +
			rapid.SampledFrom([]string{"10-a.conf", "50-b.conf", "60-c.conf", "99-d.conf", ".e.conf", "f.cnf", "Z.conf"}).Draw(t, fmt.Sprint("name", i))
		content := strings.Join(rapid.SliceOfN(line, 0, 6).Draw(t, "lines"), "\n")
		files[path] = rapid.SampledFrom([]string{content, content + "\n", content + "\n", content + "\n", "-> /dev/null"}).Draw(t, "content")
	}
	return files
}

func drawTree(t *testing.T, files map[string]string) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	for _, dir := range authorityDirs {
		f.Mkdir(dir)
	}
	for path, content := range files {
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			f.Link(path, target)
		} else {
			f.Write(path, content)
		}
	}
	return f
}

func TestTheFilesAndTheirOrderAreSystemds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := drawTree(t, drawFiles(rt))
		list, err := List(f, authorityDirs...)
		if err != nil {
			rt.Fatal(err)
		}
		cmd := exec.Command("systemd-analyze", "--root="+f.Dir(), "--no-pager", "cat-config", "sysctl.d")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("cannot run systemd-analyze: %v", err)
		}
		var theirs, ours []string
		for _, line := range strings.Split(string(out), "\n") {
			if path, ok := strings.CutPrefix(line, "# "+f.Dir()+"/"); ok {
				theirs = append(theirs, "/"+strings.TrimSpace(path))
			}
		}
		for _, l := range list {
			ours = append(ours, l.Path)
		}
		if !slices.Equal(theirs, ours) {
			rt.Errorf("systemd-analyze lists %q, we %q\n%s", theirs, ours, out)
		}
	})
}

// TestTheKernelHoldsWhatWeSay lets systemd-sysctl apply drawn files in a network namespace and reads
// what the kernel then has.
func TestTheKernelHoldsWhatWeSay(t *testing.T) {
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		files := drawFiles(rt)
		f := drawTree(t, files)
		c, err := LoadDirs(f, Dialect{Globs: true}, authorityDirs...)
		if err != nil {
			rt.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childEnv+"="+f.Dir())
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("cannot apply: %v", err)
		}
		values := strings.Split(strings.TrimSpace(string(out)), "\n")
		if len(values) != 2*len(watched) {
			t.Fatalf("%d values", len(values))
		}
		before, after := values[:len(watched)], values[len(watched):]
		for i, key := range watched {
			w, ok := c.Effective(key)
			switch {
			case ok && inherits(key) && (before[i] == w.Entry.Value || c.says(defaultOf(key), w.Entry.Value)) &&
				after[i] == after[slices.Index(watched, defaultOf(key))]:
				// systemd-sysctl writes nothing where the value is there already, be it from the start or from
				// a line for the default: the interface then still counts as untouched, and follows a later
				// line for its default.
			case ok && after[i] != w.Entry.Value:
				rt.Errorf("%s is %s after systemd-sysctl ran, and we say %s from %s:%d\n%q", key, after[i], w.Entry.Value, w.Entry.File.Path, w.Entry.Line, files)
			case !ok && !inherits(key) && after[i] != before[i]:
				rt.Errorf("%s went from %s to %s, and we say that no line sets it\n%q", key, before[i], after[i], files)
			}
		}
	})
}

// says tells whether some line gives the parameter the value, whether or not another one wins.
func (c *Config) says(key, value string) bool {
	return slices.ContainsFunc(c.Entries, func(e Entry) bool {
		return !e.Excludes && e.Value == value && fnmatch.MatchPath(e.Key, key)
	})
}

// inherits tells which parameters follow another one: an IPv4 interface takes its default's value for
// as long as nobody has set its own.
func inherits(key string) bool {
	return strings.HasPrefix(key, "net/ipv4/conf/") && !strings.Contains(key, "/all/") && !strings.Contains(key, "/default/")
}

// defaultOf is the parameter that a new interface takes its value from.
func defaultOf(key string) string {
	parts := strings.Split(key, "/")
	parts[3] = "default"
	return strings.Join(parts, "/")
}
