package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// reloadFlags say what makes a change of the running sshd stay.
type reloadFlags struct {
	reload  bool
	confirm string
	within  time.Duration
}

func (f *reloadFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.reload, "reload-sshd", false, "have the running sshd read its new configuration, and undo the changes unless a new connection works")
	flags.StringVar(&f.confirm, "confirm", "", "file that a second login makes to confirm the changes (default: a handshake with this machine's own sshd confirms them)")
	flags.DurationVar(&f.within, "confirm-within", time.Minute, "how long to wait for that file")
}

func (f *reloadFlags) check() error {
	switch {
	case f.confirm != "" && !f.reload:
		return errors.New("cannot use --confirm without --reload-sshd")
	case f.within <= 0:
		return fmt.Errorf("cannot use --confirm-within %s: it is a time to wait", f.within)
	}
	return nil
}

// proof asks for the proof that somebody can still get in; nil where sshd is not reloaded.
func (f *reloadFlags) proof(s Streams, h host.Reader) func(context.Context) error {
	if !f.reload {
		return nil
	}
	if f.confirm == "" {
		return func(ctx context.Context) error { return handshake(ctx, h) }
	}
	return func(ctx context.Context) error {
		// The second login must not meet the old server, nor none. What it meets is for it to say.
		_ = handshake(ctx, h)
		fmt.Fprintf(s.Err, "waiting up to %s for a second login to make %s\n", f.within, f.confirm)
		return awaitFile(ctx, f.confirm, f.within)
	}
}

// refusedSuffix is added to the name of the file of --confirm for the one that says no at once.
const refusedSuffix = ".refused"

func awaitFile(ctx context.Context, file string, within time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("no second login confirmed the changes within %s", within))
	defer cancel()
	for {
		if _, err := os.Lstat(file); err == nil {
			return nil
		}
		if _, err := os.Lstat(file + refusedSuffix); err == nil {
			return errors.New("a second login failed")
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// handshake connects to this machine's sshd as Packer's client does, up to the point where a key or a
// password would be asked for: the server runs, answers, and has algorithms in common.
func handshake(ctx context.Context, h host.Reader) error {
	server, installed, err := sshd.Find(h, h.Info())
	if err != nil || !installed {
		return err
	}
	config, err := sshd.Load(h, server)
	if err != nil {
		return err
	}
	ports, err := config.Effective("Port", sshd.Conn{})
	if err != nil {
		return err
	}
	addrs := []string{"127.0.0.1", "::1"}
	listen, err := config.Effective("ListenAddress", sshd.Conn{})
	if err != nil {
		return err
	}
	for _, a := range listen.Values {
		if host, _, err := net.SplitHostPort(a); err == nil {
			a = host
		}
		if ip := net.ParseIP(a); ip != nil && !ip.IsUnspecified() {
			addrs = append(addrs, a)
		}
	}
	last := errors.New("no address is known")
	for range 10 { // sshd starts itself anew to read its configuration, which takes a moment
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		for _, port := range ports.Values {
			for _, addr := range addrs {
				if last = greet(ctx, net.JoinHostPort(addr, port)); last == nil {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("cannot connect to this machine's sshd: %w", last)
}

func greet(ctx context.Context, addr string) error {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	known := false
	_, _, _, err = ssh.NewClientConn(conn, addr, &ssh.ClientConfig{
		User: "harden-handshake",
		// The key is that of this machine. That there is one, and that it signs, is all that matters.
		HostKeyCallback: func(string, net.Addr, ssh.PublicKey) error { known = true; return nil },
	})
	if known && err != nil && strings.Contains(err.Error(), "unable to authenticate") {
		return nil
	}
	if err == nil {
		return errors.New("it asks for no proof of who one is")
	}
	return err
}
