//go:build linux

package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Disk is what a virtual machine boots from.
type Disk struct {
	File   string // never written to
	Format string // as qemu calls it: "qcow2", "vpc"
}

// VM is a virtual machine in software emulation. It dies with this process.
type VM struct {
	Login

	qemu *exec.Cmd
	done chan struct{} // closed when qemu has ended
}

// machineTimeout is how long an emulated boot may take: a minute on two free cores, a multiple on busy ones.
const machineTimeout = 20 * time.Minute

// BootVM boots a copy of the disk, gives it User and Alice as a cloud would, by a disk that cloud-init reads, and waits
// until User can log in and cloud-init is done. Close the machine.
func BootVM(ctx context.Context, disk Disk) (_ *VM, err error) {
	if err := AvailableVM(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lab-vm-")
	if err != nil {
		return nil, fmt.Errorf("cannot make a folder for the virtual machine: %w", err)
	}
	v := &VM{Login: Login{Addr: "127.0.0.1", User: User, KeyFile: filepath.Join(dir, "key"), dir: dir}}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.Close())
		}
	}()
	if v.Port, err = freePort(); err != nil {
		return nil, err
	}
	if err := v.seed(ctx); err != nil {
		return nil, err
	}
	file, err := filepath.Abs(disk.File)
	if err != nil {
		return nil, fmt.Errorf("cannot find disk: %w", err)
	}
	if err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-b", file, "-F", disk.Format, v.file("disk")); err != nil {
		return nil, err
	}
	if err := v.start(); err != nil {
		return nil, err
	}
	if err := v.waitFor(ctx, "cloud-init status --wait"); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, v.consoleTail())
	}
	return v, nil
}

func (v *VM) file(name string) string { return filepath.Join(v.dir, name) }

// freePort is a port of the loopback interface that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("cannot find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// seed makes the disk that tells cloud-init who the machine is and who may log in.
func (v *VM) seed(ctx context.Context) error {
	public, err := v.makeKey(ctx, "lab-vm")
	if err != nil {
		return err
	}
	if err := keygen(ctx, v.file("host"), "lab-vm"); err != nil {
		return err
	}
	hostKey, err := os.ReadFile(v.file("host"))
	if err != nil {
		return fmt.Errorf("cannot read host key: %w", err)
	}
	hostPublic, err := os.ReadFile(v.file("host.pub"))
	if err != nil {
		return fmt.Errorf("cannot read host key: %w", err)
	}
	config, err := json.Marshal(map[string]any{
		"hostname": "node",
		"ssh_keys": map[string]string{"ed25519_private": string(hostKey), "ed25519_public": string(hostPublic)},
		"users": []map[string]any{
			{"name": User, "shell": "/bin/bash", "sudo": "ALL=(ALL) NOPASSWD:ALL", "ssh_authorized_keys": []string{public}},
			{"name": Alice, "shell": "/bin/bash", "lock_passwd": false, "hashed_passwd": aliceSHA512},
		},
	})
	if err != nil {
		return err
	}
	dir := v.file("seed")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make seed: %w", err)
	}
	for name, data := range map[string]string{
		"meta-data": "instance-id: " + filepath.Base(v.dir) + "\n",
		"user-data": "#cloud-config\n" + string(config) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			return fmt.Errorf("cannot make seed: %w", err)
		}
	}
	if err := run(ctx, "xorriso", "-as", "mkisofs", "-quiet", "-J", "-R", "-V", "cidata", "-o", v.file("seed.iso"), dir); err != nil {
		return err
	}
	return v.know(string(hostPublic))
}

