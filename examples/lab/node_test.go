//go:build linux && node

package lab

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// start boots a node for one test.
func start(t *testing.T, shape string) *Node {
	t.Helper()
	if err := Available(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	n, err := Start(t.Context(), Options{Shape: shape, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("booted in %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func onEachShape(t *testing.T, test func(t *testing.T, n *Node)) {
	for _, shape := range Shapes() {
		t.Run(shape, func(t *testing.T) {
			t.Parallel() // most of a test is waiting for the node
			test(t, start(t, shape))
		})
	}
}

// ssh runs a command that must succeed.
func ssh(t *testing.T, n *Node, command string) string {
	t.Helper()
	res, err := n.SSH(t.Context(), command)
	if err != nil || res.Code != 0 {
		t.Fatalf("ssh %q: %v, %+v", command, err, res)
	}
	return strings.TrimSpace(res.Stdout)
}

func TestANodeIsWhole(t *testing.T) {
	azurelinux := []string{"sshd.service", "crond.service", "rsyslog.service", "iptables.service", "dbus.service"}
	units := map[string][]string{
		"ubuntu-22.04":   {"ssh.service", "cron.service", "rsyslog.service", "dbus.service"},
		"ubuntu-24.04":   {"ssh.socket", "ssh.service", "cron.service", "rsyslog.service", "dbus.service"},
		"azurelinux-2.0": azurelinux,
		"azurelinux-3.0": azurelinux,
	}
	// Azure Linux 2.0 calls itself by its old name.
	release := map[string]string{"azurelinux-2.0": "mariner-2.0"}
	onEachShape(t, func(t *testing.T, n *Node) {
		if got := ssh(t, n, "sudo -n id -u"); got != "0" {
			t.Errorf("sudo -n id -u: %q", got)
		}
		if got := ssh(t, n, "sudo -n systemctl is-system-running --wait"); got != "running" {
			t.Errorf("the system is %s: %s", got, ssh(t, n, "systemctl --failed --no-legend; systemctl list-jobs"))
		}
		if got := ssh(t, n, "systemctl is-active "+strings.Join(units[n.Shape], " ")); strings.Contains(got, "in") {
			t.Errorf("units: %s", got)
		}
		if got := ssh(t, n, ". /etc/os-release && echo $ID-$VERSION_ID"); got != cmp.Or(release[n.Shape], n.Shape) {
			t.Errorf("os-release says %s", got)
		}
		if got := ssh(t, n, "hostname"); got != n.Name {
			t.Errorf("host name is %s", got)
		}
		// It is what the node's own configuration says, not what a container gets.
		tmpfs := strings.HasPrefix(n.Shape, "azurelinux")
		got := ssh(t, n, "stat -f -c %T /tmp && stat -c %a /tmp")
		if !strings.HasSuffix(got, "\n1777") || strings.HasPrefix(got, "tmpfs") != tmpfs {
			t.Errorf("/tmp is %s", got)
		}
		// The node's network sysctls are its own and can be set; the kernel's are the host's and can't.
		ssh(t, n, "sudo -n sysctl -q -w net.ipv4.conf.all.log_martians=1")
		if res, err := n.Exec(t.Context(), "sysctl", "-q", "-w", "kernel.sysrq=0"); err != nil || res.Code == 0 {
			t.Errorf("sysctl of the kernel: %v, %+v", err, res)
		}
		ssh(t, n, "sudo -n sshd -t && sudo -n visudo -c -q")
		ssh(t, n, "sudo -n systemctl start kubelet && systemctl is-active kubelet")
	})
}

func TestPasswordsGoThroughPAM(t *testing.T) {
	onEachShape(t, func(t *testing.T, n *Node) {
		res, err := n.SSHPassword(t.Context(), Alice, AlicePassword, "id -un")
		if err != nil || strings.TrimSpace(res.Stdout) != Alice {
			t.Errorf("ssh: %v, %+v", err, res)
		}
		if res, err := n.SSHPassword(t.Context(), Alice, "wrong", "id -un"); err == nil {
			t.Errorf("ssh with a wrong password: %+v", res)
		}
		res, err = n.SSHPassword(t.Context(), Alice, AlicePassword, "sudo -n true")
		if err != nil || res.Code == 0 {
			t.Errorf("alice's sudo: %v, %+v", err, res)
		}
		// The password stack, as the passwd program uses it.
		const change = "printf '%s\\n' " + AlicePassword + " seven-New-4-Words seven-New-4-Words | passwd"
		res, err = n.SSHPassword(t.Context(), Alice, AlicePassword, change)
		if err != nil || res.Code != 0 {
			t.Errorf("passwd: %v, %+v", err, res)
		}
		ssh(t, n, "echo "+Alice+":eight-New-5-Words | sudo -n chpasswd")
		if res, err := n.SSHPassword(t.Context(), Alice, "eight-New-5-Words", "true"); err != nil {
			t.Errorf("ssh with the new password: %v, %+v", err, res)
		}
		ssh(t, n, "sudo -n su - "+Alice+" -c true")
		ssh(t, n, "sudo -n runuser -u "+Alice+" true")
	})
}

func TestCronRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("cron wakes once a minute")
	}
	onEachShape(t, func(t *testing.T, n *Node) {
		ssh(t, n, "echo '* * * * * root touch /run/cron-ran' | sudo -n tee /etc/cron.d/lab >/dev/null")
		ssh(t, n, "for i in $(seq 75); do test -e /run/cron-ran && exit; sleep 1; done; exit 1")
	})
}

func TestARebootKeepsFilesAndAddress(t *testing.T) {
	onEachShape(t, func(t *testing.T, n *Node) {
		ssh(t, n, "sudo -n touch /etc/kept /run/lost")
		before := ssh(t, n, "cat /proc/sys/kernel/random/boot_id")
		began := time.Now()
		if err := n.Reboot(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("rebooted in %v", time.Since(began).Round(time.Millisecond))
		if after := ssh(t, n, "cat /proc/sys/kernel/random/boot_id"); after == before {
			t.Error("same boot id")
		}
		ssh(t, n, "test -e /etc/kept && ! test -e /run/lost")
		// Also when the node does it by itself.
		n.SSH(t.Context(), "sudo -n systemctl reboot") //nolint:errcheck // it rarely answers
		time.Sleep(2 * time.Second)
		if err := n.waitForSSH(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNodesLiveSideBySide(t *testing.T) {
	one, two := start(t, "ubuntu-24.04"), start(t, "ubuntu-24.04")
	if one.Addr == two.Addr {
		t.Errorf("both at %s", one.Addr)
	}
	ssh(t, one, "sudo -n touch /etc/one")
	ssh(t, two, "! test -e /etc/one")
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	n := start(t, "azurelinux-3.0")
	leader, err := n.container().leader()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	expectNothingLeft(t, n, leader)
	if err := n.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func expectNothingLeft(t *testing.T, n *Node, leader int) {
	t.Helper()
	// A zombie is for the machine's own init to collect, and not every container has one that does.
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", leader))
	if err == nil && !strings.Contains(string(status), "State:\tZ") {
		t.Errorf("process %d is left:\n%s", leader, status)
	}
	if _, err := os.Stat(n.dir); !os.IsNotExist(err) {
		t.Errorf("folder %s is left: %v", n.dir, err)
	}
	if _, err := net.InterfaceByName(n.Name); err == nil {
		t.Errorf("link %s is left", n.Name)
	}
	mounts, err := mountinfo.GetMounts(func(m *mountinfo.Info) (skip, stop bool) {
		return !strings.Contains(m.Mountpoint+m.VFSOptions, n.Name), false
	})
	if err != nil || len(mounts) > 0 {
		t.Errorf("mounts are left: %v, %v", err, mounts)
	}
	hierarchy := t.TempDir()
	if err := unix.Mount("cgroup2", hierarchy, "cgroup2", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(hierarchy, 0)
	if _, err := os.Stat(filepath.Join(hierarchy, groupRoot, n.Name)); !os.IsNotExist(err) {
		t.Errorf("control group is left: %v", err)
	}
}

// A process that starts a node and dies without a word, in TestACrashedOwnersNodeIsReaped.
func TestMain(m *testing.M) {
	if shape := os.Getenv("LAB_TEST_START_AND_DIE"); shape != "" {
		n, err := Start(context.Background(), Options{Shape: shape, Log: os.Stderr})
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(n.Name)
		unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	os.Exit(m.Run())
}

func TestACrashedOwnersNodeIsReaped(t *testing.T) {
	if err := Available(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "LAB_TEST_START_AND_DIE=ubuntu-24.04")
	cmd.Stderr = t.Output()
	name, err := cmd.Output()
	if len(name) == 0 {
		t.Fatal(err)
	}
	nodes, err := nodesDir()
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{Name: string(name), Login: Login{dir: filepath.Join(nodes, string(name))}}
	leader, err := n.container().leader()
	if err != nil {
		t.Fatalf("the node should still be there: %v", err)
	}
	if err := Reap(); err != nil {
		t.Fatal(err)
	}
	expectNothingLeft(t, n, leader)
}

func TestATreeHasTheShape(t *testing.T) {
	if err := Available(); err != nil {
		t.Fatal(err)
	}
	for _, shape := range Shapes() {
		t.Run(shape, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "root")
			if err := Tree(t.Context(), shape, dir, t.Output()); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "usr/lib/os-release")); err != nil {
				t.Error(err)
			}
		})
	}
}
