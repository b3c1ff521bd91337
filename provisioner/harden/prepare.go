package harden

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/packerbuilderdata"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/attest"
	"github.com/nodeimage/packer-plugin-harden/remediate/format"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

// decode reads the configuration as HCL2 or legacy JSON gave it. HCL2 prepares twice, and the SDK
// resets the target in between, so nothing here may have a side effect.
func decode(target any, ctx *interpolate.Context, raws []any) error {
	return config.Decode(target, &config.DecodeOpts{
		PluginType:         "packer.provisioner.harden",
		Interpolate:        true,
		InterpolateContext: ctx,
		InterpolateFilter:  &interpolate.RenderFilter{Exclude: []string{"execute_command"}},
	}, raws...)
}

// complete sets the defaults.
func (o *Options) complete() {
	o.Profile = present(o.Profile)
	o.Waivers = present(o.Waivers)
	o.Only = present(o.Only)
	o.Skip = present(o.Skip)
	if o.Require == "" {
		o.Require = "persisted"
	}
	if o.OnFailure == "" {
		o.OnFailure = "fail"
	}
	if o.ReportDir == "" {
		o.ReportDir = "harden-reports"
	}
	if len(o.Formats) == 0 {
		o.Formats = []string{"json", "text", "markdown", "html"}
	}
	if o.RemoteTimeout == 0 {
		o.RemoteTimeout = 30 * time.Minute
	}
	if o.ReconnectTimeout == 0 {
		o.ReconnectTimeout = 5 * time.Minute
	}
}

// present drops empty values: a legacy template has no other way to leave a list out.
func present(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return strings.TrimSpace(s) == "" })
}

// validate adds to errs everything that can be known to be wrong before a machine is there.
func (o *Options) validate(errs *packersdk.MultiError) *packersdk.MultiError {
	wrong := func(option string, err error) {
		errs = packersdk.MultiErrorAppend(errs, fmt.Errorf("%s: %w", option, err))
	}
	oneOf := func(option, value string, allowed ...string) {
		if !unknown(value) && !slices.Contains(allowed, value) {
			wrong(option, fmt.Errorf("%q is not one of %s", value, strings.Join(allowed, ", ")))
		}
	}

	if option, err := o.checkProfile(); err != nil {
		wrong(option, err)
	}
	if o.Level < 0 || o.Level > 2 {
		wrong("level", fmt.Errorf("%d is not 1 or 2 (or 0 for every level)", o.Level))
	}
	oneOf("require", o.Require, "persisted", "both")
	oneOf("on_failure", o.OnFailure, "fail", "warn")
	if !unknown(o.Policy) {
		if _, err := attest.LoadJudge(o.Policy, ""); err != nil {
			wrong("policy", err)
		}
	}
	for _, name := range o.Formats {
		oneOf("formats", name, format.Names()...)
	}
	if !unknown(o.ExecuteCommand) {
		if err := checkExecuteCommand(o.ExecuteCommand); err != nil {
			wrong("execute_command", err)
		}
	}
	if o.RemoteFolder != "" && !unknown(o.RemoteFolder) {
		if err := checkRemoteFolder(o.RemoteFolder); err != nil {
			wrong("remote_folder", err)
		}
	}
	switch {
	case unknown(o.RemoteBinary, o.RemoteBinaryChecksum):
	case o.RemoteBinary == "" && o.RemoteBinaryChecksum != "":
		wrong("remote_binary_checksum", errors.New("it is of no use without remote_binary"))
	case o.RemoteBinary != "" && o.RemoteBinaryChecksum == "":
		wrong("remote_binary_checksum", errors.New("remote_binary needs it: the binary runs as root on the target"))
	case o.RemoteBinary != "":
		if _, err := readBinary(o.RemoteBinary, o.RemoteBinaryChecksum); err != nil {
			wrong("remote_binary", err)
		}
	}
	if o.RemoteTimeout < 0 {
		wrong("remote_timeout", fmt.Errorf("%s is negative", o.RemoteTimeout))
	}
	if o.ReconnectTimeout < 0 {
		wrong("reconnect_timeout", fmt.Errorf("%s is negative", o.ReconnectTimeout))
	}
	return errs
}

