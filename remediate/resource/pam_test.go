package resource

import (
	"context"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/pam"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/plan"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

// pamBlocks makes the resources of all blocks of a document.
func pamBlocks(t testing.TB, src string) []Resource {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(src), "rule.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var all []Resource
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		kind := pamKind()
		if block.Type == "pam_lockout" {
			kind = pamLockoutKind()
		}
		r, err := kind.New(block.Labels[0], func(target any) error {
			if diags := gohcl.DecodeBody(block.Body, nil, target); diags.HasErrors() {
				return diags
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// guarded plans what the resources ask for and requires that the guard lets it pass.
func guarded(t testing.TB, f *hosttest.Fake, resources ...Resource) *plan.Plan {
	t.Helper()
	var entries []plan.Entry
	for _, r := range resources {
		for _, c := range r.Diff(observe(t, f, r)) {
			if u, ok := c.(rule.Unfixable); ok {
				t.Errorf("%s cannot be mended: %s: %s", r.Ref(), u.Subject, u.Reason)
			}
			entries = append(entries, plan.Entry{Rule: r.Ref().String(), Ref: r.Ref(), Change: c})
		}
	}
	p, err := plan.New(f, entries)
	if err != nil {
		t.Fatal(err)
	}
	if err := guardPAM(context.Background(), Proposal{Before: f, After: p.After}); err != nil {
		t.Errorf("the guard refuses: %v", err)
	}
	return p
}

const (
	ubuntuTree = "testdata/trees/pam_lockout/ubuntu-gets-lockout-through-profiles/in"
	azureTree  = "testdata/trees/pam_lockout/azure-linux-lockout-that-does-not-lock/in"
	lockRule   = "pam_lockout \"a\" {\n deny = 5\n unlock_time = 900\n}\n"
)

func TestPAMRefusesWhatARuleCannotMean(t *testing.T) {
	for name, src := range map[string]string{
		"an unknown stack":             `pam "x" {` + "\n stack = \"login\"\n module = \"pam_unix.so\"\n}",
		"a module without its suffix":  `pam "x" {` + "\n stack = \"auth\"\n module = \"pam_unix\"\n}",
		"a control that is no word":    `pam "x" {` + "\n stack = \"auth\"\n module = \"pam_unix.so\"\n control = \"sufficient\"\n}",
		"an argument with a line feed": `pam "x" {` + "\n stack = \"auth\"\n module = \"pam_unix.so\"\n arguments = [\"a\\nb\"]\n}",
		"no service at all":            `pam "x" {` + "\n stack = \"auth\"\n module = \"pam_unix.so\"\n services = []\n}",
		"a service with a slash":       `pam "x" {` + "\n stack = \"auth\"\n module = \"pam_unix.so\"\n services = [\"../su\"]\n}",
		"an argument without name":     `pam "x" {` + "\n stack = \"auth\"\n module = \"pam_unix.so\"\n without = [\"\"]\n}",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseBlock(t, pamKind(), src); err == nil {
				t.Error("accepted")
			}
		})
	}
	for _, deny := range []string{"0", "101"} {
		if _, err := parseBlock(t, pamLockoutKind(), "pam_lockout \"x\" {\n deny = "+deny+"\n unlock_time = 0\n}"); err == nil {
			t.Errorf("deny = %s is accepted", deny)
		}
	}
}

// message checks a tree that a test has changed and gives what the observation says.
func message(t *testing.T, f *hosttest.Fake, src string) (string, []rule.Change) {
	t.Helper()
	r := pamBlocks(t, src)[0]
	o := observe(t, f, r)
	return o.Message, r.Diff(o)
}

func TestPAMSaysWhatDeviates(t *testing.T) {
	wheel := "pam \"w\" {\n stack = \"auth\"\n services = [\"su\"]\n module = \"pam_wheel.so\"\n before = \"pam_unix.so\"\n arguments = [\"use_uid\"]\n}"
	quality := "pam \"q\" {\n stack = \"password\"\n module = \"pam_pwquality.so\"\n before = \"pam_unix.so\"\n}"
	unix := "pam \"u\" {\n stack = \"password\"\n module = \"pam_unix.so\"\n any_of = [\"sha512\", \"yescrypt\"]\n}"
	cases := []struct {
		name, tree, file, old, new, src string
		want                            string // in the message; empty for a pass
		unfixable                       string
	}{
		{"faillock without preauth and authfail does not lock", azureTree, "", "", "", lockRule, "not locked after 5 wrong passwords", ""},
		{"a wheel line after the includes comes after unix", azureTree, "", "", "", wheel, "comes after pam_unix.so", ""},
		{"a wheel line that is never heeded", ubuntuTree, "/etc/pam.d/su", "# auth       required   pam_wheel.so", "auth optional pam_wheel.so use_uid", wheel, "not heeded", ""},
		{"a wheel line behind one that lets everybody in is not reached", ubuntuTree, "/etc/pam.d/su", "# auth       required   pam_wheel.so", "auth sufficient pam_permit.so\nauth required pam_wheel.so use_uid", wheel, "never reached", ""},
		{"a commented line is no line", ubuntuTree, "", "", "", wheel, "not in the auth stack", ""},
		{"a wheel line with brackets that refuses passes", ubuntuTree, "/etc/pam.d/su", "# auth       required   pam_wheel.so", "auth [success=ok ignore=ignore default=die] pam_wheel.so use_uid", wheel, "", ""},
		{"a module that is not installed is never brought in", ubuntuTree, "", "", "", quality, "not in the password stack", "pam_pwquality.so is not installed"},
		{"pwquality passes where the distribution has it", azureTree, "", "", "", quality, "", ""},
		{"pwquality behind unix is moved", azureTree, "/etc/pam.d/system-password", "password  requisite   pam_pwquality.so\npassword  required    pam_unix.so       sha512 shadow try_first_pass", "password  required    pam_unix.so sha512\npassword  requisite   pam_pwquality.so", quality, "comes after pam_unix.so", ""},
		{"the last hash of several counts", azureTree, "/etc/pam.d/system-password", "sha512 shadow", "sha512 shadow md5", unix, "hashed with md5", ""},
		{"login.defs chooses the hash where no argument does", azureTree, "/etc/pam.d/system-password", "sha512 shadow", "shadow", unix, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := hosttest.Tree(t, c.tree)
			if c.file != "" {
				text := f.Read(c.file)
				if !strings.Contains(text, c.old) {
					t.Fatalf("%s has no %q", c.file, c.old)
				}
				f.Write(c.file, strings.Replace(text, c.old, c.new, 1))
			}
			got, changes := message(t, f, c.src)
			if (c.want == "") != (len(changes) == 0) || !strings.Contains(got, c.want) {
				t.Fatalf("message %q with %d changes, want %q", got, len(changes), c.want)
			}
			if c.want == "" {
				return
			}
			if u, ok := changes[0].(rule.Unfixable); ok || c.unfixable != "" {
				if !strings.Contains(u.Reason, c.unfixable) || c.unfixable == "" {
					t.Errorf("unfixable: %q, want %q", u.Reason, c.unfixable)
				}
				return
			}
			resources := pamBlocks(t, c.src)
			guarded(t, f, resources...)
			settle(t, f, resources...)
		})
	}
}

// TestPAMLockoutLocks plays through what the node tests do for real, on the stacks after the change.
func TestPAMLockoutLocks(t *testing.T) {
	for name, tree := range map[string]string{"ubuntu": ubuntuTree, "azure linux": azureTree} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, tree)
			settle(t, f, pamBlocks(t, lockRule)...)
			v, err := viewPAM(f, []string{"sshd", "login", "sudo"})
			if err != nil {
				t.Fatal(err)
			}
			right, wrong := pam.Person{Password: true}, pam.Person{}
			for _, s := range v.services {
				tally := &pam.Tally{}
				for i := range 4 {
					if v.machine.Login(s, wrong, tally).In {
						t.Fatalf("%s: wrong password %d gets in", s.Name, i)
					}
				}
				if !v.machine.Login(s, right, tally).In || tally.Failures != 0 {
					t.Fatalf("%s: four wrong ones lock, or are not forgotten", s.Name)
				}
				for range 5 {
					v.machine.Login(s, wrong, tally)
				}
				if v.machine.Login(s, right, tally).In {
					t.Errorf("%s: the right password gets in after five wrong ones", s.Name)
				}
			}
		})
	}
}

