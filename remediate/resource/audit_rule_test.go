package resource

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

func TestAuditRule(t *testing.T) {
	const identity = `audit_rule "x" { lines = ["-w /etc/passwd -p wa -k identity"] }`
	for name, c := range map[string]struct {
		files map[string]string
		src   string
		arch  string
		want  []string // lines that a change adds
		fixes bool     // something cannot be fixed
		na    bool
	}{
		"without auditd it does not apply":                  {src: identity, na: true},
		"nothing is recorded":                               {files: map[string]string{"/sbin/auditd": ""}, src: identity, want: []string{"-w /etc/passwd -p wa -k identity"}},
		"a watch in another form will do":                   {files: map[string]string{"/sbin/auditd": "", "/etc/audit/rules.d/a.rules": "-a exit,always -F path=/etc/passwd -F perm=rwxa\n"}, src: identity},
		"a rule that says never is the operator's":          {files: map[string]string{"/sbin/auditd": "", "/etc/audit/rules.d/a.rules": "-a never,task\n"}, src: identity, fixes: true},
		"where there is nothing to watch it does not apply": {files: map[string]string{"/sbin/auditd": ""}, src: `audit_rule "x" { lines = ["-w /etc/apparmor/x -p wa"] }`, na: true},
		"64-bit ARM lacks the older system calls":           {files: map[string]string{"/sbin/auditd": ""}, arch: "arm64", src: `audit_rule "x" { lines = ["-a always,exit -F arch=b64 -S open,openat -S chmod -k x"] }`, want: []string{"-a always,exit -F arch=b64 -S openat -k x"}},
		"a rule about what ARM lacks is no deviation there": {files: map[string]string{"/sbin/auditd": ""}, arch: "arm64", src: `audit_rule "x" { lines = ["-a always,exit -F arch=b64 -S open -k x"] }`},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/passwd", "")
			for p, content := range c.files {
				f.Write(p, content)
			}
			f.OS.Arch = c.arch
			r, err := parseBlock(t, auditRuleKind(), c.src)
			if err != nil {
				t.Fatal(err)
			}
			o, err := r.Observe(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if (o.NotApplicable != "") != c.na {
				t.Fatalf("not applicable: %q", o.NotApplicable)
			}
			if c.na {
				return
			}
			changes := r.Diff(o)
			switch {
			case c.fixes:
				if len(changes) != 1 {
					t.Fatalf("%+v", changes)
				}
				if _, ok := changes[0].(rule.Unfixable); !ok {
					t.Errorf("%+v", changes)
				}
			case len(c.want) == 0:
				if len(changes) != 0 {
					t.Errorf("%+v", changes)
				}
			default:
				e, ok := changes[0].(rule.EditFile)
				if !ok || len(changes) != 1 || len(e.Edits) != 1 || len(e.Edits[0].New) != len(c.want) || e.Edits[0].New[0] != c.want[0] {
					t.Errorf("%+v", changes)
				}
			}
		})
	}
}

func TestARulesFileThatStopsAuditctlIsAnError(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/sbin/auditd", "")
	f.Write("/etc/audit/rules.d/a.rules", "nonsense\n")
	r, err := parseBlock(t, auditRuleKind(), `audit_rule "x" { lines = ["-w /etc/passwd -p wa"] }`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Observe(t.Context(), f); err == nil {
		t.Error("no error")
	}
	f.Write("/etc/audit/auditd.conf", "nonsense\n")
	r, err = parseBlock(t, auditSettingKind(), `audit_setting "num_logs" { min = 1 }`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Observe(t.Context(), f); err == nil {
		t.Error("auditd.conf: no error")
	}
}
