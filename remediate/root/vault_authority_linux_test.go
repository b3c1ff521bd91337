//go:build authority

package root

import (
	"os"
	"strings"
	"testing"
)

// A directory that another user owns could have been filled by that user, whatever its mode.
func TestAVaultOfAnotherUserIsRefused(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	v, err := r.OpenVault("/var/lib", "harden/journal", true)
	must(t, err)
	must(t, v.Close())
	for _, below := range []string{"/var/lib/harden/journal", "/var/lib/harden"} {
		must(t, os.Chown(dir+below, 1000, 0))
		if _, err := r.OpenVault("/var/lib", "harden/journal", true); err == nil || !strings.Contains(err.Error(), "belongs to user 1000") {
			t.Errorf("%s: got %v", below, err)
		}
		must(t, os.Chown(dir+below, 0, 0))
	}
}
