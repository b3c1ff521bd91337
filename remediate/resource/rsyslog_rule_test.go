package resource

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const authRule = "rsyslog_rule \"auth,authpriv.*\" {\n target = \"/var/log/auth.log\"\n or = [\"/var/log/secure\"]\n}"

func TestRsyslogRuleRefusesWhatMakesNoSense(t *testing.T) {
	for _, src := range []string{`rsyslog_rule "auth" { target = "/x" }`, `rsyslog_rule "auth.none" { target = "/x" }`, `rsyslog_rule "auth.*" { target = "a b" }`, `rsyslog_rule "auth.*" {}`} {
		if _, err := parseBlock(t, rsyslogRuleKind(), src); err == nil {
			t.Errorf("%s: no error", src)
		}
	}
}

func TestRsyslogRule(t *testing.T) {
	for name, c := range map[string]struct {
		conf string
		pass bool
	}{
		"the rule itself":                     {"auth,authpriv.* /var/log/auth.log\n", true},
		"another file that the rule allows":   {"auth,authpriv.* -/var/log/secure\n", true},
		"two lines that each cover a part":    {"auth.* /var/log/auth.log\nauthpriv.* /var/log/auth.log\n", true},
		"one line that covers a part":         {"auth.* /var/log/auth.log\n", false},
		"a file that the rule does not allow": {"auth,authpriv.* /var/log/other\n", false},
		"only the worst":                      {"auth,authpriv.err /var/log/auth.log\n", false},
		"a wider selector":                    {"*.* /var/log/auth.log\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/rsyslog.conf", c.conf)
			r := mustBlock(t, rsyslogRuleKind(), authRule)
			o := observe(t, f, r)
			if got := len(r.Diff(o)) == 0; got != c.pass {
				t.Errorf("got %v: %s", got, o.Message)
			}
			settle(t, f, r)
		})
	}
}

func TestRsyslogRuleThatComesTooLate(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/rsyslog.conf", "auth.* stop\nauth,authpriv.* /var/log/auth.log\n")
	r := mustBlock(t, rsyslogRuleKind(), authRule)
	if _, ok := r.Diff(observe(t, f, r))[0].(rule.Unfixable); !ok {
		t.Error("a line that no message reaches is planned")
	}
	if o := observe(t, hosttest.Tree(t, ""), r); o.NotApplicable == "" {
		t.Errorf("without rsyslog: %+v", o)
	}
}
