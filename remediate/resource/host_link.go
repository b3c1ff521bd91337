package resource

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sysctl"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// wirelessKind is that no network interface is a wireless one.
func wirelessKind() Kind {
	return Kind{Name: "wireless", New: func(name string, decode Decode) (Resource, error) { return newHostLink("wireless", name, decode) }}
}

// promiscuousLinkKind is that no network interface takes packets that are not meant for it.
func promiscuousLinkKind() Kind {
	return Kind{Name: "promiscuous_link", New: func(name string, decode Decode) (Resource, error) {
		return newHostLink("promiscuous_link", name, decode)
	}}
}

type hostLink struct {
	kind, name string
	allow      []string
}

func newHostLink(kind, name string, decode Decode) (Resource, error) {
	var body struct {
		Allow []string `hcl:"allow,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	for _, p := range body.Allow {
		if _, err := path.Match(p, ""); err != nil {
			return nil, fmt.Errorf("%q is not a pattern", p)
		}
	}
	return hostLink{kind, name, body.Allow}, nil
}

func (l hostLink) Ref() rule.Ref { return rule.Ref{Kind: l.kind, Name: l.name} }

func (l hostLink) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "no wireless interface"}
	if l.kind == "promiscuous_link" {
		o.Expected = "no interface takes packets that are meant for others"
	}
	r := h.Running()
	if r == nil {
		o.NotObservable = "network interfaces are the running machine's"
		return o, nil
	}
	names, err := r.Links()
	if err != nil {
		return o, err
	}
	var wrong []rule.Change
	var list []string
	for _, n := range names {
		if slices.ContainsFunc(l.allow, func(p string) bool { ok, err := path.Match(p, n); return ok && err == nil }) {
			continue
		}
		bad, why, err := l.look(h, n)
		if err != nil {
			return o, err
		}
		if bad {
			list = append(list, n)
			wrong = append(wrong, rule.Unfixable{Subject: n, Reason: why, Of: rule.Running})
		}
	}
	o.Running = fmt.Sprintf("%d of %d interfaces", len(list), len(names))
	is := "wireless"
	if l.kind == "promiscuous_link" {
		is = "taking packets that are meant for others"
	}
	o.Message = "none of " + strings.Join(names, ", ") + " is " + is
	if len(list) > 0 {
		o.Message = strings.Join(list, ", ") + " is " + is
	}
	o.Evidence = list
	o.State = wrong
	return o, nil
}

func (l hostLink) look(h host.Files, link string) (bad bool, why string, err error) {
	dir := "/sys/class/net/" + link
	if l.kind == "promiscuous_link" {
		content, err := h.ReadFile(dir + "/flags")
		if errors.Is(err, fs.ErrNotExist) {
			return false, "", nil // it has just gone
		}
		if err != nil {
			return false, "", fmt.Errorf("cannot read the flags of %s: %w", link, err)
		}
		flags, err := strconv.ParseUint(strings.TrimSpace(string(content)), 0, 32)
		if err != nil {
			return false, "", fmt.Errorf("cannot read the flags of %s: %q", link, content)
		}
		const promiscuous = 0x100 // IFF_PROMISC of linux/if.h
		return flags&promiscuous != 0, "a program listens on it, or it was set so: what needs it has to stop first", nil
	}
	for _, n := range []string{"wireless", "phy80211"} {
		if _, err := h.Stat(dir + "/" + n); err == nil {
			why := "its driver has to be kept from loading"
			module := dir + "/device/driver/module"
			if _, err := h.Stat(module); err == nil {
				if module, err = h.Resolve(module); err == nil {
					why += ": kernel_module " + path.Base(module)
				}
			}
			return true, why, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return false, "", fmt.Errorf("cannot read %s: %w", dir, err)
		}
	}
	return false, "", nil
}

func (l hostLink) Diff(o rule.Observation) []rule.Change {
	wrong, _ := o.State.([]rule.Change)
	return wrong
}

// listeningSocketKind is what listens on addresses that other machines reach.
func listeningSocketKind() Kind { return Kind{Name: "listening_socket", New: newListeningSocket} }

type listeningSocket struct {
	name  string
	allow *[]string
}

func newListeningSocket(name string, decode Decode) (Resource, error) {
	var body struct {
		Allow *[]string `hcl:"allow,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if body.Allow != nil {
		for _, a := range *body.Allow {
			proto, port, _ := strings.Cut(a, "/")
			if _, err := strconv.ParseUint(port, 10, 16); err != nil || proto != "tcp" && proto != "udp" {
				return nil, fmt.Errorf("%q is not a port such as \"tcp/22\"", a)
			}
		}
		if len(*body.Allow) == 0 {
			body.Allow = nil // a profile's empty list asks for evidence
		}
	}
	return listeningSocket{name, body.Allow}, nil
}

func (l listeningSocket) Ref() rule.Ref { return rule.Ref{Kind: "listening_socket", Name: l.name} }

