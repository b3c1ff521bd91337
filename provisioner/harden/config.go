// Package harden is the Packer provisioners "harden", which hardens the machine and then attests
// it, and "harden-attest", which only attests. What a rule is and how it is satisfied is not known
// here: the on-host binary does that, and these put it there, run it and judge the report.
package harden

import (
	"time"

	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

//go:generate packer-sdc mapstructure-to-hcl2 -type Config,AttestConfig

// Options are shared by both provisioners.
type Options struct {
	// Profiles to apply, in order: names of shipped profiles such as `aks-ubuntu-24.04`, or paths of
	// files (with a slash, or ending in `.hcl`). Each after the first adds its controls. By default the
	// target's own platform picks one.
	Profile []string `mapstructure:"profile"`
	// Values for the profile's variables. They reach the target on a command line and stand in the
	// report, so they are no place for secrets.
	Variables map[string]string `mapstructure:"variables"`
	// Files with your own waivers. They stay apart from the profile's in every report.
	Waivers []string `mapstructure:"waivers"`
	// Keep only controls up to this level, `1` or `2`. By default all are kept.
	Level int `mapstructure:"level"`
	// Keep only these rules, by rule id or control number.
	Only []string `mapstructure:"only_rules"`
	// Leave these rules out, by rule id or control number.
	Skip []string `mapstructure:"skip_rules"`
	// Which state decides: `persisted`, what the next boot will see, or `both`, that and what runs
	// now. A build machine is thrown away and its image boots fresh, so the default is `persisted`;
	// where what runs differs, that is still reported.
	Require string `mapstructure:"require"`
	// What a machine that is not compliant does to the build: `fail` (the default) or `warn`. It covers
	// nothing else: without a report that can be trusted, the build always fails. Packer 1.16 can be
	// told to go on after a failed provisioner, so a release should also ask for the report's
	// `compliant`.
	OnFailure string `mapstructure:"on_failure"`
	// File with the policy that decides whether the machine is good enough, in the place of plain
	// compliance: how many rules of which level and severity may fail, which waivers count, which rule has
	// a period of grace. What it refuses is what `on_failure` is about. Give the same file to
	// `harden-attestation`, which judges by its own.
	Policy string `mapstructure:"policy"`
	// Folder on the build host for the reports, `harden-reports` by default. Each build has a folder of
	// its own in it, named after the builder's type and name.
	ReportDir string `mapstructure:"report_dir"`
	// Forms in which each report is written: any of `json`, `text`, `markdown`, `html`, `junit`, `sarif`,
	// `xccdf`, `oscal` and `cis`. JSON is always written, because it is what everything else is made
	// from. By default the first four are.
	Formats []string `mapstructure:"formats"`
	// How a command is run as root, as a template with `{{ .Command }}`, which is already quoted for a
	// shell. By default it is `sudo -n -- {{ .Command }}`, or the command alone when root logs in. It
	// must not ask for a password.
	ExecuteCommand string `mapstructure:"execute_command"`
	// Absolute path of the folder on the target in which a private working directory is made. It must
	// exist and allow running programs. By default `/tmp`, `/var/tmp`, the home of the user and its
	// runtime directory are tried in this order.
	RemoteFolder string `mapstructure:"remote_folder"`
	// Path on the build host of a `harden` binary to use instead of the one in this plugin. The
	// profiles that it ships are then its own.
	RemoteBinary string `mapstructure:"remote_binary"`
	// Checksum of `remote_binary`, as `sha256:` and 64 hexadecimal digits. Required with it.
	RemoteBinaryChecksum string `mapstructure:"remote_binary_checksum"`
	// How long everything on the target may take together, `30m` by default. When it is over, what runs
	// there is stopped and the build fails. Packer's own `timeout` works too, and says less.
	RemoteTimeout time.Duration `mapstructure:"remote_timeout"`
	// How long to go on reconnecting to a target that does not answer, `5m` by default.
	ReconnectTimeout time.Duration `mapstructure:"reconnect_timeout"`
	// Leave the working directory on the target, for debugging. The image then holds it.
	KeepRemote bool `mapstructure:"keep_remote"`
	// Leave the journal on the target, from which `harden undo` can restore what stood there before. It holds
	// the old contents of every file that was changed, readable by root alone, and the image then holds
	// them. By default it is removed once the machine is hardened, and a machine on which one is found fails
	// the build.
	KeepJournal bool `mapstructure:"keep_journal"`
}

// Config is the configuration of "harden".
type Config struct {
	common.PackerConfig `mapstructure:",squash"`
	Options             `mapstructure:",squash"`

	// A command that prepares the machine for being imaged and takes the login user away, such as
	// `waagent -deprovision+user -force`. The machine is then hardened, deprovisioned and attested by
	// one process on the target, which removes the working directory before and sends its reports
	// when it ends: nothing can log in afterwards, so this provisioner must be the last. The command
	// is run by `/bin/sh` as root, as it stands. A machine that is not compliant, or that `policy`
	// refuses where there is one, is not deprovisioned, and the build then fails whatever `on_failure`
	// says.
	DeprovisionCommand string `mapstructure:"deprovision_command"`

	// Accounts on the target that must still be able to log in and use sudo when the machine is hardened,
	// besides the one that runs the build, such as `azureuser`. They have to exist.
	KeepAccounts []string `mapstructure:"keep_accounts"`

	// What a change does that would lock out one of these accounts, or the one that runs the build: `stop`
	// (the default) fails the build before anything is changed; `skip` leaves out the rules that would do
	// it, which then fail and say which account would lose what, and by which line.
	OnLockout string `mapstructure:"on_lockout"`

	// Have the sshd that runs on the target read its new configuration at once, instead of at the next boot,
	// which is what counts for an image. A second connection, with the build's own key or password, is then
	// opened from here to the address of the communicator; unless it can log in and run a command, the
	// target undoes the changes and the build fails. Where that address cannot be reached directly, as
	// behind a bastion host, it therefore always fails.
	ReloadSSHD bool `mapstructure:"reload_sshd"`

	ctx interpolate.Context
}

// AttestConfig is the configuration of "harden-attest".
type AttestConfig struct {
	common.PackerConfig `mapstructure:",squash"`
	Options             `mapstructure:",squash"`

	ctx interpolate.Context
}
