//go:build linux

package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// containerLink is what systemd-nspawn calls a container's own interface.
const containerLink = "host0"

// subnet is a node's own network of two addresses: the host's end and the node's.
type subnet struct {
	host, node net.IP
}

// subnetPool is where subnets are taken from: 16384 of them, in a corner of the private addresses that few use.
var subnetPool = net.IPNet{IP: net.IPv4(10, 213, 0, 0).To4(), Mask: net.CIDRMask(16, 32)}

func subnetAt(slot int) subnet {
	third, fourth := byte(slot>>6), byte(slot<<2)
	return subnet{
		host: net.IPv4(subnetPool.IP[0], subnetPool.IP[1], third, fourth|1).To4(),
		node: net.IPv4(subnetPool.IP[0], subnetPool.IP[1], third, fourth|2).To4(),
	}
}

// freeSubnet finds one that overlaps with nothing that this machine has an address in or a route to. It tries slots
// from start on, so that two machines which can see each other rarely choose alike.
func freeSubnet(used []*net.IPNet, start int) (subnet, error) {
	const slots = 1 << 14
	for i := range slots {
		s := subnetAt((start + i) % slots)
		if !contains(used, s) {
			return s, nil
		}
	}
	return subnet{}, errors.New("cannot find a free subnet")
}

func contains(used []*net.IPNet, s subnet) bool {
	for _, n := range used {
		if n.Contains(s.host) || n.Contains(s.node) {
			return true
		}
	}
	return false
}

// usedNetworks lists the networks that the machine's own routes lead to. The default route leads everywhere and
// doesn't count.
func usedNetworks() ([]*net.IPNet, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, fmt.Errorf("cannot list routes: %w", err)
	}
	var used []*net.IPNet
	for _, r := range routes {
		if r.Dst == nil {
			continue
		}
		if ones, _ := r.Dst.Mask.Size(); ones > 0 {
			used = append(used, r.Dst)
		}
	}
	return used, nil
}

// makeNetwork makes a network namespace, keeps it at path, and joins it to the host by a pair of interfaces: the host's
// is called name. The namespace, not systemd-nspawn, has the addresses: so a node that reboots keeps them.
func makeNetwork(path, name string) (subnet, error) {
	used, err := usedNetworks()
	if err != nil {
		return subnet{}, err
	}
	s, err := freeSubnet(used, rand.IntN(1<<14))
	if err != nil {
		return subnet{}, err
	}
	namespace, err := makeNamespace(path)
	if err != nil {
		return subnet{}, err
	}
	defer namespace.Close()
	veth := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: name},
		PeerName:      containerLink,
		PeerNamespace: netlink.NsFd(namespace.Fd()),
	}
	if err := netlink.LinkAdd(veth); err != nil {
		return subnet{}, fmt.Errorf("cannot add link %s: %w", name, err)
	}
	if err := bringUp(name, s.host); err != nil {
		return subnet{}, err
	}
	err = inNamespace(namespace, func() error {
		if err := bringUp("lo", nil); err != nil {
			return err
		}
		return bringUp(containerLink, s.node)
	})
	return s, err
}

// bringUp gives a link of the calling thread's namespace its address, if any, and sets it up.
func bringUp(name string, ip net.IP) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("cannot find link %s: %w", name, err)
	}
	if ip != nil {
		address := &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(30, 32)}}
		if err := netlink.AddrAdd(link, address); err != nil {
			return fmt.Errorf("cannot add address to link %s: %w", name, err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("cannot set link %s up: %w", name, err)
	}
	return nil
}

// removeLink removes the host's interface of a node, and with it the node's. It need not exist.
func removeLink(name string) error {
	link, err := netlink.LinkByName(name)
	if _, absent := errors.AsType[netlink.LinkNotFoundError](err); absent {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot find link %s: %w", name, err)
	}
	if err := netlink.LinkDel(link); err != nil {
		return fmt.Errorf("cannot remove link %s: %w", name, err)
	}
	return nil
}

// makeNamespace makes a network namespace that lives for as long as path is mounted.
func makeNamespace(path string) (*os.File, error) {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return nil, fmt.Errorf("cannot make network namespace: %w", err)
	}
	err := onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("cannot make network namespace: %w", err)
		}
		if err := unix.Mount("/proc/thread-self/ns/net", path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("cannot keep network namespace: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// inNamespace calls f on a thread that has entered the network namespace.
func inNamespace(namespace *os.File, f func() error) error {
	return onOwnThread(func() error {
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("cannot enter network namespace: %w", err)
		}
		return f()
	})
}

// onOwnThread calls f on a thread that nothing else will ever run on: f may change the thread's namespaces.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread with the goroutine
		done <- f()
	}()
	return <-done
}