func (l listeningSocket) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "only approved services listen"}
	if l.allow != nil {
		o.Expected += ": " + strings.Join(*l.allow, ", ")
	}
	if h.Running() == nil {
		o.NotObservable = "sockets are the running machine's"
		return o, nil
	}
	var wrong []rule.Change
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		content, err := h.ReadFile("/proc/net/" + table)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no IPv6
		}
		if err != nil {
			return o, fmt.Errorf("cannot list sockets: %w", err)
		}
		found, err := listeningSockets(table, string(content))
		if err != nil {
			return o, err
		}
		for _, s := range found {
			text := s.proto + "/" + strconv.Itoa(int(s.addr.Port())) + " on " + s.addr.Addr().String()
			if slices.Contains(o.Evidence, text) {
				continue
			}
			o.Evidence = append(o.Evidence, text)
			if l.allow != nil && !slices.Contains(*l.allow, s.proto+"/"+strconv.Itoa(int(s.addr.Port()))) {
				wrong = append(wrong, rule.Unfixable{Subject: text, Reason: "which service may listen is decided with the unit or package that it belongs to", Of: rule.Running})
			}
		}
	}
	slices.Sort(o.Evidence)
	o.Running = fmt.Sprintf("%d sockets listen", len(o.Evidence))
	o.Message = o.Running
	if l.allow == nil {
		o.Manual = "decide whether each of them is approved, or list the approved ones in the profile"
		o.Message = o.Manual
	}
	for _, c := range wrong {
		o.Message += "; not approved: " + c.Target()
	}
	o.State = wrong
	return o, nil
}

func (l listeningSocket) Diff(o rule.Observation) []rule.Change {
	wrong, _ := o.State.([]rule.Change)
	return wrong
}

type socketAddr struct {
	proto string
	addr  netip.AddrPort
}

// listeningSockets reads a table of /proc/net: sockets in state LISTEN (tcp) or without a peer (udp), on
// addresses other than the loopback's. Addresses are in hexadecimal, each 32 bits in the machine's
// byte order, which is little-endian on every platform of ours.
func listeningSockets(table, content string) ([]socketAddr, error) {
	var out []socketAddr
	for i, line := range strings.Split(content, "\n") {
		f := strings.Fields(line)
		if i == 0 || len(f) < 4 {
			continue
		}
		if f[3] != "0A" && (strings.HasPrefix(table, "tcp") || !strings.HasSuffix(f[2], ":0000")) {
			continue
		}
		addr, port, ok := strings.Cut(f[1], ":")
		b, err := hex.DecodeString(addr)
		n, perr := strconv.ParseUint(port, 16, 16)
		if !ok || err != nil || perr != nil || len(b) != 4 && len(b) != 16 {
			return nil, fmt.Errorf("/proc/net/%s:%d: %q is not an address", table, i+1, f[1])
		}
		for w := 0; w < len(b); w += 4 {
			slices.Reverse(b[w : w+4])
		}
		a, _ := netip.AddrFromSlice(b)
		if a.Unmap().IsLoopback() {
			continue
		}
		out = append(out, socketAddr{strings.TrimSuffix(table, "6"), netip.AddrPortFrom(a.Unmap(), uint16(n))})
	}
	return out, nil
}

// ipv6StatusKind is that IPv6 is on, or the evidence for whether it is.
func ipv6StatusKind() Kind { return Kind{Name: "ipv6_status", New: newIPv6Status} }

type ipv6Status struct{ name, state string }

func newIPv6Status(name string, decode Decode) (Resource, error) {
	var body struct {
		State string `hcl:"state,optional"`
	}
	if err := decode(&body); err != nil {
		return nil, err
	}
	if body.State != "" && body.State != "enabled" {
		return nil, fmt.Errorf("state %q is not \"enabled\"", body.State)
	}
	return ipv6Status{name, body.State}, nil
}

func (i ipv6Status) Ref() rule.Ref { return rule.Ref{Kind: "ipv6_status", Name: i.name} }

func (i ipv6Status) Observe(_ context.Context, h host.Reader) (rule.Observation, error) {
	o := rule.Observation{Expected: "IPv6 is on or off as the site wants it"}
	c, err := sysctl.Load(h, sysctlDialect(h.Info()))
	if err != nil {
		return o, err
	}
	var wrong []rule.Change
	for _, key := range []string{"net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/default/disable_ipv6"} {
		dotted := strings.ReplaceAll(key, "/", ".")
		value, from := "0", "the kernel's default"
		if w, ok := c.Effective(key); ok {
			e := w.Entry
			value, from = e.Value, fmt.Sprintf("%s:%d", e.File.Path, e.Line)
			o.Sources = append(o.Sources, rule.Source{Path: e.File.Path, Line: e.Line, Text: e.Text, Wins: true})
			switch {
			case value == "0":
			case e.Glob() || e.Shared || !strings.HasPrefix(e.File.Path, "/etc/"):
				wrong = append(wrong, rule.Unfixable{Subject: from, Reason: "the line is not one that only sets " + dotted + " below /etc", Of: rule.Persisted})
			default:
				wrong = append(wrong, rule.EditFile{Path: e.File.Path, Edits: []rule.Edit{{Op: rule.ReplaceLine, Line: e.Line, Old: e.Text, New: []string{dotted + " = 0"}}}})
			}
		}
		o.Evidence = append(o.Evidence, fmt.Sprintf("%s = %s (%s)", dotted, value, from))
		if r := h.Running(); r != nil {
			now, err := r.Sysctl(key)
			if errors.Is(err, fs.ErrNotExist) {
				now = "no such key: IPv6 is off in the kernel"
			} else if err != nil {
				return o, err
			}
			o.Evidence = append(o.Evidence, dotted+" now: "+now)
		}
	}
	slices.Sort(o.Evidence)
	o.Persisted = strings.Join(o.Evidence, "; ")
	o.Message = o.Persisted
	if i.state == "" {
		o.Manual = "decide whether IPv6 is wanted here"
		o.Message = o.Manual
		return o, nil
	}
	o.Expected = "IPv6 is on"
	o.State = wrong
	return o, nil
}

func (i ipv6Status) Diff(o rule.Observation) []rule.Change {
	wrong, _ := o.State.([]rule.Change)
	return wrong
}
