package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/firewall"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// firewallKind is one aspect of a firewall's configuration on disk. It changes nothing: a policy that
// fits no machine but the one it was written for cuts ssh.
func firewallKind() Kind { return Kind{Name: "firewall", New: newFirewall} }

type firewallAspect struct{ program, aspect string }

func firewallPrograms() []string { return []string{"ufw", "nftables", "iptables", "ip6tables"} }

func firewallAspects(program string) []string {
	switch program {
	case "any":
		return []string{"single", "default_deny"}
	case "ufw":
		return []string{"enabled", "not_in_use", "loopback", "default_deny", "default_outgoing", "default_routed", "rules"}
	case "nftables":
		return []string{"enabled", "not_in_use", "loopback", "default_deny", "established", "tables", "base_chains", "rules"}
	}
	return []string{"enabled", "not_in_use", "loopback", "default_deny", "established", "rules", "flushed"}
}

func newFirewall(name string, decode Decode) (Resource, error) {
	var body struct {
		Aspect string `hcl:"aspect"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if name != "any" && !slices.Contains(firewallPrograms(), name) {
		return nil, fmt.Errorf("%q is none of any, %s", name, strings.Join(firewallPrograms(), ", "))
	}
	if all := firewallAspects(name); !slices.Contains(all, body.Aspect) {
		return nil, fmt.Errorf("aspect %q is none of %s", body.Aspect, strings.Join(all, ", "))
	}
	return firewallAspect{name, body.Aspect}, nil
}

func (f firewallAspect) Ref() rule.Ref { return rule.Ref{Kind: "firewall", Name: f.program} }

// firewallView is what the four programs would do after the next boot.
type firewallView struct {
	ufw            firewall.UFW
	nft, four, six firewall.Rules
	starts         map[string]bool
	used           []string // in the order of firewallPrograms; iptables and ip6tables are one
}

func firewallUnits(program string) []string {
	switch program {
	case "ufw":
		return []string{"ufw.service"}
	case "nftables":
		return []string{"nftables.service"}
	case "ip6tables":
		return []string{"netfilter-persistent.service", "ip6tables.service"}
	}
	return []string{"netfilter-persistent.service", "iptables.service"}
}

func firewallLook(ctx context.Context, h host.Reader) (firewallView, error) {
	v := firewallView{starts: map[string]bool{}}
	var err error
	if v.ufw, err = firewall.LoadUFW(h); err != nil {
		return v, err
	}
	if v.nft, err = firewall.Nftables(h); err != nil {
		return v, err
	}
	if v.four, err = firewall.Iptables(h, false); err != nil {
		return v, err
	}
	if v.six, err = firewall.Iptables(h, true); err != nil {
		return v, err
	}
	for _, p := range firewallPrograms() {
		for _, name := range firewallUnits(p) {
			u, err := lookUnit(ctx, h, name, false)
			if err != nil {
				return v, err
			}
			v.starts[p] = v.starts[p] || u.starts()
		}
	}
	for _, p := range firewallPrograms() {
		if v.inUse(p) && !(p == "ip6tables" && slices.Contains(v.used, "iptables")) {
			v.used = append(v.used, p)
		}
	}
	return v, nil
}

// inUse reports whether a program loads rules at the next boot.
func (v firewallView) inUse(program string) bool {
	switch program {
	case "ufw":
		return v.ufw.Exists && v.ufw.Enabled && v.starts["ufw"]
	case "nftables":
		return v.nft.Exists && v.starts["nftables"]
	case "iptables":
		return v.four.Exists && v.starts["iptables"]
	}
	return v.six.Exists && v.starts["ip6tables"]
}

func (v firewallView) rules(program string) firewall.Rules {
	return map[string]firewall.Rules{"nftables": v.nft, "iptables": v.four, "ip6tables": v.six}[program]
}

func (f firewallAspect) expected() string {
	who := f.program
	if who == "any" {
		who = "the firewall in use"
	}
	return map[string]string{
		"single":           "exactly one of ufw, nftables and iptables loads rules at boot",
		"enabled":          who + " loads its rules at boot",
		"not_in_use":       who + " loads no rules at boot",
		"loopback":         who + " trusts the loopback interface",
		"default_deny":     who + " drops what comes in or passes through unless a rule accepts it",
		"default_outgoing": who + " has a stated policy for what goes out",
		"default_routed":   who + " drops what passes through unless a rule accepts it",
		"established":      who + " accepts answers to what goes out",
		"tables":           who + " has a table",
		"base_chains":      who + " has chains for input, forward and output",
		"rules":            who + " has a rule for every open port",
		"flushed":          who + " has no rules beside those of nftables",
	}[f.aspect]
}

func (f firewallAspect) Observe(ctx context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: f.expected()}
	v, err := firewallLook(ctx, h)
	if err != nil {
		return o, err
	}
	used := "none"
	if len(v.used) > 0 {
		used = strings.Join(v.used, ", ")
	}
	o.Persisted = "in use: " + used
	good, message := false, ""
	switch {
	case f.aspect == "single":
		good, message = len(v.used) == 1, "loads rules at boot: "+used
	case f.aspect == "not_in_use":
		good, message = !v.inUse(f.program), "loads rules at boot: "+used
	case f.aspect == "flushed":
		good, message = !v.inUse(f.program), "loads rules at boot: "+used
		if !slices.Contains(v.used, "nftables") {
			o.NotApplicable = "nftables is not in use"
			return o, nil
		}
	case f.program == "any":
		good, message = false, "no firewall is in use"
		if len(v.used) > 0 {
			good, message = v.denies(v.used[0])
		}
	case len(v.used) > 0 && !v.inUse(f.program) && !slices.Contains(v.used, f.program):
		o.NotApplicable = used + " is in use instead"
		return o, nil
	case !v.exists(f.program):
		o.NotApplicable = f.program + " has no configuration here"
		return o, nil
	case f.aspect == "enabled":
		good, message = v.inUse(f.program), f.program+" loads no rules at boot"
		if good {
			message = f.program + " loads its rules at boot"
		}
	case f.aspect == "default_outgoing":
		o.Evidence = []string{"default for what goes out: " + v.ufw.Output}
		for _, r := range v.ufw.Rules {
			if strings.HasSuffix(r, " out") {
				o.Evidence = append(o.Evidence, r)
			}
		}
		slices.Sort(o.Evidence)
		o.Manual = "decide whether what goes out is what the site allows"
		o.Message = o.Manual
		return o, nil
	case f.aspect == "rules":
		o.Evidence = slices.Clone(v.ruleTexts(f.program))
		slices.Sort(o.Evidence)
		o.Manual = "compare the rules with the ports that are open (rule listening-services)"
		o.Message = o.Manual
		return o, nil
	default:
		good, message = v.judge(f.program, f.aspect)
	}
	o.Message = message
	for _, c := range v.rules(f.program).Chains {
		o.Sources = append(o.Sources, rule.Source{Path: c.Path, Line: c.Line, Text: c.Name + " " + c.Policy, Wins: true})
	}
	o.State = good
	return o, nil
}

func (v firewallView) exists(program string) bool {
	if program == "ufw" {
		return v.ufw.Exists
	}
	return v.rules(program).Exists
}

func (v firewallView) ruleTexts(program string) []string {
	if program == "ufw" {
		return v.ufw.Rules
	}
	return v.rules(program).Rules
}

// denies says whether a program drops by default.
func (v firewallView) denies(program string) (bool, string) {
	if program == "ufw" {
		return v.ufw.Input != "accept" && v.ufw.Forward != "accept", fmt.Sprintf("ufw: incoming %s, routed %s", v.ufw.Input, v.ufw.Forward)
	}
	var said []string
	good := true
	for _, hook := range []string{"input", "forward"} {
		found := false
		for _, c := range v.rules(program).Chains {
			if c.Hook == hook {
				found = found || c.Policy == "drop" || c.Policy == "reject"
				said = append(said, fmt.Sprintf("%s %s: %s", c.Family, hook, c.Policy))
			}
		}
		good = good && found
		if !found && len(said) == 0 {
			said = append(said, "no chain "+hook)
		}
	}
	return good, program + ": " + strings.Join(said, ", ")
}

func (v firewallView) judge(program, aspect string) (bool, string) {
	r := v.rules(program)
	has := func(words ...string) bool {
		return slices.ContainsFunc(r.Rules, func(text string) bool {
			for _, w := range words {
				if !strings.Contains(text, w) {
					return false
				}
			}
			return true
		})
	}
	tell := func(good bool, what string) (bool, string) {
		if good {
			return true, what + " is there"
		}
		return false, what + " is missing"
	}
	switch aspect {
	case "default_deny":
		return v.denies(program)
	case "default_routed":
		return v.ufw.Forward != "accept", "ufw: routed " + v.ufw.Forward
	case "tables":
		return tell(r.Tables > 0, "a table")
	case "base_chains":
		var missing []string
		for _, hook := range []string{"input", "forward", "output"} {
			if !slices.ContainsFunc(r.Chains, func(c firewall.Chain) bool { return c.Hook == hook }) {
				missing = append(missing, hook)
			}
		}
		if len(missing) > 0 {
			return false, "a base chain is missing for " + strings.Join(missing, ", ")
		}
		return true, "a base chain for each hook is there"
	case "established":
		return tell(has("established", "ccept") || has("ESTABLISHED", "ACCEPT") || has("vmap", "established : accept"), "a rule for established connections")
	}
	switch program {
	case "ufw":
		return tell(v.ufw.Loopback, "the rule for the loopback interface in /etc/ufw/before.rules")
	case "nftables":
		return tell(has("iif", "lo", "accept"), "a rule for the loopback interface")
	}
	return tell(has("-A INPUT", "-i lo", "-j ACCEPT"), "a rule for the loopback interface")
}

func (f firewallAspect) Diff(o rule.Observation) []rule.Change {
	if good, _ := o.State.(bool); good {
		return nil
	}
	return []rule.Change{rule.Unfixable{Subject: f.program, Reason: "a firewall's policy is the operator's: it has to know how the machine is reached", Of: rule.Persisted}}
}