// validateAccounts adds what is wrong with the accounts that are to be kept.
func (c *Config) validateAccounts(errs *packersdk.MultiError) *packersdk.MultiError {
	for _, name := range c.KeepAccounts {
		if !unknown(name) && !users.MatchString(name) {
			errs = packersdk.MultiErrorAppend(errs, fmt.Errorf("keep_accounts: %q is not the name of an account", name))
		}
	}
	if !unknown(c.OnLockout) && c.OnLockout != "stop" && c.OnLockout != "skip" {
		errs = packersdk.MultiErrorAppend(errs, fmt.Errorf("on_lockout: %q is not one of stop, skip", c.OnLockout))
	}
	return errs
}

// checkProfile loads the profile as the target will, so that a misspelt name or a bad file fails
// `packer validate` with file and line. It returns the option that is at fault.
func (o *Options) checkProfile() (option string, err error) {
	values := slices.Concat(o.Profile, o.Waivers, o.Only, o.Skip)
	for _, v := range o.Variables {
		values = append(values, v)
	}
	if unknown(values...) {
		return "", nil
	}
	for _, file := range o.Waivers {
		info, err := os.Stat(file)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is not a regular file", file)
		}
		if err != nil {
			return "waivers", err
		}
	}
	if len(o.Profile) == 0 {
		// The platform picks, and is not known before the machine is there.
		return "", nil
	}
	if _, err := profile.Load(o.selection(profile.Platform{})); err != nil {
		return o.blame(), err
	}
	return "", nil
}

// blame finds the option without which the profile would load.
func (o *Options) blame() string {
	bare := profile.Options{Library: profiles.FS, Profiles: o.Profile}
	steps := []struct {
		option string
		add    func()
	}{
		{"profile", func() {}},
		{"variables", func() { bare.Variables = o.Variables }},
		{"waivers", func() { bare.Waivers = o.Waivers }},
		{"level", func() { bare.Level = o.Level }},
		{"only_rules", func() { bare.Only = o.Only }},
		{"skip_rules", func() { bare.Skip = o.Skip }},
	}
	for _, step := range steps {
		step.add()
		if _, err := profile.Load(bare); err != nil {
			return step.option
		}
	}
	return "profile"
}

// selection is what the target is asked for.
func (o *Options) selection(on profile.Platform) profile.Options {
	return profile.Options{
		Library: profiles.FS, Profiles: o.Profile, Platform: on, Variables: o.Variables,
		Waivers: o.Waivers, Level: o.Level, Only: o.Only, Skip: o.Skip,
	}
}

// unknown reports whether one of the values will only be known once the machine is there. Until
// then HCL2 and legacy templates have words in its place.
func unknown(values ...string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		return strings.Contains(v, "<no value>") || strings.Contains(v, "<unknown>") ||
			strings.Contains(v, packerbuilderdata.PlaceholderMsg)
	})
}

// become is the template's data.
type become struct{ Command string }

func checkExecuteCommand(template string) error {
	if template == "" {
		return nil
	}
	const probe = "harden-probe"
	rendered, err := renderExecuteCommand(template, probe)
	if err != nil {
		return err
	}
	if !strings.Contains(rendered, probe) {
		return errors.New("it does not use {{ .Command }}, which is the command to run, quoted and in full")
	}
	return nil
}

func renderExecuteCommand(template, command string) (string, error) {
	rendered, err := interpolate.Render(template, &interpolate.Context{Data: &become{command}})
	if err != nil {
		return "", fmt.Errorf("cannot render it (it may use {{ .Command }}): %w", err)
	}
	return rendered, nil
}

func checkRemoteFolder(folder string) error {
	switch {
	case !path.IsAbs(folder):
		return fmt.Errorf("%q is not an absolute path", folder)
	case path.Clean(folder) != strings.TrimRight(folder, "/"):
		return fmt.Errorf("%q is not a plain path", folder)
	case strings.ContainsFunc(folder, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("%q has control characters", folder)
	}
	return nil
}

var checksum = regexp.MustCompile(`^sha256:[0-9a-fA-F]{64}$`)

// largestBinary bounds what is read as a binary.
const largestBinary = 256 << 20

// readBinary reads the binary that replaces the embedded one.
func readBinary(file, want string) ([]byte, error) {
	if !checksum.MatchString(want) {
		return nil, fmt.Errorf("the checksum %q is not sha256: and 64 hexadecimal digits", want)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: file, Err: errors.New("not a regular file")}
	}
	data, err := io.ReadAll(io.LimitReader(f, largestBinary))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if got := "sha256:" + hex.EncodeToString(sum[:]); got != strings.ToLower(want) {
		return nil, fmt.Errorf("the checksum of %s is %s and should be %s", file, got, want)
	}
	return data, nil
}
