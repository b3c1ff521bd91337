//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// hardenProgram is where Harden puts the program for as long as it runs: not where any rule looks for programs.
const hardenProgram = "/root/lab-harden"

// Harden runs the on-host binary, a file of this machine, on the node as root, with args. Nothing of it is left there
// but what it did.
func (n *Node) Harden(ctx context.Context, program string, args ...string) (_ Result, err error) {
	path := filepath.Join(n.Root, hardenProgram)
	if err := copyProgram(program, path); err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	return n.Exec(ctx, append([]string{hardenProgram}, args...)...)
}

func copyProgram(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("cannot open program: %w", err)
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err != nil {
		return fmt.Errorf("cannot copy program: %w", err)
	}
	_, err = io.Copy(dst, src)
	if err := errors.Join(err, dst.Close()); err != nil {
		return fmt.Errorf("cannot copy program: %w", err)
	}
	return nil
}
