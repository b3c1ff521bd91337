// Package remote puts a program on a machine that a Packer communicator reaches, runs it there as
// root, and brings a file back. It knows nothing of what the program does.
//
// It trusts little: what arrived is compared by digest before it runs, an exit status of zero proves
// nothing (the SDK's ssh communicator reports one when copying the output failed), and a session may
// end at any time, because hardening restarts the very things that a session stands on.
package remote

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// ErrLost says that the session ended before the command was seen to end: what became of the command
// is unknown.
var ErrLost = errors.New("the session was lost")

// disconnected is what the SDK's RPC says when the stream with the exit status broke.
const disconnected = 123

// Machine is the target.
type Machine struct {
	Comm packersdk.Communicator
	// Become turns a command into one that runs as root, for the user id that logs in.
	Become func(uid, command string) (string, error)
	// Patience is how long to go on reconnecting to a target that does not answer.
	Patience time.Duration
	// Pause is the first wait between two attempts; it doubles up to 10 s.
	Pause time.Duration
	// Keep leaves stages where they are for good. Otherwise the target removes a stage by itself when
	// nobody does.
	Keep bool
	// Listens says that the target sees the end of what a command reads as it comes, so that a run can be
	// told to stop. Communicators that wait for that end themselves would never come back.
	Listens bool
	// Say is told what the operator should know.
	Say func(string)

	uid     string
	folders []string // bases, unless a test has others
	lease   int      // seconds, unless it follows from Patience
}

// leased is how many seconds the target waits for somebody to remove a stage in which nothing happens
// any more: longer than a lost session is given.
func (m *Machine) leased() string {
	switch {
	case m.Keep:
		return "0"
	case m.lease != 0:
		return strconv.Itoa(m.lease)
	}
	return strconv.Itoa(int((m.Patience + 30*time.Second).Seconds()))
}

// Token returns a random word that nobody on the target can know beforehand.
func Token() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}

// execute runs one command and returns its exit status. The context ends the waiting, not the
// command: the communicators leave that running.
func (m *Machine) execute(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	type end struct {
		status int
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		cmd := &packersdk.RemoteCmd{Command: command, Stdin: stdin, Stdout: stdout, Stderr: stderr}
		if err := m.Comm.Start(context.WithoutCancel(ctx), cmd); err != nil {
			ended <- end{err: fmt.Errorf("%w: %s", ErrLost, Clean(err.Error()))}
			return
		}
		status := cmd.Wait()
		if status == packersdk.CmdDisconnect {
			ended <- end{err: ErrLost}
			return
		}
		ended <- end{status: status}
	}()
	select {
	case e := <-ended:
		return e.status, e.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// answers is what a script said: values by key, in order, and all of its output.
type answers struct {
	values map[string][]string
	output []byte
}

// one returns the only or last value of a key.
func (a answers) one(key string) string {
	v := a.values[key]
	if len(v) == 0 {
		return ""
	}
	return v[len(v)-1]
}

// request is one run of a script.
type request struct {
	script string
	root   bool
	token  string // the script's first argument
	args   []string
	stdin  func() io.Reader
	limit  int           // of its output; 64 KiB if zero
	within time.Duration // of one attempt; a minute if zero
}

// ask runs a script until it is seen to end, reconnecting meanwhile, so a script must bear being run
// twice. It is an error when the script says no.
func (m *Machine) ask(ctx context.Context, r request) (answers, error) {
	deadline := time.Now().Add(m.Patience)
	pause := m.Pause
	for {
		a, err := m.askOnce(ctx, r)
		if err == nil || !errors.Is(err, ErrLost) {
			return a, err
		}
		if time.Now().Add(pause).After(deadline) {
			return answers{}, fmt.Errorf("cannot reach the target again within %s: %w", m.Patience, err)
		}
		if err := sleep(ctx, pause); err != nil {
			return answers{}, err
		}
		pause = min(2*pause, 10*time.Second)
	}
}

func (m *Machine) askOnce(ctx context.Context, r request) (answers, error) {
	command := shellescape.QuoteCommand(append([]string{"/bin/sh", "-c", r.script, "harden", r.token}, r.args...))
	if r.root {
		var err error
		if command, err = m.Become(m.uid, command); err != nil {
			return answers{}, err
		}
	}
	limit, within := r.limit, r.within
	if limit == 0 {
		limit = 64 << 10
	}
	if within == 0 {
		within = time.Minute
	}
	attempt, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("%w: no answer within %s", ErrLost, within))
	defer cancel()

	var stdin io.Reader
	if r.stdin != nil {
		stdin = r.stdin()
	}
	stdout, stderr := &capture{limit: limit}, &capture{limit: 4 << 10}
	status, err := m.execute(attempt, command, stdin, stdout, stderr)
	out, over := stdout.close()
	complaint, _ := stderr.close()
	if err != nil {
		return answers{}, err
	}
	if over {
		return answers{}, fmt.Errorf("the target answered with more than %d bytes", limit)
	}

	a := parse(out, r.token)
	if a.one("done") == "1" {
		return a, nil
	}
	if status == 0 || status == disconnected {
		return answers{}, fmt.Errorf("%w: the answer is incomplete", ErrLost)
	}
	why := Clean(string(complaint))
	if why == "" {
		why = Clean(string(out)) // with a terminal both streams are one
	}
	return answers{}, &Refusal{Status: status, Why: why}
}

// Refusal is a command on the target that ended with an error.
type Refusal struct {
	Status int
	Why    string
}

func (r *Refusal) Error() string {
	if r.Why == "" {
		return fmt.Sprintf("exit status %d", r.Status)
	}
	return fmt.Sprintf("exit status %d: %s", r.Status, r.Why)
}

func parse(out []byte, token string) answers {
	a := answers{values: map[string][]string{}, output: out}
	for line := range strings.Lines(string(out)) {
		said, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), token+" ")
		if !ok {
			continue
		}
		if key, value, ok := strings.Cut(said, "="); ok {
			a.values[key] = append(a.values[key], Clean(value))
		}
	}
	return a
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
