package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
)

func explainCommand(s Streams) *cobra.Command {
	var sel selectionFlags
	cmd := &cobra.Command{
		Use:   "explain RULE|CONTROL",
		Short: "Say what a rule or control asks for, and why",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			sel.only = []string{args[0]}
			p, err := sel.find()
			if err != nil {
				return err
			}
			for i, r := range p.Rules {
				if i > 0 {
					fmt.Fprintln(s.Out)
				}
				explain(s.Out, p, r)
			}
			for i, c := range p.Outside() {
				if i+len(p.Rules) > 0 {
					fmt.Fprintln(s.Out)
				}
				explainOutside(s.Out, p, c)
			}
			return nil
		},
	}
	sel.register(cmd)
	return cmd
}

// find loads the profiles that were named, or that of this machine, or the first shipped one that has
// the rule: an auditor explains rules on a machine that no profile is for.
func (f *selectionFlags) find() (*profile.Profile, error) {
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
	for _, shipped := range list {
		try := *f
		try.profiles = []string{shipped.Name}
		if p, err := try.load(here); err == nil {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no shipped profile has a rule or control %q", f.only[0])
}

func explainOutside(w io.Writer, p *profile.Profile, c profile.Control) {
	fmt.Fprintf(w, "%s\n\nNot applicable to an image: %s.\n\n", c.Title, c.Outside.Reason)
	fmt.Fprintf(w, "control: %s %s (level %d)\nowner:   %s\n", c.Benchmark, c.ID, c.Level, c.Outside.Owner)
	if c.Outside.Status != "" {
		fmt.Fprintf(w, "status:  %s, as the owner publishes it\n", c.Outside.Status)
	}
	fmt.Fprintf(w, "profile: %s\n", p.Name)
}

func explain(w io.Writer, p *profile.Profile, r profile.Rule) {
	fmt.Fprintf(w, "%s\n%s\n\n%s\n\n", r.ID, r.Title, r.Why)
	for _, res := range r.Resources {
		fmt.Fprintf(w, "state:   %s\n", res.Ref())
	}
	for _, c := range r.Controls {
		fmt.Fprintf(w, "control: %s %s (level %d)\n", c.Benchmark, c.ID, c.Level)
	}
	for _, v := range p.Variables {
		fmt.Fprintf(w, "var:     %s = %s (%s)\n", v.Name, v.Value, v.Description)
	}
	if r.Waiver != nil {
		fmt.Fprintf(w, "waived:  %s: %s (owner %s, until %s)\n", r.Waiver.Reason, r.Waiver.Justification, r.Waiver.Owner, r.Waiver.Expires)
	}
	fmt.Fprintf(w, "profile: %s\n", p.Name)
}
