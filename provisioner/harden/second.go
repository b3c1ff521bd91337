package harden

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"al.essio.dev/pkg/shellescape"
	"golang.org/x/crypto/ssh"

	"github.com/nodeimage/packer-plugin-harden/provisioner/internal/remote"
)

// secondLogin opens a connection of its own, beside the communicator's, with the credentials of the build,
// and makes a file on the target.
type secondLogin func(ctx context.Context, file string) error

// secondLoginOf takes the credentials from Packer's data about the build. They stay in the function.
func secondLoginOf(data map[string]any) secondLogin {
	text := func(key string) string { s, _ := data[key].(string); return s }
	return func(ctx context.Context, file string) error {
		port := ""
		switch p := data["Port"].(type) {
		case string:
			port = p
		case int:
			port = strconv.Itoa(p)
		case int64:
			port = strconv.FormatInt(p, 10)
		case uint64:
			port = strconv.FormatUint(p, 10)
		}
		if text("Host") == "" || port == "" {
			return errors.New("Packer does not say where the target is") //nolint:staticcheck // a name
		}
		proofs, err := proofsOf(text("SSHPrivateKey"), text("SSHPrivateKeyFile"), text("Password"))
		if err != nil {
			return err
		}
		return touchOver(ctx, net.JoinHostPort(text("Host"), port), &ssh.ClientConfig{
			User: text("User"), Auth: proofs, Timeout: 15 * time.Second,
			// As Packer's own connection has it. What confirms is a file on the target, in a folder with a
			// random name, so another machine that answers confirms nothing.
			HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // see above
		}, file)
	}
}

func proofsOf(key, keyFile, password string) ([]ssh.AuthMethod, error) {
	var proofs []ssh.AuthMethod
	pem := []byte(key)
	if key == "" && keyFile != "" {
		var err error
		if pem, err = os.ReadFile(keyFile); err != nil {
			return nil, fmt.Errorf("cannot read the private key: %w", err)
		}
	}
	if len(pem) > 0 {
		signer, err := ssh.ParsePrivateKey(pem)
		if err != nil {
			return nil, errors.New("cannot read the private key: it is encrypted or of an unknown kind")
		}
		proofs = append(proofs, ssh.PublicKeys(signer))
	}
	if password != "" {
		proofs = append(proofs, ssh.Password(password), ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
			answers := make([]string, len(questions))
			for i := range answers {
				answers[i] = password
			}
			return answers, nil
		}))
	}
	if len(proofs) == 0 {
		return nil, errors.New("the build logs in with neither a key nor a password that Packer hands on") //nolint:revive // whole sentence
	}
	return proofs, nil
}

func touchOver(ctx context.Context, addr string, config *ssh.ClientConfig, file string) error {
	conn, err := (&net.Dialer{Timeout: config.Timeout}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	c, channels, requests, err := ssh.NewClientConn(conn, addr, config)
	if err != nil {
		return err
	}
	client := ssh.NewClient(c, channels, requests)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	return session.Run(shellescape.QuoteCommand([]string{"touch", file}))
}

// confirm is what a program waits for that has reloaded sshd: a second login, or the word over the first
// connection that there is none.
func (j *job) confirm(ctx context.Context, file string) {
	err := j.second(ctx, file)
	if err == nil {
		j.ui.Say("A second login works with the new configuration of sshd")
		return
	}
	j.ui.Error("A second login fails with the new configuration of sshd: " + remote.Clean(err.Error()))
	if err := j.stage.Touch(ctx, file+".refused"); err != nil {
		j.ui.Error("The target undoes the changes when its time is over: " + remote.Clean(err.Error()))
	}
}
