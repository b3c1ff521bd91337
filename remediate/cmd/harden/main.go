// Command harden is the on-host remediator: it checks, plans and applies a hardening profile.
package main

import (
	"os"

	"github.com/nodeimage/packer-plugin-harden/remediate/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
