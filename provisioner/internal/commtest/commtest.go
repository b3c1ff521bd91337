// Package commtest is a communicator for tests: its target is this machine, where it runs commands
// with /bin/sh in a folder of the test, and it fails in the ways that real ones do.
package commtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// Fault is what goes wrong with one command.
type Fault int

// The faults.
const (
	None       Fault = iota
	Refused          // the session cannot be opened; nothing runs
	Lost             // the command runs to its end, and neither output nor status arrives
	LostAtOnce       // the status says "lost" while the command still runs
	Cut              // half of the output is lost, and the status is 0: the SDK logs the copy error only
	Zero             // the status is 0 whatever it was
)

// Comm is the communicator.
type Comm struct {
	Env []string // of every command, besides PATH

	NoUpload   error               // what every upload fails with
	NoDownload error               // what every download fails with
	OnUpload   func([]byte) []byte // what arrives of an upload
	OnStart    func(command string) Fault
	BeforeLost func()                                     // runs before LostAtOnce says "lost"
	OnOutput   func(command string, stdout []byte) []byte // what arrives of the output
	Terminal   bool                                       // one stream, with \r\n

	mu       sync.Mutex
	commands []string
	inputs   []io.Closer
	running  sync.WaitGroup
}

var _ packersdk.Communicator = (*Comm)(nil)

// Commands lists what was started.
func (c *Comm) Commands() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.commands...)
}

// HangUp ends the standard input of every command, as the end of a session does.
func (c *Comm) HangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, in := range c.inputs {
		in.Close()
	}
}

// Wait waits for every command that was started.
func (c *Comm) Wait() { c.running.Wait() }

// Start runs the command.
func (c *Comm) Start(_ context.Context, cmd *packersdk.RemoteCmd) error {
	c.mu.Lock()
	c.commands = append(c.commands, cmd.Command)
	fault := None
	if c.OnStart != nil {
		fault = c.OnStart(cmd.Command)
	}
	c.mu.Unlock()
	if fault == Refused {
		return errors.New("ssh: rejected: \x1b[31mno\x1b[0m")
	}

	sh := exec.CommandContext(context.Background(), "/bin/sh", "-c", cmd.Command)
	sh.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}, c.Env...)

	stdout, stderr := discard(cmd.Stdout), discard(cmd.Stderr)
	if c.Terminal {
		stdout = &terminal{to: stdout}
		stderr = stdout
	}
	var held bytes.Buffer
	hold := c.OnOutput != nil || fault == Cut
	switch {
	case fault == Lost || fault == LostAtOnce:
		sh.Stdout, sh.Stderr = io.Discard, io.Discard
	case hold:
		sh.Stdout, sh.Stderr = &held, stderr
	default:
		sh.Stdout, sh.Stderr = stdout, stderr
	}

	// Not sh.Stdin, which its Wait would read to the end: an ssh session ends with its command.
	if cmd.Stdin != nil {
		in, err := sh.StdinPipe()
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.inputs = append(c.inputs, in)
		c.mu.Unlock()
		go func() {
			_, _ = io.Copy(in, cmd.Stdin)
			in.Close()
		}()
	}
	if err := sh.Start(); err != nil {
		return err
	}
	c.running.Add(1)
	go func() {
		defer c.running.Done()
		if fault == LostAtOnce {
			if c.BeforeLost != nil {
				c.BeforeLost()
			}
			cmd.SetExited(packersdk.CmdDisconnect)
			_ = sh.Wait()
			return
		}
		_ = sh.Wait()
		out := held.Bytes()
		if hold && c.OnOutput != nil {
			out = c.OnOutput(cmd.Command, out)
		}
		status := sh.ProcessState.ExitCode()
		switch fault {
		case Lost:
			status = packersdk.CmdDisconnect
		case Cut:
			out, status = out[:len(out)/2], 0
		case Zero:
			status = 0
		}
		if hold {
			_, _ = stdout.Write(out)
		}
		cmd.SetExited(status)
	}()
	return nil
}

// Upload writes the file, or what OnUpload makes of it.
func (c *Comm) Upload(dst string, r io.Reader, info *os.FileInfo) error {
	if c.NoUpload != nil {
		return c.NoUpload
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if c.OnUpload != nil {
		data = c.OnUpload(data)
	}
	mode := os.FileMode(0o644)
	if info != nil {
		mode = (*info).Mode()
	}
	return os.WriteFile(dst, data, mode)
}

// Download reads the file.
func (c *Comm) Download(src string, w io.Writer) error {
	if c.NoDownload != nil {
		return c.NoDownload
	}
	data, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// UploadDir is not needed.
func (c *Comm) UploadDir(string, string, []string) error { return errors.New("not supported") }

// DownloadDir is not needed.
func (c *Comm) DownloadDir(string, string, []string) error { return errors.New("not supported") }

func discard(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return w
}

// terminal ends lines as a terminal does. Standard output and error share it.
type terminal struct {
	mu sync.Mutex
	to io.Writer
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := io.WriteString(t.to, strings.ReplaceAll(string(p), "\n", "\r\n"))
	return len(p), err
}
