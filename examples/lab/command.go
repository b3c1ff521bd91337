//go:build linux

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Result is what a command on a node did. A command that ran and failed is a Result with a Code, not an error.
type Result struct {
	Stdout string
	Stderr string
	Code   int
}

// run runs a program of the host and wants it to succeed; its output becomes part of the error.
func run(ctx context.Context, name string, args ...string) error {
	res, err := output(exec.CommandContext(ctx, name, args...))
	if err != nil {
		return err
	}
	if res.Code != 0 {
		return fmt.Errorf("cannot run %s: exit status %d: %s", name, res.Code, lastLines(res.Stderr+res.Stdout, 5))
	}
	return nil
}

// output runs cmd and collects what it says.
func output(cmd *exec.Cmd) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A child that outlives the command may hold its pipes: don't wait for it.
	cmd.WaitDelay = 2 * time.Second
	err := cmd.Run()
	res := Result{Stdout: stdout.String(), Stderr: stderr.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		res.Code = exit.ExitCode()
		return res, nil
	}
	if err != nil {
		return res, fmt.Errorf("cannot run %s: %w", cmd.Args[0], err)
	}
	return res, nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
