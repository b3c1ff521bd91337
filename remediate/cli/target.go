package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/report"
	"github.com/nodeimage/packer-plugin-harden/remediate/version"
)

// selectionFlags say which rules are meant.
type selectionFlags struct {
	profiles  []string
	variables []string
	waivers   []string
	level     int
	only      []string
	skip      []string
}

func (f *selectionFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.profiles, "profile", nil, "profile's name or file; repeats to add controls (default: the platform picks)")
	flags.StringArrayVar(&f.variables, "var", nil, "parameter as name=value; repeats")
	flags.StringArrayVar(&f.waivers, "waivers", nil, "file of waivers; repeats")
	flags.IntVar(&f.level, "level", 0, "only controls up to this level, 1 or 2 (default: all)")
	flags.StringArrayVar(&f.only, "rule", nil, "only this rule id or control number; repeats")
	flags.StringArrayVar(&f.skip, "skip", nil, "not this rule id or control number; repeats")
}

func (f *selectionFlags) load(p profile.Platform) (*profile.Profile, error) {
	variables := map[string]string{}
	for _, v := range f.variables {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("cannot read --var %q: it has the form name=value", v)
		}
		variables[name] = value
	}
	return profile.Load(profile.Options{
		Library: profiles.FS, Profiles: f.profiles, Platform: p, Variables: variables, Waivers: f.waivers,
		Level: f.level, Only: f.only, Skip: f.skip,
	})
}

// targetFlags say which machine is meant, and how the run is identified.
type targetFlags struct {
	selectionFlags
	root    string
	require string
	nonce   string
	runID   string
}

func (f *targetFlags) register(cmd *cobra.Command) {
	f.selectionFlags.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.root, "root", "", "look at the root file system in this directory instead of the running machine")
	flags.StringVar(&f.require, "require", "", "which state decides: persisted (the next boot) or both (default: both on a running machine)")
	flags.StringVar(&f.nonce, "nonce", "", "text that the report repeats, so that it cannot be replayed")
	flags.StringVar(&f.runID, "run-id", "", "the Packer run that the report belongs to")
}

// target is an opened machine with the profile for it.
type target struct {
	writer  host.Writer
	profile *profile.Profile
	require engine.Require
	// tool names this binary. Its digest takes as long as a profile, and is worked out meanwhile.
	tool  func() (report.Tool, error)
	close func()
}

func (f *targetFlags) open() (*target, error) {
	t := target{tool: sync.OnceValues(tool)}
	go func() { _, _ = t.tool() }() // whoever needs it sees the error
	var err error
	if t.writer, t.close, err = f.openHost(); err != nil {
		return nil, err
	}
	if err := f.prepare(&t); err != nil {
		t.close()
		return nil, err
	}
	return &t, nil
}

// openHost opens the machine alone.
func (f *targetFlags) openHost() (host.Writer, func(), error) {
	if f.root != "" {
		offline, err := host.OpenRoot(f.root)
		if err != nil {
			return nil, nil, err
		}
		return offline, func() { _ = offline.Close() }, nil
	}
	live, err := host.OpenLive()
	if err != nil {
		return nil, nil, err
	}
	return live, func() { _ = live.Close() }, nil
}

func (f *targetFlags) prepare(t *target) error {
	switch f.require {
	case "":
		t.require = engine.RequireBoth
		if t.writer.Running() == nil {
			t.require = engine.RequirePersisted
		}
	case string(engine.RequirePersisted), string(engine.RequireBoth):
		t.require = engine.Require(f.require)
	default:
		return fmt.Errorf("cannot use --require %q: it is persisted or both", f.require)
	}
	if t.require == engine.RequireBoth && t.writer.Running() == nil {
		return fmt.Errorf("cannot require the running state: nothing runs here")
	}
	info := t.writer.Info()
	p, err := f.load(profile.Platform{OS: info.OS, Version: info.Version})
	if err != nil {
		return err
	}
	t.profile = p
	return p.CheckPlatform(info.OS, info.Version)
}

// needRoot explains a live run without root before it fails rule by rule.
func (f *targetFlags) needRoot(what string) error {
	if f.root == "" && os.Geteuid() != 0 {
		return fmt.Errorf("cannot %s this machine: run as root (sudo harden ...), or look at a directory with --root", what)
	}
	return nil
}

// tool names this binary, with its own digest.
func tool() (report.Tool, error) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return report.Tool{}, fmt.Errorf("cannot read this program to name it in the report: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return report.Tool{}, fmt.Errorf("cannot read this program to name it in the report: %w", err)
	}
	return report.Tool{Name: "harden", Version: version.Version(), Digest: hex.EncodeToString(h.Sum(nil))}, nil
}
