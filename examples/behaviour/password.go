//go:build linux

package behaviour

import (
	"context"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/examples/lab"
)

// passwd has Alice change her password as the program asks for it: the old one, the new one twice.
func (s *Subject) passwd(t *testing.T, password string) lab.Result {
	t.Helper()
	return s.asAlice(t, "printf '%s\\n' '"+s.password+"' '"+password+"' '"+password+"' | LC_ALL=C passwd 2>&1")
}

// anyDay lets Alice change a password that she has just changed, until the test ends.
func (s *Subject) anyDay(t *testing.T) {
	t.Helper()
	days := s.sudo(t, "getent shadow "+lab.Alice+" | cut -d: -f4; chage --mindays 0 "+lab.Alice)
	if days == "" {
		days = "-1"
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if res, err := s.SSH(ctx, "sudo -n chage --mindays "+days+" "+lab.Alice); err != nil || res.Code != 0 {
			t.Errorf("chage: %v, %+v", err, res)
		}
	})
}

func badPasswords(t *testing.T, s *Subject) {
	s.anyDay(t)
	for name, password := range map[string]string{
		"a short one":            "q7-Zv.4",
		"one without digits":     "krill-Walnut-opaque-Harbor",
		"one without capitals":   "krill-47-walnut-opaque-harbor",
		"one without small ones": "KRILL-47-WALNUT-OPAQUE-HARBOR",
		"one of letters only":    "krill47WalnutOpaqueHarbor",
		"the old one":            s.password,
	} {
		res := s.passwd(t, password)
		if res.Code == 0 || !strings.Contains(res.Stdout, "BAD PASSWORD") && !strings.Contains(res.Stdout, "unchanged") {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

func oldPasswords(t *testing.T, s *Subject) {
	s.anyDay(t)
	const old, next = "krill-47-Walnut-opaque-Harbor", "Tundra+brisk9quartz.Lemon"
	for _, password := range []string{old, next} {
		if res := s.passwd(t, password); res.Code != 0 {
			t.Fatalf("a good password is refused: %+v", res)
		}
		s.password = password
	}
	if res := s.passwd(t, old); res.Code == 0 || !strings.Contains(res.Stdout, "already used") {
		t.Errorf("the old password: %+v", res)
	}
}

func noDumps(t *testing.T, s *Subject) {
	res := s.asAlice(t, `mkdir crash && cd crash && ulimit -c unlimited; ulimit -Hc; sh -c 'kill -s SEGV $$'; echo $?; ls -A; cd && rm -r crash`)
	if lines := strings.Fields(res.Stdout); len(lines) != 2 || lines[0] != "0" || lines[1] != "139" {
		t.Errorf("limit, status and files: %+v", res)
	}
}

func cronRefused(t *testing.T, s *Subject) {
	res := s.asAlice(t, "echo '* * * * * true' | crontab -")
	if res.Code == 0 || !strings.Contains(res.Stderr, "not allowed") {
		t.Errorf("a user's: %+v", res)
	}
	s.sudo(t, "echo '# none' | crontab - && crontab -r")
}

func suRefused(t *testing.T, s *Subject) {
	const secret = "a-Password-4-the-Test"
	su := func() string { return s.asAlice(t, "echo "+secret+" | su -c id 2>&1").Stdout }
	s.sudo(t, "echo root:"+secret+" | chpasswd")
	if out := su(); strings.Contains(out, "uid=0") {
		t.Errorf("alice became root: %s", out)
	}
	// The same in the group that may: then it was the group that the refusal was about.
	group := s.variable(t, "su_group")
	s.sudo(t, "groupadd "+group+"; usermod -aG "+group+" "+lab.Alice)
	if out := su(); !strings.Contains(out, "uid=0") {
		t.Errorf("a member of the group is refused too: %s", out)
	}
	s.sudo(t, "groupdel "+group+"; passwd --lock root")
}
