package resource

import (
	"context"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/sshd"
	"github.com/nodeimage/packer-plugin-harden/remediate/host"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// sshdHost is a node of Ubuntu's shape with the given main file.
func sshdHost(t *testing.T, files map[string]string) *hosttest.Fake {
	t.Helper()
	f := hosttest.Tree(t, "")
	f.OS = host.Info{OS: "ubuntu", Version: "24.04"}
	for path, content := range files {
		f.Write(path, content)
	}
	return f
}

func TestSSHDObservations(t *testing.T) {
	main := func(content string) map[string]string { return map[string]string{sshd.ConfigPath: content} }
	tests := []struct {
		name    string
		files   map[string]string
		rule    string
		right   bool
		message string
	}{
		{"a default that satisfies passes and is named", main(""), `sshd "IgnoreRhosts" { value = "yes" }`, true,
			"IgnoreRhosts is yes: the default of OpenSSH 9.6"},
		{"a stricter value passes", main("MaxAuthTries 2\n"), `sshd "MaxAuthTries" { max = 4 }`, true,
			"MaxAuthTries is 2: /etc/ssh/sshd_config:1"},
		{"a grace time of zero has no limit", main("LoginGraceTime 0\n"), `sshd "LoginGraceTime" { max = "1m" }`, false,
			"expected at most 1m"},
		{"units are the same time", main("LoginGraceTime 1m\n"), `sshd "LoginGraceTime" { max = 60 }`, true, "LoginGraceTime is 60"},
		{"an interval of zero is off", main(""), `sshd "ClientAliveInterval" { min = 1 max = 300 }`, false, "is 0, expected from 1 to 300"},
		{"a block that weakens fails, with its line", main("PermitRootLogin no\nMatch Address 10.0.0.0/8\n  PermitRootLogin yes\n"),
			`sshd "PermitRootLogin" { value = "no" }`, false, "Match Address 10.0.0.0/8 weakens it at /etc/ssh/sshd_config:3: PermitRootLogin yes"},
		{"a block that is stricter passes", main("MaxAuthTries 4\nMatch User a\nMaxAuthTries 2\n"), `sshd "MaxAuthTries" { max = 4 }`, true, ""},
		{"other spellings of one value are one", main("PermitRootLogin without-password\n"),
			`sshd "PermitRootLogin" { one_of = ["no", "prohibit-password"] }`, true, ""},
		{"the first MaxStartups does not count", main("MaxStartups 5:30:10\nMaxStartups 20:30:100\n"),
			`sshd "MaxStartups" { max = "10:30:60" }`, false, "20:30:100"},
		{"a list relative to the defaults is worked out", main("MACs +hmac-md5\n"), `sshd "MACs" { forbidden = ["hmac-md5"] }`, false, ""},
		{"a list that only lacks passes", main("MACs hmac-sha2-512\n"), `sshd "MACs" { allowed = ["hmac-sha2-512", "hmac-sha2-256"] }`, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := sshdHost(t, tt.files)
			r := mustBlock(t, sshdKind(), strings.NewReplacer(" min =", "\n min =", " max =", "\n max =", "{ ", "{\n ", " }", "\n}").Replace(tt.rule))
			o := observe(t, f, r)
			if right := len(r.Diff(o)) == 0; right != tt.right {
				t.Errorf("right = %v: %s", right, o.Message)
			}
			if !strings.Contains(o.Message, tt.message) {
				t.Errorf("message %q lacks %q", o.Message, tt.message)
			}
			settle(t, f, r)
		})
	}
}

func TestSSHDWithoutAServerIsNotApplicable(t *testing.T) {
	f := hosttest.Tree(t, "")
	o := observe(t, f, mustBlock(t, sshdKind(), "sshd \"UsePAM\" {\n value = \"yes\"\n}"))
	if o.NotApplicable == "" {
		t.Errorf("%+v", o)
	}
}

func TestSSHDThatWouldNotStartIsAnError(t *testing.T) {
	f := sshdHost(t, map[string]string{sshd.ConfigPath: "UsePAM yes\nBanner\n"})
	r := mustBlock(t, sshdKind(), "sshd \"UsePAM\" {\n value = \"yes\"\n}")
	_, err := r.Observe(context.Background(), f)
	if err == nil || !strings.Contains(err.Error(), "/etc/ssh/sshd_config:2") {
		t.Errorf("error = %v", err)
	}
}

func TestSSHDProtocolNeedsNoLine(t *testing.T) {
	f := sshdHost(t, map[string]string{sshd.ConfigPath: ""})
	r := mustBlock(t, sshdKind(), "sshd \"Protocol\" {\n value = \"2\"\n}")
	if o := observe(t, f, r); o.NotApplicable != "" || len(r.Diff(o)) != 0 || !strings.Contains(o.Message, "only") {
		t.Errorf("%+v", o)
	}
}

func TestSSHDWithoutAnAlgorithmLeftIsUnfixable(t *testing.T) {
	f := sshdHost(t, map[string]string{sshd.ConfigPath: ""})
	r := mustBlock(t, sshdKind(), "sshd \"Ciphers\" {\n allowed = [\"not-invented-yet\"]\n}")
	changes := r.Diff(observe(t, f, r))
	if len(changes) != 1 {
		t.Fatalf("%+v", changes)
	}
	if _, ok := changes[0].(rule.Unfixable); !ok {
		t.Errorf("%+v", changes[0])
	}
}

func TestSSHDRefusesBlocksThatSayNothingOrTooMuch(t *testing.T) {
	for _, src := range []string{
		"sshd \"UsePAM\" {\n}",
		"sshd \"UsePAMM\" {\n value = \"yes\"\n}",
		"sshd \"Include\" {\n value = \"/x\"\n}",
		"sshd \"UsePAM\" {\n value = \"yes\"\n one_of = [\"no\"]\n}",
		"sshd \"Banner\" {\n value = \"\"\n}",
		"sshd \"Banner\" {\n value = \"/a\\nPermitRootLogin yes\"\n}",
		"sshd \"Banner\" {\n max = 4\n}",
		"sshd \"MaxAuthTries\" {\n max = \"many\"\n}",
		"sshd \"MaxAuthTries\" {\n min = 5\n max = 4\n}",
		"sshd \"MaxAuthTries\" {\n allowed = [\"4\"]\n}",
		"sshd \"MaxStartups\" {\n max = 10\n}",
		"sshd \"UsePAM\" {\n contains = [\"yes\"]\n}",
	} {
		if _, err := parseBlock(t, sshdKind(), src); err == nil {
			t.Errorf("accepted %s", src)
		}
	}
}

func TestSSHDGuard(t *testing.T) {
	for _, tt := range []struct{ name, after, refusal string }{
		{"harmless", "MaxAuthTries 4\n", ""},
		{"a wrong line", "MaxAuthTries\n", "/etc/ssh/sshd_config:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := sshdHost(t, map[string]string{sshd.ConfigPath: ""})
			after := sshdHost(t, map[string]string{sshd.ConfigPath: tt.after})
			err := guardSSHD(context.Background(), Proposal{Before: before, After: after})
			if tt.refusal == "" && err != nil || tt.refusal != "" && (err == nil || !strings.Contains(err.Error(), tt.refusal)) {
				t.Errorf("error = %v, expected %q", err, tt.refusal)
			}
		})
	}
}
