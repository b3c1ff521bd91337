//go:build vm

// Package qemu proves the example: the real Packer builds a hardened image in a virtual machine, and what boots from it
// does what its attestation says.
package qemu

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nodeimage/packer-plugin-harden/examples/behaviour"
	"github.com/nodeimage/packer-plugin-harden/examples/lab"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// parameters keep short what the behaviours wait for, and leave an emulated machine time to get there.
var parameters = []string{"lockout_seconds=90", "shell_timeout=60"}

func TestAnImageIsBuiltAndBehaves(t *testing.T) {
	if err := lab.AvailableVM(); err != nil {
		t.Fatal(err)
	}
	for shape, notPromised := range map[string][]string{"ubuntu-24.04": nil} {
		t.Run(shape, func(t *testing.T) {
			b := build(t, shape)
			t.Run("the attestation is about the VHD", b.verify)

			began := time.Now()
			machine, err := lab.BootVM(t.Context(), lab.Disk{File: b.vhd, Format: "vpc"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := machine.Close(); err != nil {
					t.Error(err)
				}
			})
			t.Logf("the VHD booted in %v", time.Since(began).Round(time.Second))
			t.Run("nothing of the build is left", func(t *testing.T) { nothingLeft(t, machine, b.key) })
			behaviour.Run(t, &behaviour.Subject{
				Machine:     machine,
				Attested:    b.attested,
				Before:      b.before,
				OwnKernel:   true,
				Harden:      "../../build/harden",
				Vars:        parameters,
				NotPromised: notPromised,
				// The image has neither host keys nor an administrator before it boots.
				Expected: map[string]rule.Outcome{
					"ssh-host-private-keys-access": rule.Pass,
					"ssh-host-public-keys-access":  rule.Pass,
					"sudo-asks-for-password":       rule.Waived,
				},
			})
		})
	}
}

// built is what the example leaves behind.
type built struct {
	vhd, statements string
	public, key     string // of the statements, of the account that built
	attested        *report.Report
	before          behaviour.Boot
}

func build(t *testing.T, shape string) built {
	t.Helper()
	base, err := lab.Image(t.Context(), shape, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	run(t, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "builder", "-f", in("key"))
	run(t, nil, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", in("sign.pem"))
	run(t, nil, "openssl", "pkey", "-in", in("sign.pem"), "-pubout", "-out", in("sign.pub"))

	packer, qemu := program(t, "PACKER"), program(t, "PACKER_PLUGIN_QEMU")
	env := []string{"PACKER_PLUGIN_PATH=" + in("plugins"), "PACKER_CONFIG_DIR=" + in("plugins"), "PACKER_NO_COLOR=1", "CHECKPOINT_DISABLE=1"}
	if err := os.Mkdir(in("plugins"), 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, env, packer, "plugins", "install", "--path", qemu, "github.com/hashicorp/qemu")
	run(t, env, packer, "plugins", "install", "--path", "../../build/packer-plugin-harden", "github.com/nodeimage/harden")

	var variables []string
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		variables = append(variables, name+`="`+value+`"`)
	}
	began := time.Now()
	out := run(t, env, packer, "build", "-timestamp-ui", "-var", "base_image="+base, "-var", "private_key_file="+in("key"),
		"-var", "signing_key_file="+in("sign.pem"), "-var", "output_dir="+in("image"), "-var", "report_dir="+in("reports"),
		"-var", "variables={"+strings.Join(variables, ",")+"}", "qemu.pkr.hcl")
	t.Logf("built in %v:\n%s", time.Since(began).Round(time.Second), out)

	attested, err := report.Parse(read(t, in("reports/qemu.image/attest.json")))
	if err != nil {
		t.Fatal(err)
	}
	if !attested.Compliant {
		t.Error("the image is not attested as compliant")
	}
	return built{
		vhd:        in("image/image.vhd"),
		statements: in("image/statements"),
		public:     in("sign.pub"),
		key:        in("key.pub"),
		attested:   attested,
		before:     behaviour.Boot{Failed: string(read(t, in("reports/failed"))), Blame: string(read(t, in("reports/blame")))},
	}
}

// verify has the on-host program verify the statement against the file, and against another.
func (b built) verify(t *testing.T) {
	args := []string{"verify", "--key", b.public, "--subject"}
	statement := filepath.Join(b.statements, "qemu.image.report.json")
	run(t, nil, "../../build/harden", append(args, b.vhd, statement)...)

	other := filepath.Join(t.TempDir(), "image.vhd")
	if err := os.WriteFile(other, []byte("another image"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, nil, "../../build/harden", append(args, other, statement)...); err == nil {
		t.Errorf("another image is verified too:\n%s", out)
	}
	// Azure takes no image whose size is not of whole mebibytes, and a footer behind.
	info, err := os.Stat(b.vhd)
	if err != nil {
		t.Fatal(err)
	}
	if size := info.Size() - 512; size%(1<<20) != 0 {
		t.Errorf("the VHD holds %d bytes", size)
	}
}

// nothingLeft looks for what the build brought: its account, its key, and the program.
func nothingLeft(t *testing.T, m *lab.VM, keyFile string) {
	key := strings.Fields(string(read(t, keyFile)))[1]
	script := `set -eu
		grep -rsl '` + key + `' /etc /root /home /var || true
		find / -xdev \( -name 'harden*' -o -name '.harden*' \) -not -name '*.conf' -not -name '*.cfg' -not -path '/usr/share/pam-configs/*'
		find /dev/shm /var/lib/cloud -name shutdown -o -name '*build*'
		test -s /etc/machine-id
	`
	res, err := m.SSHInput(t.Context(), strings.NewReader(script), "sudo -n /bin/sh")
	if err != nil || res.Code != 0 || res.Stdout != "" {
		t.Errorf("%v, status %d: %s%s", err, res.Code, res.Stdout, res.Stderr)
	}
}

// program is a tool that make test-vm names.
func program(t *testing.T, variable string) string {
	t.Helper()
	p := os.Getenv(variable)
	if p == "" {
		t.Fatalf("%s does not name a program: run make test-vm", variable)
	}
	return p
}

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	out, err := command(t, env, name, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return out
}

// command runs a program that is told to stop in good order when the test ends early: Packer then ends its machine.
func command(t *testing.T, env []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	if errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return string(out), err
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
