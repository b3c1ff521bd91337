// Command packer-plugin-harden is the Packer plugin: it describes itself and serves its components.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/hashicorp/packer-plugin-sdk/plugin"
	pluginversion "github.com/hashicorp/packer-plugin-sdk/version"
	"github.com/nodeimage/packer-plugin-harden/provisioner/embedded"
	"github.com/nodeimage/packer-plugin-harden/provisioner/harden"
	"github.com/nodeimage/packer-plugin-harden/provisioner/release"
	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/version"
)

//go:generate .web-docs/generate
//go:generate go run -C .tools/licences .

const help = `packer-plugin-harden %s hardens Ubuntu and Azure Linux images during "packer build",
and attests what it did. Packer starts it; by hand there is little to run:

  packer-plugin-harden describe            what this plugin offers, as JSON
  packer-plugin-harden start KIND NAME     serve a component, as Packer does
  packer-plugin-harden version             its version, and the sha256 of itself and of what it uploads

To install it:  packer plugins install --path packer-plugin-harden github.com/nodeimage/harden
In a template:  provisioner "harden" { profile = ["aks-ubuntu-24.04"] }
                provisioner "harden-attest" { ... }
                post-processor "harden-attestation" { private_key_file = "release.pem" }

To check or harden a machine without Packer, or to verify a statement, use the command "harden".
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	word := ""
	if len(args) > 0 {
		word = args[0]
	}
	switch word {
	case "describe", "start":
		if err := components().RunCommand(args...); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	case "version", "-version", "--version":
		if err := showVersion(stdout); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
		return 0
	case "help", "-h", "-help", "--help":
		fmt.Fprintf(stdout, help, version.Version())
		return 0
	}
	fmt.Fprintf(stderr, help, version.Version())
	return 2
}

// showVersion names every binary of a release by its digest: the one that runs, and those that it carries, whose
// digests stand in reports and statements.
func showVersion(w io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program: %w", err)
	}
	digest, err := attest.FileDigest(self)
	if err != nil {
		return fmt.Errorf("cannot read this program: %w", err)
	}
	fmt.Fprintf(w, "packer-plugin-harden %s %s/%s sha256:%s\n", version.Version(), runtime.GOOS, runtime.GOARCH, digest)
	for _, arch := range embedded.Archs() {
		data, err := embedded.Harden(arch)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "harden %s linux/%s sha256:%x\n", version.Version(), arch, sha256.Sum256(data))
	}
	return nil
}

func components() *plugin.Set {
	set := plugin.NewSet()
	set.SetVersion(pluginversion.NewPluginVersion(version.Core, version.Prerelease, ""))
	set.RegisterProvisioner(plugin.DEFAULT_NAME, new(harden.Provisioner))
	set.RegisterProvisioner("attest", new(harden.Attestor))
	set.RegisterPostProcessor("attestation", new(release.PostProcessor))
	return set
}
