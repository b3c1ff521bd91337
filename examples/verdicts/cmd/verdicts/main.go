//go:build linux

// Command verdicts measures nodes of each platform and writes one page for each. It needs root.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/examples/verdicts"
)

const usage = "usage: verdicts HARDEN PUBLISHED PAGES\n\n" +
	"HARDEN is the on-host binary, PUBLISHED the folder of what is published, PAGES the one to write to."

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := write(ctx, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "verdicts:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}

// write measures every platform, also after one whose page can't be written.
func write(ctx context.Context, harden, published, pages string) error {
	var errs []error
	for _, platform := range lab.Shapes() {
		fmt.Fprintf(os.Stderr, "verdicts: %s\n", platform)
		page, err := verdicts.Platform(ctx, platform, harden, published, os.Stderr)
		if err == nil {
			err = os.WriteFile(filepath.Join(pages, platform+".md"), page, 0o644)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
