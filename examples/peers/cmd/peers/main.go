//go:build linux

// Command peers runs others beside harden, and writes a page about it. It needs root.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/nodeimage/packer-plugin-harden/examples/peers"
)

const usage = `usage: peers COMMAND HARDEN PAGE

  compare  what an independent scanner says, beside what harden says, rule by rule
  bench    what a check takes, beside find and the scanner

HARDEN is the on-host binary, PAGE the file to write.`

func main() {
	var measure func(context.Context, string, io.Writer) ([]byte, error)
	if len(os.Args) == 4 {
		switch os.Args[1] {
		case "compare":
			measure = peers.Measure
		case "bench":
			measure = peers.Bench
		}
	}
	if measure == nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	page, err := measure(ctx, os.Args[2], os.Stderr)
	if err == nil {
		err = os.WriteFile(os.Args[3], page, 0o644)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}
