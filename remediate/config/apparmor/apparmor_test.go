package apparmor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/apparmor"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

const sample = `# comment {
abi <abi/3.0>,
include <tunables/global>
@{exec_path} = /usr/bin/{a,b}
profile one /usr/{bin,sbin}/one flags=(attach_disconnected, complain) {
  include <abstractions/base>
  /etc/** r,
  profile child {
    /x r,
  }
  ^hat flags=(complain) {
  }
}
/usr/bin/two { # two
  capability kill,
}
"/opt/a b" {
}
profile three
  flags=(unconfined)
{
  userns,
}
profile four flags=(kill) { }
`

func names(ps []apparmor.Profile) string {
	var out []string
	for _, p := range ps {
		out = append(out, fmt.Sprintf("%s=%s", p.Name, p.Mode))
	}
	return strings.Join(out, " ")
}

func TestProfilesAndTheirModes(t *testing.T) {
	got := names(apparmor.Parse("/f", strings.Replace(sample, "{ }", "{\n}", 1)))
	want := "one=complain one//child=enforce one//hat=complain /usr/bin/two=enforce /opt/a b=enforce three=unconfined four=kill"
	if got != want {
		t.Errorf("%s", got)
	}
}

func TestLinksDecideBeforeFlags(t *testing.T) {
	f := hosttest.Tree(t, "")
	for _, n := range []string{"a", "b", "c", "c.dpkg-old"} {
		f.Write("/etc/apparmor.d/"+n, "profile "+n+" /"+n+" {\n}\n")
	}
	f.Write("/etc/apparmor.d/local/a", "x\n")
	f.Link("/etc/apparmor.d/disable/a", "/etc/apparmor.d/a")
	f.Link("/etc/apparmor.d/force-complain/b", "../b")
	got, err := apparmor.Load(f)
	if err != nil || names(got) != "a=disabled b=complain c=enforce" {
		t.Errorf("%s %v", names(got), err)
	}
}

func TestTheComplainFlagIsTakenOut(t *testing.T) {
	for line, want := range map[string]string{
		"/a flags=(complain) {":                             "/a {",
		"profile a flags=(attach_disconnected,complain) {":  "profile a flags=(attach_disconnected) {",
		"profile a flags=( complain , mediate_deleted ) { ": "profile a flags=(mediate_deleted) { ",
		"/a {": "",
	} {
		if got := apparmor.Parse("/f", line+"\n}\n"); len(got) != 1 || got[0].WithoutFlag != want {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestTheKernelsList(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write(apparmor.KernelList, "/usr/bin/man (enforce)\na b//c (complain)\n")
	got, err := apparmor.Loaded(f)
	if err != nil || names(got) != "/usr/bin/man=enforce a b//c=complain" {
		t.Errorf("%s %v", names(got), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("}\n}\nprofile {\n")
	f.Fuzz(func(t *testing.T, content string) {
		for _, p := range apparmor.Parse("/f", content) {
			if slices.Contains(strings.Split(p.WithoutFlag, " "), "flags=(complain)") {
				t.Errorf("%+v", p)
			}
		}
	})
}
