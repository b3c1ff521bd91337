package resource

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const wantMask = `umask "logins" { value = "027" }`

const loopProfile = "for i in /etc/profile.d/*.sh; do if [ -r $i ]; then . $i; fi; done\n"

func TestUmaskPassesWhenEveryLoginIsStrict(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/profile", loopProfile)
	f.Write("/etc/profile.d/own.sh", "umask 077\n")
	f.Write("/etc/login.defs", "UMASK 027\n")
	f.Write("/etc/pam.d/sshd", "session optional pam_umask.so umask=0027\n")
	r := mustBlock(t, umaskKind(), wantMask)
	o := observe(t, f, r)
	if c := r.Diff(o); len(c) != 0 {
		t.Errorf("%s: %+v", o.Message, c)
	}
	for _, want := range []string{"077 (/etc/profile.d/own.sh:1)", "sshd sessions: umask 027"} {
		if !strings.Contains(o.Persisted, want) {
			t.Errorf("persisted %q does not say %q", o.Persisted, want)
		}
	}
}

func TestUmaskDeviates(t *testing.T) {
	strict := map[string]string{
		"/etc/profile":    "umask 027\n",
		"/etc/login.defs": "UMASK 027\n",
		"/etc/pam.d/sshd": "session optional pam_umask.so umask=027\n",
	}
	for _, c := range []struct {
		name    string
		files   map[string]string
		says    string
		settles bool
	}{
		{"a profile sets a weak mask", map[string]string{"/etc/profile": "umask 022\n"}, "/etc/profile:1: umask becomes 022", true},
		{"no profile at all", map[string]string{"/etc/profile": ""}, "umask stays 022", true},
		{"a profile that reads no profile.d", map[string]string{"/etc/profile": "export A=1\n", "/etc/profile.d/x.sh": "umask 027\n"}, "umask stays 022", true},
		{"only some users get a strict one", map[string]string{"/etc/profile": "if [ $UID -gt 0 ]; then umask 027; fi\n"}, "umask stays 022", true},
		{"a symbolic mask", map[string]string{"/etc/profile": "umask u=rwx,g=rwx,o=rx\n"}, "umask becomes 002", true},
		{"two masks in one line", map[string]string{"/etc/profile": "if [ $UID = 0 ]; then umask 022; else umask 002; fi\n"}, "umask becomes 002", true},
		{"an interactive shell weakens it", map[string]string{"/etc/bash.bashrc": "umask 022\n"}, "/etc/bash.bashrc:1", true},
		{"the skeleton weakens it", map[string]string{"/etc/skel/.profile": "umask 022\n"}, "/etc/skel/.profile:1", true},
		{"a mask that cannot be told comes last", map[string]string{"/etc/profile": "umask 027\numask $(cat /etc/mask)\n"}, "cannot be told", true},
		{"a private group weakens a session", map[string]string{"/etc/pam.d/sshd": "session optional pam_umask.so\n", "/etc/login.defs": "UMASK 027\nUSERGROUPS_ENAB yes\n"}, "007 where the user has a group", true},
		{"an argument weakens a session", map[string]string{"/etc/pam.d/sshd": "session optional pam_umask.so usergroups umask=0027 debug # keep\n"}, "007 where the user has a group", true},
		{"nothing sets a session's mask", map[string]string{"/etc/pam.d/sshd": "session required pam_unix.so\n"}, "nothing in the stack sets one", true},
		{"a jump passes pam_umask over", map[string]string{"/etc/pam.d/sshd": "session [success=1 default=ignore] pam_unix.so\nsession optional pam_umask.so umask=027\nsession required pam_permit.so\n"}, "nothing in the stack sets one", true},
		{"login.defs has two lines", map[string]string{"/etc/login.defs": "UMASK 022\nUMASK 027\n"}, "/etc/login.defs:1 sets UMASK 022", true},
		{"login.defs has none", map[string]string{"/etc/login.defs": "MAIL_DIR /var/mail\n"}, "sets no UMASK", true},
		{"an account asks for its own", map[string]string{"/etc/passwd": "ana:x:1000:1000:Ana,,,,umask=002:/home/ana:/bin/bash\n"}, "account ana asks for umask 002", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			for path, content := range strict {
				f.Write(path, content)
			}
			for path, content := range c.files {
				f.Write(path, content)
			}
			r := mustBlock(t, umaskKind(), wantMask)
			o := observe(t, f, r)
			if !strings.Contains(o.Message, c.says) {
				t.Errorf("message %q does not say %q", o.Message, c.says)
			}
			if c.settles {
				settle(t, f, r)
				return
			}
			for _, change := range r.Diff(o) {
				if _, ok := change.(rule.Unfixable); !ok {
					t.Errorf("change %+v", change)
				}
			}
			if len(r.Diff(o)) == 0 {
				t.Error("no deviation")
			}
		})
	}
}

func TestUmaskLineOfPAMKeepsTheRestOfItsArguments(t *testing.T) {
	got := withArgument("session optional\tpam_umask.so usergroups umask=0022 debug # keep", "umask=027")
	if want := "session optional\tpam_umask.so umask=027 debug # keep"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestUmaskAndTimeOutShareTheirFile(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/profile", loopProfile)
	settle(t, f, mustBlock(t, umaskKind(), wantMask), mustBlock(t, shellTimeoutKind(), `shell_timeout "idle" { max = 900 }`))
	if got := f.Read(profileDropIn); !strings.HasSuffix(got, "umask 027\nTMOUT=900\nreadonly TMOUT\nexport TMOUT\n") {
		t.Errorf("%s holds %q", profileDropIn, got)
	}
}

func TestUmaskRefusesOtherValues(t *testing.T) {
	for _, src := range []string{`umask "x" { value = "27" }`, `umask "x" { value = "028" }`, `umask "x" { value = "01000" }`, `umask "x" {
 value = "027"
 homes = ["root"]
}`, `umask "x" {
 value = "027"
 services = ["../x"]
}`} {
		if _, err := parseBlock(t, umaskKind(), src); err == nil {
			t.Errorf("%s is taken", src)
		}
	}
}

func TestShellTimeoutDeviates(t *testing.T) {
	for _, c := range []struct{ name, profile, bashrc, says string }{
		{"none", "", "", "TMOUT is not set"},
		{"too long", "readonly TMOUT=3600\nexport TMOUT\n", "", "TMOUT=3600"},
		{"zero is none", "readonly TMOUT=0\nexport TMOUT\n", "", "TMOUT=0"},
		{"users can change it", "export TMOUT=600\n", "", "can be changed"},
		{"it is not exported", "readonly TMOUT=600\n", "", "not exported"},
		{"an inner shell takes it away", "readonly TMOUT=600\nexport TMOUT\n", "TMOUT=7200\n", "/etc/bash.bashrc:1: TMOUT=7200"},
		{"only for some", "if [ -n \"$SSH_CLIENT\" ]; then readonly TMOUT=600; export TMOUT; fi\n", "", "not set"},
		{"quoted and in one line", "TMOUT=\"9000\"; readonly TMOUT; export TMOUT\n", "", "TMOUT=9000"},
		{"declared", "declare -xr TMOUT=901\n", "", "TMOUT=901"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/profile", c.profile+loopProfile)
			f.Write("/etc/bash.bashrc", c.bashrc)
			r := mustBlock(t, shellTimeoutKind(), `shell_timeout "idle" { max = 900 }`)
			if o := observe(t, f, r); !strings.Contains(o.Message, c.says) {
				t.Errorf("message %q does not say %q", o.Message, c.says)
			}
			settle(t, f, r)
		})
	}
}
