//go:build linux

package behaviour

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
)

func keyLogin(t *testing.T, s *Subject) {
	if got := s.run(t, "sudo -n id -u"); got != "0" {
		t.Errorf("sudo -n id -u says %q", got)
	}
}

func bannerShown(t *testing.T, s *Subject) {
	// A banner is at ssh's level INFO.
	res, err := s.SSH(t.Context(), "true", "LogLevel=INFO")
	if err != nil || !strings.Contains(res.Stderr, strings.TrimSpace(s.variable(t, "banner"))) {
		t.Errorf("no banner: %v, %s", err, res.Stderr)
	}
}

func x11NotForwarded(t *testing.T, s *Subject) {
	res, err := s.SSH(t.Context(), "echo DISPLAY=$DISPLAY", "ForwardX11=yes", "ForwardX11Trusted=yes", "LogLevel=INFO")
	if err != nil || res.Stdout != "DISPLAY=\n" || !strings.Contains(res.Stderr, "X11 forwarding request failed") {
		t.Errorf("X11 was forwarded: %v, %+v", err, res)
	}
}

func weakCiphers(t *testing.T, s *Subject) {
	strong := s.list(t, "ssh_ciphers")
	refused(t, s, "cipher", "Ciphers", func(name string) bool { return !slices.Contains(strong, name) })
}

func weakMACs(t *testing.T, s *Subject) {
	strong := s.list(t, "ssh_macs")
	refused(t, s, "mac", "MACs", func(name string) bool { return !slices.Contains(strong, name) },
		"Ciphers=aes128-ctr") // one that needs a MAC
}

func weakKeyExchanges(t *testing.T, s *Subject) {
	weak := s.list(t, "ssh_weak_key_exchanges")
	refused(t, s, "kex", "KexAlgorithms", func(name string) bool {
		return slices.ContainsFunc(weak, func(pattern string) bool {
			match, err := path.Match(pattern, name)
			return err == nil && match
		})
	})
}

// refused offers the server all that the client knows and the profile calls weak, and nothing else.
func refused(t *testing.T, s *Subject, query, option string, weak func(string) bool, options ...string) {
	t.Helper()
	known, err := exec.CommandContext(t.Context(), "ssh", "-Q", query).Output()
	if err != nil {
		t.Fatal(err)
	}
	var offer, keep []string
	for _, name := range strings.Fields(string(known)) {
		if weak(name) {
			offer = append(offer, name)
		} else {
			keep = append(keep, name)
		}
	}
	if len(offer) == 0 {
		t.Fatalf("the client knows no weak %s", query)
	}
	res, err := s.SSH(t.Context(), "true", append(options, option+"="+strings.Join(offer, ","), "LogLevel=INFO")...)
	if err == nil || !strings.Contains(err.Error(), "no matching") {
		t.Errorf("offered %s, and the answer is %v, %+v", offer, err, res)
	}
	if res, err := s.SSH(t.Context(), "true", append(options, option+"="+strings.Join(keep, ","))...); err != nil || res.Code != 0 {
		t.Errorf("strong ones are refused too: %v, %+v", err, res)
	}
}

func umask(t *testing.T, s *Subject) {
	want := map[string]string{"027": "640", "077": "600"}[s.variable(t, "umask")]
	for name, command := range map[string]string{
		"a command over ssh": "touch mode-a && stat -c %a mode-a && rm mode-a",
		"a login shell":      "bash -lc 'touch mode-b && stat -c %a mode-b && rm mode-b'",
		"root through sudo":  "sudo -n -i sh -c 'touch /root/mode-c && stat -c %a /root/mode-c && rm /root/mode-c'",
	} {
		if got := s.run(t, command); got != want {
			t.Errorf("%s makes files of mode %s, want %s", name, got, want)
		}
	}
}

func lockout(t *testing.T, s *Subject) {
	try := func(password string) bool {
		res, err := s.SSHPassword(t.Context(), lab.Alice, password, "id -un")
		return err == nil && strings.TrimSpace(res.Stdout) == lab.Alice
	}
	if !try(s.password) {
		t.Fatal("the right password is refused before any wrong one")
	}
	for range s.number(t, "lockout_attempts") {
		if try("wrong") {
			t.Fatal("a wrong password lets in")
		}
	}
	if try(s.password) {
		t.Errorf("the right password lets in after too many wrong ones: %s", s.sudo(t, "faillock --user "+lab.Alice+"; date"))
	}
	// The machine's own clock counts.
	s.run(t, fmt.Sprintf("sleep %d", s.number(t, "lockout_seconds")+1))
	if !try(s.password) {
		t.Errorf("the right password is refused after the lock has expired: %s", s.sudo(t, "faillock --user "+lab.Alice+"; date"))
	}
}

func idleShell(t *testing.T, s *Subject) {
	if res, err := s.SSH(t.Context(), "bash -lc 'TMOUT=0'"); err != nil || res.Code == 0 {
		t.Errorf("a user may set the time: %v, %+v", err, res)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	silence, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer silence.Close()
	defer hold.Close()
	res, err := s.SSHInput(ctx, silence, "bash -l", "RequestTTY=force")
	if err != nil || !strings.Contains(res.Stdout, "timed out waiting for input: auto-logout") {
		t.Errorf("the shell ends with %v, %+v", err, res)
	}
}

// patience is how long a test waits for what must come.
const patience = 15 * time.Minute

func consoleLogin(t *testing.T, s *Subject) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	line, err := s.Console(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	c := &conversation{t: t, ctx: ctx, line: line, said: make(chan []byte)}
	go c.listen()

	c.hear(strings.TrimSpace(s.variable(t, "banner")))
	c.hear("login: ")
	c.say(lab.Alice)
	c.hear("assword: ")
	c.say("wrong")
	c.hear("Login incorrect")
	c.hear("login: ")
	c.say(lab.Alice)
	c.hear("assword: ")
	c.say(s.password)
	c.hear(lab.Alice + "@")
	c.say("echo in as $(id -un)")
	c.hear("in as " + lab.Alice)
	c.say("exit")
}

// conversation is with whoever is at the other end of a terminal line.
type conversation struct {
	t     *testing.T
	ctx   context.Context
	line  io.ReadWriter
	said  chan []byte
	heard []byte
}

func (c *conversation) listen() {
	defer close(c.said)
	for {
		buf := make([]byte, 4096)
		n, err := c.line.Read(buf)
		if err != nil {
			return
		}
		select {
		case c.said <- buf[:n]:
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *conversation) say(words string) {
	c.t.Helper()
	if _, err := io.WriteString(c.line, words+"\r"); err != nil {
		c.t.Fatal(err)
	}
}

// hear waits for words, and forgets all that was said until then.
func (c *conversation) hear(words string) {
	c.t.Helper()
	for {
		if i := bytes.Index(c.heard, []byte(words)); i >= 0 {
			c.heard = c.heard[i+len(words):]
			return
		}
		select {
		case said, ok := <-c.said:
			if !ok {
				c.t.Fatalf("the line was closed before %q; it said %q", words, c.heard)
			}
			c.heard = append(c.heard, said...)
		case <-c.ctx.Done():
			c.t.Fatalf("%q was not said, but %q", words, c.heard)
		}
	}
}
