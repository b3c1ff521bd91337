//go:build authority

package sshd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/internal/mutate"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

// TestMutatedConfigurationsAreReadAsTheServerReadsThem changes real configurations at random: what sshd -T accepts
// and refuses, and each keyword's value, is the same.
func TestMutatedConfigurationsAreReadAsTheServerReadsThem(t *testing.T) {
	a := newAuthority(t)
	f := hosttest.Tree(t, "")
	texts := corpus(t)
	drawn, accepted := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		files := tree{"main": mutate.Text(r, texts), "a.conf": mutate.Text(r, texts)}
		if rapid.Bool().Draw(r, "includes") {
			files["main"] += "\nInclude @DIR@/a.conf\n"
		}
		// Nothing of the machine that runs the test is included.
		for name, text := range files {
			files[name] = strings.ReplaceAll(text, "/etc/ssh/sshd_config.d", "@DIR@/none")
		}
		conns := connections()
		if a.agree(r, f, files, conns[rapid.IntRange(0, len(conns)-1).Draw(r, "conn")]) {
			accepted++
		}
		drawn++
	})
	if accepted == 0 {
		t.Error("sshd accepts none: nothing was compared")
	}
	t.Logf("figure: configurations compared with sshd -T, changed at random: %d, of which it accepts %d", drawn, accepted)
}

func corpus(t *testing.T) []string {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"../../../examples/lab/shapes/*/etc/ssh/sshd_config", "../../../examples/lab/shapes/*/etc/ssh/sshd_config.d/*.conf", "/usr/share/openssh/sshd_config"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no files %s (%v)", pattern, err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(content), strings.ReplaceAll(string(content), "\n#", "\n"))
		}
	}
	return append(texts, "Port 22\nAddressFamily any\nListenAddress 0.0.0.0\nHostKey /etc/ssh/ssh_host_ed25519_key\nRekeyLimit default none\nSyslogFacility AUTH\nLogLevel INFO\n"+
		"LoginGraceTime 2m\nPermitRootLogin prohibit-password\nStrictModes yes\nMaxAuthTries 6\nMaxSessions 10\nAuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2\n"+
		"AllowUsers alice bob@10.0.0.0/8\nDenyGroups %nobody\nCiphers aes256-gcm@openssh.com,aes128-ctr\nMACs -umac*,hmac-sha1*\nKexAlgorithms ^curve25519-sha256\n"+
		"Match User root Address 10.0.0.0/8,!10.1.0.0/16\n\tPermitRootLogin yes\n\tBanner \"/etc/a b\"\n\tForceCommand internal-sftp -u 0077\nMatch Group sudo,!nogroup\n\tX11Forwarding no\nMatch all\n\tMaxSessions 4\n")
}
