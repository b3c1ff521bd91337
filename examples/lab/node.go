//go:build linux

package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// Options say what node to start.
type Options struct {
	Shape string    // one of Shapes
	Name  string    // of the node and of its link on the host; chosen if empty
	Log   io.Writer // progress and warnings; nil for none

	// Keep leaves the node running after the end of this process, until Down.
	Keep bool
}

// Node is a booted node. Its methods may be called at once.
type Node struct {
	Login
	Name  string
	Shape string
	Root  string // the node's root file system, seen from the host

	held *os.File // the lock that says the node is wanted
}

// bootTimeout is how long a node may take until ssh answers: a second or two on an idle machine, more on a busy one.
const bootTimeout = 90 * time.Second

// A name must do for a host, a container and, at most 15 characters, a network link.
var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,13}[a-z0-9]$`)

func newName() string {
	var b [4]byte
	rand.Read(b[:]) //nolint:errcheck // it never fails
	return "lab-" + hex.EncodeToString(b[:])
}

// Start boots a node and waits until ssh answers. Close the node, or if this process dies before, the next Start on
// this machine does.
func Start(ctx context.Context, opts Options) (_ *Node, err error) {
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	if opts.Name == "" {
		opts.Name = newName()
	}
	shape, err := findShape(opts.Shape)
	if err != nil {
		return nil, err
	}
	if !validName.MatchString(opts.Name) {
		return nil, fmt.Errorf("cannot call a node %q: want 2 to 15 of a-z, 0-9 and -", opts.Name)
	}
	if err := Available(); err != nil {
		return nil, err
	}
	if err := installPrograms(ctx, hostPrograms, opts.Log); err != nil {
		return nil, err
	}
	base, err := Base(ctx, opts.Log)
	if err != nil {
		return nil, err
	}
	if err := Reap(); err != nil {
		fmt.Fprintf(opts.Log, "lab: warning: %v\n", err)
	}
	n, err := claim(opts.Name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if err := n.build(ctx, base, shape); err != nil {
		return nil, fmt.Errorf("cannot build node %s: %w", n.Name, err)
	}
	var keep *os.File
	if opts.Keep {
		keep = n.held
	}
	if err := n.container().boot(keep); err != nil {
		return nil, err
	}
	if err := n.waitForSSH(ctx); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, n.consoleTail())
	}
	return n, nil
}

// build makes all that a node has before it boots.
func (n *Node) build(ctx context.Context, base string, s shape) error {
	root, err := mountLayer(ctx, base, n.dir)
	if err != nil {
		return err
	}
	n.Root, n.Shape = root, s.name
	net, err := n.connect()
	if err != nil {
		return err
	}
	n.Addr = net.node.String()
	t, err := openTree(root)
	if err != nil {
		return err
	}
	defer t.Close()
	if err := s.apply(t); err != nil {
		return err
	}
	if err := personalize(t, n.Name); err != nil {
		return err
	}
	if err := n.makeKeys(ctx, t); err != nil {
		return err
	}
	return n.save()
}

// personalize gives the tree a name and a machine id. Without an id, systemd would take the boot for the first and
// apply its presets.
func personalize(t *tree, name string) error {
	var id [16]byte
	rand.Read(id[:]) //nolint:errcheck // it never fails
	if err := t.write("etc/machine-id", []byte(hex.EncodeToString(id[:])+"\n"), 0o444); err != nil {
		return err
	}
	if err := t.write("etc/hostname", []byte(name+"\n"), 0o644); err != nil {
		return err
	}
	return t.write("etc/hosts", []byte("127.0.0.1 localhost\n127.0.1.1 "+name+"\n::1 localhost ip6-localhost\n"), 0o644)
}

// makeKeys makes the client's and the host's keys, lets the first in, and makes the second known.
func (n *Node) makeKeys(ctx context.Context, t *tree) error {
	public, err := n.makeKey(ctx, "lab-"+n.Name)
	if err != nil {
		return err
	}
	if err := run(ctx, "ssh-keygen", "-A", "-f", n.Root); err != nil {
		return fmt.Errorf("cannot make host keys: %w", err)
	}
	home := "home/" + User + "/.ssh"
	if err := t.mkdir(home, 0o700); err != nil {
		return err
	}
	if err := t.write(home+"/authorized_keys", []byte(public), 0o600); err != nil {
		return err
	}
	if err := t.own(home, 1000, 1000); err != nil {
		return err
	}
	var hostKeys []string
	for _, kind := range []string{"ecdsa", "ed25519", "rsa"} {
		key, err := t.root.ReadFile("etc/ssh/ssh_host_" + kind + "_key.pub")
		if err != nil {
			return fmt.Errorf("cannot read host key: %w", err)
		}
		hostKeys = append(hostKeys, string(key))
	}
	return n.know(hostKeys...)
}

func (n *Node) container() container { return container{name: n.Name, dir: n.dir} }

// waitForSSH polls until User can run a command.
func (n *Node) waitForSSH(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	for {
		_, err := n.SSH(ctx, "true")
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && !n.container().running() {
			return fmt.Errorf("cannot boot node %s: it stopped", n.Name)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot reach node %s: %w", n.Name, errors.Join(ctx.Err(), err))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (n *Node) consoleTail() string {
	console, err := os.ReadFile(filepath.Join(n.dir, "console.log"))
	if err != nil {
		return ""
	}
	return lastLines(string(console), 20)
}

// Exec runs a program on the node as root, without any login: it works however badly ssh is configured.
func (n *Node) Exec(ctx context.Context, argv ...string) (Result, error) {
	cmd, err := n.inside(ctx, argv...)
	if err != nil {
		return Result{}, err
	}
	return output(cmd)
}

// Console asks for a login on a terminal of the node, as a machine does on its console. Closing it ends the session.
func (n *Node) Console(ctx context.Context) (io.ReadWriteCloser, error) {
	// agetty must lead the terminal's session: the shell that script starts has to make way.
	cmd, err := n.inside(ctx, "script", "--quiet", "--flush", "--command", "exec agetty --noclear - dumb", "/dev/null")
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("cannot open a terminal: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("cannot open a terminal: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot open a terminal: %w", err)
	}
	return terminal{in, out, cmd}, nil
}

// terminal is a program that has one.
type terminal struct {
	io.Writer
	io.Reader
	cmd *exec.Cmd
}

func (t terminal) Close() error {
	t.cmd.Process.Kill() //nolint:errcheck // it may have ended by itself
	t.cmd.Wait()         //nolint:errcheck // as it was told to
	return nil
}

// inside is a command of root's on the node.
func (n *Node) inside(ctx context.Context, argv ...string) (*exec.Cmd, error) {
	leader, err := n.container().leader()
	if err != nil {
		return nil, err
	}
	args := []string{"--target", strconv.Itoa(leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
		"--root", "--wd", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(args, argv...)...)
	cmd.Env = []string{
		"HOME=/root",
		"LANG=C.UTF-8",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"TERM=dumb",
	}
	return cmd, nil
}

// Reboot reboots the node in good order and waits until ssh answers. What is mounted and written stays; /run doesn't.
func (n *Node) Reboot(ctx context.Context) error {
	before, err := n.container().leader()
	if err != nil {
		return err
	}
	// The command rarely outlives what it asks for.
	if _, err := n.Exec(ctx, "systemctl", "reboot"); err != nil && ctx.Err() != nil {
		return fmt.Errorf("cannot reboot node %s: %w", n.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, bootTimeout)
	defer cancel()
	for {
		if now, err := n.container().leader(); err == nil && now != before {
			return n.waitForSSH(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot reboot node %s: %w", n.Name, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Environ is how a program learns about the node: LAB_* for anyone, PKR_VAR_* for a Packer template's variables.
func (n *Node) Environ() []string {
	port := strconv.Itoa(n.Port)
	return []string{
		"LAB_ADDR=" + n.Addr,
		"LAB_KEY=" + n.KeyFile,
		"LAB_NAME=" + n.Name,
		"LAB_PORT=" + port,
		"LAB_ROOT=" + n.Root,
		"LAB_SHAPE=" + n.Shape,
		"LAB_USER=" + n.User,
		"PKR_VAR_host=" + n.Addr,
		"PKR_VAR_port=" + port,
		"PKR_VAR_private_key_file=" + n.KeyFile,
		"PKR_VAR_user=" + n.User,
	}
}
