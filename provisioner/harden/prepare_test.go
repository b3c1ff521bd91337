package harden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/packerbuilderdata"
	"github.com/zclconf/go-cty/cty"
)

func TestPrepare(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("good.hcl", "profile \"mine\" {\n  extends = [\"aks-ubuntu-24.04\"]\n}\n")
	bad := write("bad.hcl", "profile \"mine\" {\n  extends = [\"aks-ubuntu-24.04\"]\n  colour = \"red\"\n}\n")
	waiver := write("waiver.hcl", "nonsense {\n}\n")
	policy := write("policy.hcl", "severity \"high\" {\n  fail = 0\n}\n")
	badPolicy := write("bad-policy.hcl", "max_age = \"7d\"\nseverity \"worst\" {\n}\n")
	binary := write("harden", "binary")
	const sum = "sha256:9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd"

	tests := []struct {
		name   string
		config map[string]any
		errs   []string // each in the error; none: it is fine
	}{
		{name: "nothing is required", config: map[string]any{}},
		{name: "a shipped profile", config: map[string]any{"profile": []string{"aks-ubuntu-24.04"}}},
		{name: "a shipped profile, as a legacy template may write it", config: map[string]any{"profile": "aks-ubuntu-24.04"}},
		{name: "an empty profile is none", config: map[string]any{"profile": ""}},
		{name: "a profile's file", config: map[string]any{"profile": []string{good}}},
		{name: "a bad profile's file has line and snippet", config: map[string]any{"profile": []string{bad}}, errs: []string{"profile: ", "bad.hcl", "3", "colour"}},
		{name: "an unknown profile", config: map[string]any{"profile": []string{"aks-ubuntu-99.04"}}, errs: []string{"profile: ", "aks-ubuntu-99.04"}},
		{name: "an unknown variable", config: map[string]any{"profile": []string{"aks-ubuntu-24.04"}, "variables": map[string]any{"no_such_variable": "1"}}, errs: []string{"variables: ", "no_such_variable"}},
		{name: "a bad waivers file has the line", config: map[string]any{"profile": []string{"aks-ubuntu-24.04"}, "waivers": []string{waiver}}, errs: []string{"waivers: ", "waiver.hcl", "nonsense"}},
		{name: "an absent waivers file", config: map[string]any{"waivers": []string{filepath.Join(dir, "absent.hcl")}}, errs: []string{"waivers: "}},
		{name: "an unknown rule", config: map[string]any{"profile": []string{"aks-ubuntu-24.04"}, "only_rules": []string{"no-such-rule"}}, errs: []string{"only_rules: ", "no-such-rule"}},
		{name: "an unknown rule to skip", config: map[string]any{"profile": []string{"aks-ubuntu-24.04"}, "skip_rules": []string{"no-such-rule"}}, errs: []string{"skip_rules: ", "no-such-rule"}},
		{name: "a level that is none", config: map[string]any{"level": 3}, errs: []string{"level: "}},
		{name: "words that are not offered", config: map[string]any{"on_failure": "ignore", "require": "all", "formats": []string{"pdf"}}, errs: []string{"on_failure: ", "require: ", "formats: "}},
		{name: "a policy", config: map[string]any{"policy": policy}},
		{name: "a bad policy has file and line", config: map[string]any{"policy": badPolicy}, errs: []string{"policy: ", "bad-policy.hcl:2: Unknown severity"}},
		{name: "an absent policy", config: map[string]any{"policy": filepath.Join(dir, "absent.hcl")}, errs: []string{"policy: ", "absent.hcl"}},
		{name: "a policy that is a folder", config: map[string]any{"policy": dir}, errs: []string{"policy: "}},
		{name: "execute_command without the command", config: map[string]any{"execute_command": "sudo -n true"}, errs: []string{"execute_command: ", "{{ .Command }}"}},
		{name: "execute_command with an unknown field", config: map[string]any{"execute_command": "{{ .Vars }} {{ .Command }}"}, errs: []string{"execute_command: ", "Vars"}},
		{name: "execute_command as wanted", config: map[string]any{"execute_command": "doas {{ .Command }}"}},
		{name: "remote_folder that is relative", config: map[string]any{"remote_folder": "tmp"}, errs: []string{"remote_folder: "}},
		{name: "remote_folder with a way up", config: map[string]any{"remote_folder": "/tmp/../etc"}, errs: []string{"remote_folder: "}},
		{name: "remote_binary without checksum", config: map[string]any{"remote_binary": binary}, errs: []string{"remote_binary_checksum: "}},
		{name: "remote_binary with checksum", config: map[string]any{"remote_binary": binary, "remote_binary_checksum": sum}},
		{name: "remote_binary with another checksum", config: map[string]any{"remote_binary": binary, "remote_binary_checksum": "sha256:" + strings.Repeat("0", 64)}, errs: []string{"remote_binary: ", "should be"}},
		{name: "remote_binary with a checksum of another kind", config: map[string]any{"remote_binary": binary, "remote_binary_checksum": "md5:0"}, errs: []string{"remote_binary: ", "sha256:"}},
		{name: "checksum without remote_binary", config: map[string]any{"remote_binary_checksum": sum}, errs: []string{"remote_binary_checksum: "}},
		{name: "negative timeouts", config: map[string]any{"remote_timeout": "-1s", "reconnect_timeout": "-1s"}, errs: []string{"remote_timeout: ", "reconnect_timeout: "}},
		{name: "a misspelt option", config: map[string]any{"profil": "x"}, errs: []string{"profil"}},
		{name: "every error is told at once", config: map[string]any{"profile": []string{"nope"}, "level": 9, "on_failure": "x"}, errs: []string{"profile: ", "level: ", "on_failure: "}},
		{name: "values that are not known yet", config: map[string]any{
			"profile": []string{"<no value>"}, "variables": map[string]any{"a": "<unknown>"}, "on_failure": "<unknown>", "require": "<no value>",
			"remote_folder": "Build_ID. " + packerbuilderdata.PlaceholderMsg, "remote_binary": "<unknown>", "policy": "<unknown>", "execute_command": "<unknown>",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, p := range map[string]preparer{"harden": new(Provisioner), "harden-attest": new(Attestor)} {
				err := p.Prepare(tt.config)
				if len(tt.errs) == 0 && err != nil {
					t.Errorf("%s: %v", name, err)
				}
				for _, want := range tt.errs {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%s: the error %v lacks %q", name, err, want)
					}
				}
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	p := new(Provisioner)
	if err := p.Prepare(map[string]any{}); err != nil {
		t.Fatal(err)
	}
	c := p.config
	if c.Require != "persisted" || c.OnFailure != "fail" || c.ReportDir != "harden-reports" || len(c.Formats) != 4 ||
		c.RemoteTimeout != 30*time.Minute || c.ReconnectTimeout != 5*time.Minute {
		t.Errorf("defaults are %+v", c)
	}
}

func TestKeepRemoteAndDeprovisionContradict(t *testing.T) {
	err := new(Provisioner).Prepare(map[string]any{"keep_remote": true, "deprovision_command": "true"})
	if err == nil || !strings.Contains(err.Error(), "keep_remote") {
		t.Errorf("the error is %v", err)
	}
	if err := new(Attestor).Prepare(map[string]any{"deprovision_command": "true"}); err == nil {
		t.Error("harden-attest takes deprovision_command")
	}
}

func TestWhoIsKeptIsAnOptionOfHardenAlone(t *testing.T) {
	for _, c := range []struct {
		name   string
		config map[string]any
		errs   []string
	}{
		{"accounts to keep", map[string]any{"keep_accounts": []string{"azureuser", ""}, "on_lockout": "skip"}, nil},
		{"an account with a name that is none", map[string]any{"keep_accounts": []string{"-a"}}, []string{"keep_accounts: "}},
		{"a word that is not offered", map[string]any{"on_lockout": "maybe"}, []string{"on_lockout: "}},
		{"a reload where the login goes", map[string]any{"reload_sshd": true, "deprovision_command": "true"}, []string{"reload_sshd: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := new(Provisioner).Prepare(c.config)
			if (err == nil) != (len(c.errs) == 0) {
				t.Fatalf("the error is %v", err)
			}
			for _, want := range c.errs {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
			if err := new(Attestor).Prepare(c.config); err == nil {
				t.Error("harden-attest takes it")
			}
		})
	}
}

// HCL2 prepares once with placeholders and once more with what is known then.
func TestPreparingTwiceKeepsNothingOfTheFirst(t *testing.T) {
	for name, p := range map[string]preparer{"harden": new(Provisioner), "harden-attest": new(Attestor)} {
		for i, folder := range []string{"/first", ""} {
			attributes := map[string]cty.Value{}
			for attribute := range p.ConfigSpec() {
				attributes[attribute] = cty.NullVal(cty.String)
			}
			for attribute, kind := range map[string]cty.Type{
				"profile": cty.List(cty.String), "waivers": cty.List(cty.String), "only_rules": cty.List(cty.String), "skip_rules": cty.List(cty.String),
				"formats": cty.List(cty.String), "variables": cty.Map(cty.String), "level": cty.Number, "keep_remote": cty.Bool, "keep_journal": cty.Bool,
				"keep_accounts": cty.List(cty.String), "reload_sshd": cty.Bool,
				"packer_debug": cty.Bool, "packer_force": cty.Bool, "packer_user_variables": cty.Map(cty.String), "packer_sensitive_variables": cty.List(cty.String),
			} {
				if _, has := attributes[attribute]; has {
					attributes[attribute] = cty.NullVal(kind)
				}
			}
			if folder != "" {
				attributes["remote_folder"] = cty.StringVal(folder)
			}
			if err := p.Prepare(cty.ObjectVal(attributes), map[string]any{"packer_build_name": "node"}); err != nil {
				t.Fatalf("%s, time %d: %v", name, i+1, err)
			}
		}
		var got string
		switch p := p.(type) {
		case *Provisioner:
			got = p.config.RemoteFolder
		case *Attestor:
			got = p.config.RemoteFolder
		}
		if got != "" {
			t.Errorf("%s: %q is kept", name, got)
		}
	}
}

func TestBecome(t *testing.T) {
	for _, tt := range []struct{ template, uid, want string }{
		{"", "0", "'a b' c"},
		{"", "1000", "sudo -n -- 'a b' c"},
		{"doas {{ .Command }}", "1000", "doas 'a b' c"},
		{"doas {{ .Command }}", "0", "doas 'a b' c"},
	} {
		j := &job{Options: Options{ExecuteCommand: tt.template}}
		if got, err := j.become(tt.uid, "'a b' c"); err != nil || got != tt.want {
			t.Errorf("become with %q as uid %s is %q, %v", tt.template, tt.uid, got, err)
		}
	}
}

func TestPlaceOf(t *testing.T) {
	if got := placeOf(resultWithParts()); got != "/etc/b:2" {
		t.Errorf("the place is %s", got)
	}
}
