package resource

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestRootConsoles(t *testing.T) {
	const anybody = "root_console \"/etc/securetty\" {\n}"
	const tty1 = "root_console \"/etc/securetty\" {\n allow = [\"tty1\"]\n}"
	f := hosttest.Tree(t, "")
	if o := observe(t, f, mustBlock(t, rootConsoleKind(), tty1)); o.NotApplicable == "" {
		t.Errorf("without the file and the module: %+v", o)
	}
	f.Write("/etc/pam.d/login", "auth requisite pam_securetty.so\nauth required pam_unix.so\n")
	r := mustBlock(t, rootConsoleKind(), tty1)
	if o := observe(t, f, r); !strings.Contains(o.Message, "lets root in everywhere") || len(r.Diff(o)) != 1 {
		t.Errorf("without the file the module lets everybody in: %+v", o)
	}
	f.Write("/etc/securetty", "# a comment\ntty2\n/dev/tty1\n")
	o := observe(t, f, mustBlock(t, rootConsoleKind(), anybody))
	if !strings.Contains(o.Manual, "read by login") || !slices.Equal(o.Evidence, []string{"tty1", "tty2"}) {
		t.Errorf("the list is no evidence: %+v", o)
	}
	if o := observe(t, f, r); o.Message != "root may also log in at tty2" {
		t.Errorf("message %q", o.Message)
	}
	settle(t, f, r)
	if got := f.Read("/etc/securetty"); got != "# a comment\n/dev/tty1\n" {
		t.Errorf("the file holds %q", got)
	}
	for _, src := range []string{"root_console \"/etc/ttys\" {\n}", "root_console \"/etc/securetty\" {\n allow = [\"/dev/tty1\"]\n}"} {
		if _, err := parseBlock(t, rootConsoleKind(), src); err == nil {
			t.Errorf("%s: no error", src)
		}
	}
}
