//go:build linux

// Command bench measures harden beside find and an independent scanner, and writes a page about it. It needs root.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/nodeimage/packer-plugin-harden/examples/peers"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench HARDEN PAGE\n\nHARDEN is the on-host binary, PAGE the file to write.")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	page, err := peers.Bench(ctx, os.Args[1], os.Stderr)
	if err == nil {
		err = os.WriteFile(os.Args[2], page, 0o644)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
