package resource

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const rescueRule = `rescue_shell "single user" { authentication = "required" }`

func rescueTree(t *testing.T, start string) *hosttest.Fake {
	f := hosttest.Tree(t, "")
	for _, n := range []string{"rescue", "emergency"} {
		f.Write(unitLib+n+".service", "[Service]\nExecStart="+start+"\n")
	}
	f.Write("/usr/lib/systemd/systemd-sulogin-shell", "x")
	f.Write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
	f.Write("/etc/shadow", "daemon:*:1::::::\nroot:$6$salt$verysecrethash:19000:0:99999:7:::\n")
	return f
}

func TestRescueShell(t *testing.T) {
	for name, c := range map[string]struct {
		start string
		pass  bool
	}{
		"systemd's wrapper asks":               {"-/usr/lib/systemd/systemd-sulogin-shell rescue", true},
		"sulogin itself asks":                  {"-/sbin/sulogin", true},
		"the line of 16.04 asks":               {`-/bin/sh -c "/sbin/sulogin; /bin/systemctl --job-mode=fail --no-block default"`, true},
		"a shell does not":                     {"-/bin/bash", false},
		"a shell after sulogin does not":       {`-/bin/sh -c "/sbin/sulogin; /bin/bash"`, false},
		"a shell when sulogin fails does not":  {`-/bin/sh -c "/sbin/sulogin || /bin/bash"`, false},
		"sulogin that is forced does not":      {"-/sbin/sulogin --force", false},
		"sulogin that is forced in short, too": {"-/sbin/sulogin -pe", false},
		"a program that only sounds like it":   {"-/opt/sulogin-not", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := rescueTree(t, c.start)
			r := mustBlock(t, rescueShellKind(), rescueRule)
			o := observe(t, f, r)
			if got := len(r.Diff(o)) == 0; got != c.pass {
				t.Errorf("got %v: %s", got, o.Message)
			}
			settle(t, f, r)
		})
	}
}

func TestRescueShellShowsNoPassword(t *testing.T) {
	f := rescueTree(t, "-/sbin/sulogin")
	f.Write("/etc/shadow", "root::19000:0:99999:7:::\nadmin:$6$salt$verysecrethash:1::::::\n")
	r := mustBlock(t, rescueShellKind(), rescueRule)
	o := observe(t, f, r)
	for _, s := range o.Sources {
		if s.Path == "/etc/shadow" && s.Text != "" {
			t.Errorf("a line of shadow is shown: %+v", s)
		}
	}
	d := r.Diff(o)
	if e, ok := d[0].(rule.EditFile); !ok || len(d) != 1 || !e.Secret {
		t.Errorf("got %+v", d)
	}
	settle(t, f, r)
	if got := f.Read("/etc/shadow"); !strings.HasPrefix(got, "root:!:19000") || !strings.Contains(got, "verysecrethash") {
		t.Errorf("got %q", got)
	}
}

func TestRescueShellWithoutUnitsOrWithMaskedOnes(t *testing.T) {
	r := mustBlock(t, rescueShellKind(), rescueRule)
	if o := observe(t, hosttest.Tree(t, ""), r); o.NotApplicable == "" {
		t.Errorf("got %+v", o)
	}
	f := rescueTree(t, "-/bin/bash")
	f.Link(unitEtc+"rescue.service", "/dev/null")
	f.Link(unitEtc+"emergency.service", "/dev/null")
	if d := r.Diff(observe(t, f, r)); len(d) != 0 {
		t.Errorf("masked: %v", d)
	}
}

func TestRescueShellThatIsForcedByADropIn(t *testing.T) {
	f := rescueTree(t, "-/lib/systemd/systemd-sulogin-shell rescue")
	f.Write(unitEtc+"rescue.service.d/x.conf", "[Service]\nEnvironment=A=1 SYSTEMD_SULOGIN_FORCE=1 B=2\n")
	f.Write(unitLib+"emergency.service.d/x.conf", "[Service]\nEnvironment=SYSTEMD_SULOGIN_FORCE=yes\n")
	r := mustBlock(t, rescueShellKind(), rescueRule)
	if d := r.Diff(observe(t, f, r)); len(d) != 2 {
		t.Fatalf("got %v", d)
	}
	if got := f.Read(unitEtc + "rescue.service.d/x.conf"); !strings.Contains(got, "FORCE=1") {
		t.Fatal(got)
	}
}
