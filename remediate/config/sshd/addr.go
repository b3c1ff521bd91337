package sshd

import (
	"net/netip"
	"strconv"
	"strings"
)

// badAddrs is the answer of matchAddrs to a list that sshd refuses.
const badAddrs = -2

// matchAddrs matches an address against a list of networks and wildcard patterns, as addr_match_list:
// 1 for a match, -1 for a negated one, 0 for none, badAddrs for a list with an empty entry or a
// network with host bits. An empty address only checks the list.
func matchAddrs(addr, list string) int {
	var ip netip.Addr
	if addr != "" {
		var ok bool
		if ip, ok = parseAddr(addr); !ok {
			return 0
		}
	}
	found := 0
	for entry := range strings.SplitSeq(list, ",") {
		entry, negated := strings.CutPrefix(entry, "!")
		if entry == "" {
			return badAddrs
		}
		network, kind := parseNetwork(entry)
		if kind == inconsistent {
			return badAddrs
		}
		hit := false
		if addr != "" {
			if kind == isNetwork {
				hit = network.Addr().Is4() == ip.Is4() && network.Contains(ip.WithZone(""))
			} else {
				hit = matchPattern(addr, entry)
			}
		}
		if hit {
			if negated {
				return -1
			}
			found = 1
		}
	}
	return found
}

type networkKind int

const (
	isNetwork networkKind = iota
	notNetwork
	inconsistent
)

func parseNetwork(text string) (netip.Prefix, networkKind) {
	if len(text) > 63 {
		return netip.Prefix{}, notNetwork
	}
	base, mask, masked := strings.Cut(text, "/")
	bits := -1
	if masked {
		if mask == "" || mask[0] < '0' || mask[0] > '9' {
			return netip.Prefix{}, notNetwork
		}
		n, err := strconv.ParseUint(mask, 10, 32)
		if err != nil || n > 128 {
			return netip.Prefix{}, notNetwork
		}
		bits = int(n)
	}
	ip, ok := parseAddr(base)
	if !ok {
		return netip.Prefix{}, notNetwork
	}
	if bits < 0 {
		bits = ip.BitLen()
	}
	if bits > ip.BitLen() {
		return netip.Prefix{}, inconsistent
	}
	network := netip.PrefixFrom(ip.WithZone(""), bits)
	if network.Masked() != network {
		return netip.Prefix{}, inconsistent
	}
	return network, isNetwork
}

// parseAddr takes what getaddrinfo takes with AI_NUMERICHOST: IPv6, and IPv4 in all the spellings of
// inet_aton, where 10.1 is 10.0.0.1.
func parseAddr(text string) (netip.Addr, bool) {
	if strings.Contains(text, ":") {
		ip, err := netip.ParseAddr(text)
		return ip, err == nil
	}
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	value := uint64(0)
	for i, part := range parts {
		if part == "" || part[0] < '0' || part[0] > '9' || strings.Contains(part, "_") {
			return netip.Addr{}, false
		}
		base := 10
		digits := part
		switch {
		case strings.HasPrefix(part, "0x"), strings.HasPrefix(part, "0X"):
			base, digits = 16, part[2:]
		case len(part) > 1 && part[0] == '0':
			base, digits = 8, part[1:]
		}
		n, err := strconv.ParseUint(digits, base, 32)
		if err != nil {
			return netip.Addr{}, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, false
			}
			value |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(4-i)) {
			return netip.Addr{}, false
		}
		value |= n
	}
	v := uint32(value)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}), true
}
