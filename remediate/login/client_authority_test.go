//go:build authority

package login

import (
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
)

// TestOpenSSHsClientIsWhatItSends reads the lists out of the first message of this machine's own client,
// which is of the same release as its server. It needs the Debian packages openssh-client and
// openssh-server.
func TestOpenSSHsClientIsWhatItSends(t *testing.T) {
	base, err := host.OpenRoot("/")
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	server, ok, err := sshd.Find(base, base.Info())
	if err != nil || !ok {
		t.Fatalf("no server: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "ssh", "-F", "none", "-p", port, "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=none", "x@127.0.0.1", "true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	lists := kexInit(t, conn)
	conn.Close()
	_ = cmd.Wait() // it is hung up on
	kex, hostKeys, ciphers, macs := server.ClientDefaults()
	for i, want := range [][]string{kex, hostKeys, ciphers, ciphers, macs} {
		got := slices.DeleteFunc(lists[i], func(n string) bool { return strings.HasPrefix(n, "ext-info") || strings.HasPrefix(n, "kex-strict") })
		if !slices.Equal(got, want) {
			t.Errorf("list %d: the client sends %v and we say %v", i, got, want)
		}
	}
}