func TestGuardPAMRefuses(t *testing.T) {
	cases := []struct{ name, tree, file, old, new, want string }{
		{"a jump that lands on deny", ubuntuTree, "/etc/pam.d/common-auth", "auth\t[success=1", "auth optional pam_permit.so\nauth\t[success=2 default=ignore] pam_permit.so\nauth requisite pam_deny.so\nauth\t[success=1", "sshd: a right password would be refused: /etc/pam.d/common-auth:9"},
		{"a stack that lets everybody in", azureTree, "/etc/pam.d/system-auth", "auth      required    pam_unix.so", "auth sufficient pam_permit.so", "a wrong password would get in"},
		{"a missing include", azureTree, "/etc/pam.d/sudo", "auth       include      system-auth", "auth include nowhere", "/etc/pam.d/sudo:2: the included file nowhere does not exist"},
		{"a missing @include", ubuntuTree, "/etc/pam.d/sudo", "@include common-auth", "@include nowhere", "/etc/pam.d/sudo:6: the included file nowhere does not exist"},
		{"a module that is not installed", azureTree, "/etc/pam.d/system-auth", "auth      required    pam_unix.so", "auth required pam_nothing.so\nauth required pam_unix.so", "system-auth:3: pam_nothing.so is not installed"},
		{"a password that cannot be changed any more", ubuntuTree, "/etc/pam.d/common-password", "pam_unix.so obscure", "pam_unix.so use_authtok obscure", "could not be changed: /etc/pam.d/common-password"},
		{"key logins that the account phase refuses", azureTree, "/etc/pam.d/system-account", "account   required    pam_unix.so", "account required pam_deny.so", "refused"},
		{"files that include each other", azureTree, "/etc/pam.d/system-auth", "auth      required    pam_unix.so", "auth include system-auth", "more than"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before, after := hosttest.Tree(t, c.tree), hosttest.Tree(t, c.tree)
			text := after.Read(c.file)
			if !strings.Contains(text, c.old) {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			after.Write(c.file, strings.Replace(text, c.old, c.new, 1))
			err := guardPAM(context.Background(), Proposal{Before: before, After: after})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err := guardPAM(context.Background(), Proposal{Before: after, After: after}); err != nil {
				t.Errorf("what was broken before is no reason to refuse: %v", err)
			}
		})
	}
}
