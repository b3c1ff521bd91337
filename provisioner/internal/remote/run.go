package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
)

// Run is one run of a program as root.
type Run struct {
	Args  []string     // program, by its path on the stage, and arguments
	Lines func(string) // told each line that it writes, cleaned, except for framed reports
	Limit int          // how much of standard output is kept
	// Final says that nobody may be able to log in after the program: a lost session is then not
	// looked into, and what was captured is returned.
	Final bool
}

// Status is how a run ended.
type Status struct {
	Known bool // false: the session was lost before the end was seen
	Code  int  // exit status, when known
}

func (s Status) String() string {
	if !s.Known {
		return "unknown (the session was lost)"
	}
	return fmt.Sprint(s.Code)
}

// grace is how long a program that was told to stop may take to do so; after half of it, it is killed.
const grace = 30 * time.Second

// Run runs the program and waits for its end, also when the session is lost in between. When the
// context ends first, the program is stopped. The output is complete only if the status is known.
func (s *Stage) Run(ctx context.Context, r Run) (Status, []byte, error) {
	deadline := time.Now().Add(s.m.Patience)
	for {
		// Each start has a file of its own: one that was given up can't be mistaken for the next.
		pidfile := s.Path(Token() + ".pid")
		command, err := s.m.Become(s.m.uid, shellescape.QuoteCommand(append([]string{"/bin/sh", "-c", runScript, "harden", pidfile, s.m.leased()}, r.Args...)))
		if err != nil {
			return Status{}, nil, err
		}
		stdout := &capture{limit: r.Limit}
		// Each stream has its own lines. With a terminal, all of it comes on the first.
		var mu sync.Mutex
		say := func(line string) {
			mu.Lock()
			defer mu.Unlock()
			if line != wordListen && line != wordStop { // a terminal shows what is sent
				r.Lines(line)
			}
		}
		lines, complaints := &liner{say: say}, &liner{say: say}
		stdin, hangUp := s.m.line(ctx)
		code, err := s.m.execute(ctx, command, stdin, io.MultiWriter(stdout, lines), complaints)
		lines.close()
		complaints.close()
		out, over := stdout.close()
		if ctx.Err() == nil {
			hangUp()
		}
		switch {
		case ctx.Err() != nil && err != nil:
			s.stop(ctx, pidfile, r.Args[0])
			hangUp()
			return Status{}, out, context.Cause(ctx)
		case err == nil && over:
			return Status{Known: true, Code: code}, nil, fmt.Errorf("the program wrote more than %d bytes to standard output", r.Limit)
		case err == nil && code != disconnected:
			return Status{Known: true, Code: code}, out, nil
		case err != nil && !errors.Is(err, ErrLost):
			return Status{}, out, err
		}

		if r.Final {
			return Status{}, out, nil
		}
		s.m.Say("The session was lost while the program ran; reconnecting to see what became of it")
		began, err := s.settle(ctx, pidfile, r.Args[0])
		if ctx.Err() != nil {
			s.stop(ctx, pidfile, r.Args[0])
			return Status{}, out, context.Cause(ctx)
		}
		if err != nil || began {
			return Status{}, out, err
		}
		if time.Now().After(deadline) {
			return Status{}, nil, fmt.Errorf("cannot start the program within %s: %w", s.m.Patience, ErrLost)
		}
		// It never began: nothing was done, so it can be started anew.
		if err := sleep(ctx, s.m.Pause); err != nil {
			return Status{}, nil, err
		}
	}
}

// What run.sh is told on its standard input.
const (
	wordListen = "harden-listen"
	wordStop   = "harden-stop"
)

// line is what a run reads: a word at its start, and another when the context ends. That is faster than
// a session of its own, and Packer leaves a cancelled provisioner hardly any time.
func (m *Machine) line(ctx context.Context) (stdin io.Reader, hangUp func()) {
	if !m.Listens {
		return nil, func() {}
	}
	r, w := io.Pipe()
	go fmt.Fprintln(w, wordListen)
	stop := context.AfterFunc(ctx, func() { fmt.Fprintln(w, wordStop) })
	return r, func() {
		stop()
		w.Close()
	}
}

// settle waits until the program has ended. began is false if it never started.
func (s *Stage) settle(ctx context.Context, pidfile, program string) (began bool, err error) {
	for {
		a, err := s.m.ask(ctx, request{script: watchScript, root: true, token: Token(), args: []string{pidfile, program}})
		if err != nil {
			return true, err
		}
		switch a.one("state") {
		case "absent":
			return false, nil
		case "gone":
			return true, nil
		}
		if err := sleep(ctx, max(s.m.Pause, 100*time.Millisecond)); err != nil {
			return true, err
		}
	}
}

// stop ends the program: politely, then not. The caller's context has ended, so it has its own.
func (s *Stage) stop(ctx context.Context, pidfile, program string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	for _, signal := range []string{"TERM", "KILL"} {
		args := []string{pidfile, program, signal}
		for patience := time.Now().Add(grace / 2); time.Now().Before(patience); {
			a, err := s.m.ask(ctx, request{script: watchScript, root: true, token: Token(), args: args, within: grace})
			if err != nil {
				s.m.Say("Cannot tell whether the program was stopped: " + Clean(err.Error()))
				return
			}
			if a.one("state") != "running" {
				return
			}
			args = args[:2] // the signal once, then only a look
			if sleep(ctx, 200*time.Millisecond) != nil {
				return
			}
		}
	}
	s.m.Say("The program does not end when it is told to, and was left running")
}

// Fetch returns a file that only root may read, up to limit bytes. It travels as text and with its
// digest through a command, because neither a terminal's line ends nor a cut stream may pass
// unnoticed; the communicator's own download comes second.
func (s *Stage) Fetch(ctx context.Context, file string, limit int64) ([]byte, error) {
	const name = "file"
	token := Token()
	a, err := s.m.ask(ctx, request{
		script: sendScript, root: true, token: token, args: []string{file, name},
		limit:  int(limit)*3/2 + 4096,
		within: s.patient(5 * time.Minute),
	})
	if err == nil {
		var frames map[string][]byte
		frames, err = report.ReadFrames(bytes.NewReader(a.output), token, limit)
		if data, ok := frames[name]; ok && err == nil {
			return data, nil
		}
		if err == nil {
			err = errors.New("the target sent nothing")
		}
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	data, second := s.download(ctx, file, limit)
	if second != nil {
		return nil, fmt.Errorf("cannot fetch %s: %w", file, err)
	}
	return data, nil
}

func (s *Stage) download(ctx context.Context, file string, limit int64) ([]byte, error) {
	got := &capture{limit: int(limit)}
	ended := make(chan error, 1)
	go func() { ended <- s.m.Comm.Download(file, got) }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	data, over := got.close()
	switch {
	case err != nil:
		return nil, err
	case over:
		return nil, fmt.Errorf("it is larger than %d bytes", limit)
	case len(data) == 0:
		return nil, errors.New("it is empty")
	}
	return data, nil
}