func (v *VM) start() error {
	log, err := os.OpenFile(v.file("qemu.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot start qemu: %w", err)
	}
	defer log.Close()
	cmd := exec.CommandContext(context.Background(), "qemu-system-x86_64", // it outlives the call: see Close
		"-no-user-config", "-nodefaults", "-monitor", "none", "-display", "none",
		"-no-reboot", // qemu ends instead: an emulated machine that resets itself hangs, as seen with 7.2
		"-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024", "-vga", "std",
		"-drive", "file="+v.file("disk")+",format=qcow2,if=virtio,cache=unsafe",
		"-drive", "file="+v.file("seed.iso")+",format=raw,media=cdrom,readonly=on",
		// The way in is one port, and there is no way out.
		"-netdev", fmt.Sprintf("user,id=net,restrict=on,hostfwd=tcp:%s:%d-:22", v.Addr, v.Port),
		"-device", "virtio-net-pci,netdev=net",
		"-device", "virtio-rng-pci",
		"-chardev", "socket,id=console,server=on,wait=off,path="+v.file("console")+
			",logfile="+v.file("console.log")+",logappend=on",
		"-serial", "chardev:console")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	v.done = make(chan struct{})
	// The thread that starts qemu must live as long as this process does: qemu dies with it.
	go func() {
		err := onOwnThread(func() error {
			if err := cmd.Start(); err != nil {
				return fmt.Errorf("cannot start qemu: %w", err)
			}
			started <- nil
			cmd.Wait() //nolint:errcheck // it is killed in the end
			close(v.done)
			return nil
		})
		if err != nil {
			started <- err
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	v.qemu = cmd
	return nil
}

// waitFor polls until User can run a command.
func (v *VM) waitFor(ctx context.Context, command string) error {
	ctx, cancel := context.WithTimeout(ctx, machineTimeout)
	defer cancel()
	for {
		res, err := v.SSH(ctx, command)
		if err == nil && res.Code == 0 {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("%s: status %d: %s", command, res.Code, lastLines(res.Stdout+res.Stderr, 3))
		}
		select {
		case <-v.done:
			log, _ := os.ReadFile(v.file("qemu.log")) //nolint:errcheck // what it said, if anything
			return fmt.Errorf("cannot boot: qemu ended: %s", lastLines(string(log), 3))
		case <-ctx.Done():
			return fmt.Errorf("cannot reach the virtual machine: %w", errors.Join(ctx.Err(), err))
		case <-time.After(time.Second):
		}
	}
}

// Console connects to the machine's serial line, where it asks for a login. One at a time.
func (v *VM) Console(ctx context.Context) (io.ReadWriteCloser, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", v.file("console"))
	if err != nil {
		return nil, fmt.Errorf("cannot connect to the console: %w", err)
	}
	// The question was asked long ago: at an end of input, another getty asks it again.
	const endOfInput = "\x04"
	if _, err := io.WriteString(conn, endOfInput); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot write to the console: %w", err), conn.Close())
	}
	return conn, nil
}

// Reboot has the machine shut down in good order, starts it again as after a power cycle, and waits until it has booted.
func (v *VM) Reboot(ctx context.Context) error {
	const boot = "cat /proc/sys/kernel/random/boot_id"
	before, err := v.SSH(ctx, boot)
	if err != nil {
		return fmt.Errorf("cannot tell one boot from the next: %w", err)
	}
	v.SSH(ctx, "sudo -n systemctl reboot") //nolint:errcheck // it rarely answers
	select {
	case <-v.done:
	case <-time.After(machineTimeout):
		return fmt.Errorf("cannot reboot: the machine does not shut down\n%s", v.consoleTail())
	case <-ctx.Done():
		return fmt.Errorf("cannot reboot: %w", ctx.Err())
	}
	if err := v.start(); err != nil {
		return err
	}
	id := strings.TrimSpace(before.Stdout)
	if err := v.waitFor(ctx, `test "$(`+boot+`)" != `+id+` && cloud-init status --wait`); err != nil {
		return fmt.Errorf("%w\n%s", err, v.consoleTail())
	}
	return nil
}

func (v *VM) consoleTail() string {
	console, err := os.ReadFile(v.file("console.log"))
	if err != nil {
		return ""
	}
	return lastLines(string(console), 20)
}

// Close ends the machine and removes all traces of it.
func (v *VM) Close() error {
	if v.qemu != nil {
		if err := v.qemu.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("cannot end qemu: %w", err)
		}
		<-v.done
	}
	if err := os.RemoveAll(v.dir); err != nil {
		return fmt.Errorf("cannot remove the virtual machine: %w", err)
	}
	return nil
}
