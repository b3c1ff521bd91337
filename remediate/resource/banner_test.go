package resource

import (
	"strings"
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
	"github.com/nodeimage/packer-plugin-harden/remediate/rule"
)

const warning = `banner "/etc/issue.net" { text = "Authorized users only." }`

func TestBannerRefusesATextThatTellsOrIsEmpty(t *testing.T) {
	for _, text := range []string{`Kernel \\r`, ``, ` \n`} {
		if _, err := parseBlock(t, bannerKind(), `banner "/etc/issue" { text = "`+text+`" }`); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestBanner(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		rule    string
		deviate bool
	}{
		"the given text passes":                   {"Authorized users only.\n", warning, false},
		"another text fails":                      {"Hello\n", warning, true},
		"without a text anything harmless passes": {"Hello\n", `banner "/etc/issue.net" {}`, false},
		"an escape fails":                         {"Hello\n\\v\n", `banner "/etc/issue.net" {}`, true},
		"the system's name fails, in any case":    {"Welcome to UBUNTU\n", `banner "/etc/issue.net" {}`, true},
		"an escape that tells nothing passes":     {"on \\l\n", `banner "/etc/issue.net" {}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := hosttest.Tree(t, "")
			f.Write("/etc/os-release", "ID=ubuntu\nVERSION_ID=24.04\nNAME=Ubuntu\n")
			f.Write("/etc/issue.net", c.content)
			r := mustBlock(t, bannerKind(), c.rule)
			o := observe(t, f, r)
			if got := len(r.Diff(o)) > 0; got != c.deviate {
				t.Errorf("got %v: %s", got, o.Message)
			}
		})
	}
}

func TestBannerNamesTheLineThatTells(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/issue.net", "fine\nkernel \\r\n")
	o := observe(t, f, mustBlock(t, bannerKind(), warning))
	if w := winners(o); len(w) != 1 || w[0].Line != 2 || !strings.Contains(w[0].Text, `\r`) {
		t.Errorf("got %+v", o.Sources)
	}
}

func TestBannerTakesTheLinkAndLeavesThePackagesFile(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/usr/lib/issue.net", "kernel \\r\n")
	f.Link("/etc/issue.net", "../usr/lib/issue.net")
	r := mustBlock(t, bannerKind(), warning)
	d := r.Diff(observe(t, f, r))
	if w, ok := d[0].(rule.WriteFile); !ok || len(d) != 1 || !w.NoFollow || w.Create.Mode != 0o644 {
		t.Errorf("got %+v", d)
	}
}

func TestBannerThatDoesNotExist(t *testing.T) {
	f := hosttest.Tree(t, "")
	if o := observe(t, f, mustBlock(t, bannerKind(), `banner "/etc/motd" {}`)); o.NotApplicable == "" {
		t.Errorf("got %+v", o)
	}
	settle(t, f, mustBlock(t, bannerKind(), warning))
}
