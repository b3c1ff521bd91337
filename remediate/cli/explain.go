package cli

import (
	"bytes"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/explain"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

func explainCommand(s Streams) *cobra.Command {
	var sel selectionFlags
	var out outputFlags
	cmd := &cobra.Command{
		Use:   "explain RULE|CONTROL",
		Short: "Say what a rule or control asks for, why, and what it breaks",
		Args:  cobra.ExactArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			return out.checkPlain("an explanation")
		},
		RunE: func(_ *cobra.Command, args []string) error {
			library, err := profile.ReadLibrary(profiles.FS)
			if err != nil {
				return err
			}
			p, err := sel.find(args[0])
			if err != nil {
				return err
			}
			e, err := explain.Of(args[0], p, library)
			if err != nil {
				return err
			}
			return writeExplanation(s, out, e)
		},
	}
	sel.register(cmd)
	out.registerFormats(cmd, plainFormats())
	return cmd
}

func writeExplanation(s Streams, out outputFlags, e *explain.Explanation) error {
	var b bytes.Buffer
	var err error
	switch out.format {
	case "json":
		err = encode(Streams{Out: &b}, e)
	case "markdown":
		err = explain.Markdown(&b, e)
	default:
		err = explain.Text(&b, e, columns(s.Out))
	}
	if err != nil {
		return err
	}
	return out.deliver(s, b.Bytes())
}

// columns is the terminal's width, and 80 where there is none.
func columns(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// find loads the profiles that were named, or that of this machine, or the first shipped one that has
// the name: an auditor explains rules on a machine that no profile is for. It is nil where none has it.
func (f *selectionFlags) find(name string) (*profile.Profile, error) {
	var here profile.Platform
	if live, err := host.OpenLive(); err == nil {
		info := live.Info()
		here = profile.Platform{OS: info.OS, Version: info.Version}
		_ = live.Close()
	}
	list, err := profile.List(profiles.FS)
	if err != nil {
		return nil, err
	}
	supported := slices.ContainsFunc(list, func(p profile.Summary) bool { return slices.Contains(p.Platforms, here) })
	if len(f.profiles) > 0 || supported {
		return f.load(here)
	}
	loaded := false
	for _, shipped := range list {
		try := *f
		try.profiles = []string{shipped.Name}
		p, loadErr := try.load(here)
		if loadErr != nil { // such as a waiver for what this profile has not
			err = loadErr
			continue
		}
		loaded = true
		if controls, rules, err := profile.Find(name, p, &profile.Library{}); err == nil && len(controls)+len(rules) > 0 {
			return p, nil
		}
	}
	if !loaded {
		return nil, err
	}
	return nil, nil
}
