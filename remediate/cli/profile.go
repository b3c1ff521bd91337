package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/nodeimage/packer-plugin-harden/profiles"
	"github.com/nodeimage/packer-plugin-harden/remediate/profile"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func profileCommand(s Streams) *cobra.Command {
	cmd := &cobra.Command{Use: "profile", Short: "List, show and validate profiles"}
	cmd.AddCommand(profileList(s), profileShow(s), profileValidate(s))
	return cmd
}

func profileList(s Streams) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the shipped profiles",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			list, err := profile.List(profiles.FS)
			if err != nil {
				return err
			}
			if format == "json" {
				return encode(s, list)
			}
			w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
			for _, p := range list {
				fmt.Fprintf(w, "%s\t%s\t%d controls\t%s\n", p.Name, p.Version, p.Controls, p.Benchmark)
			}
			return w.Flush()
		},
	}
	formatFlag(cmd, &format)
	return cmd
}

// shown is the JSON form of a profile; its fields are a contract.
type shown struct {
	Name       string             `json:"name"`
	Version    string             `json:"version"`
	Benchmark  string             `json:"benchmark"`
	Digest     string             `json:"digest"`
	Platform   *profile.Platform  `json:"platform"`
	Variables  []profile.Variable `json:"variables"`
	Controls   []shownControl     `json:"controls"`
	Invariants []shownInvariant   `json:"invariants,omitempty"`
}

// shownInvariant is what no rule of the profile may break.
type shownInvariant struct {
	Name  string   `json:"name"`
	Why   string   `json:"why"`
	Terms []string `json:"terms"`
}

type shownControl struct {
	ID        string       `json:"id"`
	Benchmark string       `json:"benchmark"`
	Level     int          `json:"level"`
	Title     string       `json:"title"`
	Rules     []string     `json:"rules"`
	Waiver    *rule.Waiver `json:"waiver,omitempty"`
	// Outside is why the control has no rules.
	Outside *rule.Outside `json:"not_applicable,omitempty"`
}

func profileShow(s Streams) *cobra.Command {
	var format string
	var sel selectionFlags
	cmd := &cobra.Command{
		Use:   "show PROFILE...",
		Short: "Show a profile's controls, rules, parameters and waivers",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			sel.profiles = append(sel.profiles, args...)
			p, err := sel.load(profile.Platform{})
			if err != nil {
				return err
			}
			if format == "json" {
				return encode(s, showForm(p))
			}
			return showText(s, p)
		},
	}
	sel.register(cmd)
	formatFlag(cmd, &format)
	return cmd
}

func showForm(p *profile.Profile) shown {
	form := shown{Name: p.Name, Version: p.Version, Benchmark: p.Benchmark, Digest: p.Digest,
		Variables: p.Variables, Controls: []shownControl{}}
	if len(p.Platforms) > 0 {
		form.Platform = &p.Platforms[0]
	}
	for _, c := range p.Controls {
		form.Controls = append(form.Controls, shownControl{c.ID, c.Benchmark, c.Level, c.Title, c.Rules, c.Waiver, c.Outside})
	}
	for _, v := range p.Invariants {
		form.Invariants = append(form.Invariants, shownInvariant{v.Name, v.Why, v.Terms()})
	}
	return form
}

func showText(s Streams, p *profile.Profile) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s %s\n%s\ndigest %s\n\n", p.Name, p.Version, p.Benchmark, p.Digest)
	for _, c := range p.Controls {
		note := ""
		switch {
		case c.Waiver != nil:
			note = fmt.Sprintf("waived until %s: %s", c.Waiver.Expires, c.Waiver.Justification)
		case c.Outside != nil:
			note = "not applicable: " + c.Outside.Message()
		}
		fmt.Fprintf(w, "%s\tL%d\t%s\t%s\t%s\n", c.ID, c.Level, c.Title, strings.Join(c.Rules, ","), note)
	}
	if len(p.Variables) > 0 {
		fmt.Fprintln(w)
	}
	for _, v := range p.Variables {
		fmt.Fprintf(w, "var %s\t= %s\t%s\n", v.Name, v.Value, v.Description)
	}
	for i, v := range p.Invariants {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "invariant %s\t%s\t%s\n", v.Name, v.Why, strings.Join(v.Terms(), "; "))
	}
	return w.Flush()
}

func profileValidate(s Streams) *cobra.Command {
	var sel selectionFlags
	cmd := &cobra.Command{
		Use:   "validate PROFILE...",
		Short: "Check profiles, variables and waivers without looking at a host",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			sel.profiles = append(sel.profiles, args...)
			p, err := sel.load(profile.Platform{})
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Out, "%s is valid: %d controls, %d rules%s\n", p.Name, len(p.Controls), len(p.Rules), outsideText(p))
			return nil
		},
	}
	sel.register(cmd)
	return cmd
}

func outsideText(p *profile.Profile) string {
	if n := len(p.Outside()); n > 0 {
		return fmt.Sprintf(", %d controls not applicable to an image", n)
	}
	return ""
}

func formatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "text", "text or json")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if *format != "text" && *format != "json" {
			return fmt.Errorf("cannot write format %q: it is text or json", *format)
		}
		return nil
	}
}

func encode(s Streams, v any) error {
	e := json.NewEncoder(s.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
