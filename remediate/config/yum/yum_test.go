package yum_test

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/config/yum"
	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestTheLastAssignmentCountsAcrossFiles(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/dnf/dnf.conf", "# x\n[main]\ngpgcheck=0\ngpgcheck = True\nexclude=a\n  b\n")
	f.Write("/etc/yum.repos.d/a.repo", "[base]\nname=Base\ngpgcheck=1\n")
	f.Write("/etc/yum.repos.d/b.repo", "[base]\ngpgcheck=0\n[off]\nenabled=0\n")
	f.Write("/etc/yum.repos.d/c.txt", "[base]\ngpgcheck=1\n")
	c, ok, err := yum.Read(f, "dnf")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if a, ok := c.Setting("gpgcheck"); !ok || a.Line != 4 || !yum.Bool(a.Value) {
		t.Errorf("got %+v", a)
	}
	if a, _ := c.Setting("exclude"); a.Value != "a\nb" || a.Last != 6 {
		t.Errorf("got %+v", a)
	}
	if len(c.Repos) != 2 || c.Repos[0].ID != "base" || !c.Repos[0].Enabled() || c.Repos[1].Enabled() {
		t.Fatalf("got %+v", c.Repos)
	}
	if a, _ := c.Repos[0].Setting("gpgcheck"); a.Path != "/etc/yum.repos.d/b.repo" || yum.Bool(a.Value) {
		t.Errorf("got %+v", a)
	}
}

func TestTDNFReadsItsOwnFileAndDirectory(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/tdnf/tdnf.conf", "[main]\nrepodir=/etc/elsewhere\n")
	f.Write("/etc/yum.repos.d/a.repo", "[a]\nname=a\n")
	f.Write("/etc/elsewhere/b.repo", "[b]\nname=b\n")
	c, ok, err := yum.Read(f, "tdnf")
	if err != nil || !ok || len(c.Repos) != 1 || c.Repos[0].ID != "b" {
		t.Errorf("%+v, %v, %v", c, ok, err)
	}
	if _, ok, err := yum.Read(f, "dnf"); ok || err != nil {
		t.Errorf("dnf: %v, %v", ok, err)
	}
}

func TestWhatIsNotASetting(t *testing.T) {
	for content, want := range map[string]string{"[main\n": "f:1: the section header is not closed", "x=1\n": "f:1: not a setting of a section", "[a]\nx\n": "f:2: not a setting of a section"} {
		if _, err := yum.Parse("f", content); err == nil || err.Error() != want {
			t.Errorf("error is %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[main]\ngpgcheck=1\n more\n")
	f.Fuzz(func(t *testing.T, content string) {
		list, err := yum.Parse("f", content)
		if err != nil {
			return
		}
		lines := strings.Split(content, "\n")
		for _, a := range list {
			if lines[a.Line-1] != a.Text {
				t.Errorf("%+v is not on its line", a)
			}
		}
	})
}
