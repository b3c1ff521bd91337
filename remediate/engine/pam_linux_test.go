package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeimage/packer-plugin-harden/remediate/engine"
)

// TestAPlanThatWouldStopPasswordChangesNamesItsRule: Azure Linux's history goes behind the check of the quality. Without
// one, and without a rule that brings it, there is no place for it.
func TestAPlanThatWouldStopPasswordChangesNamesItsRule(t *testing.T) {
	c := readCase(t, rulesDir+"/pam/password-history.azurelinux.txtar")
	p := loader(t)(t, c)
	f := c.tree(t, false)
	f.Write("/etc/pam.d/system-password", "password required pam_unix.so sha512 shadow\n")
	before := f.Snapshot()
	o := engine.Options{Require: engine.RequirePersisted}
	_, _, planned := engine.Plan(t.Context(), p, f, o)
	_, applied := engine.Apply(t.Context(), p, f, o)
	for _, err := range []error{planned, applied} {
		if err == nil || !strings.HasPrefix(err.Error(), "rule password-history would not pass after the plan: ") ||
			!strings.Contains(err.Error(), "no module before it asks for the new password") {
			t.Errorf("got %v", err)
		}
	}
	if diff := cmp.Diff(before, f.Snapshot()); diff != "" {
		t.Errorf("a refused plan changed the tree:\n%s", diff)
	}
}
