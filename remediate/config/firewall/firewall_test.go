package firewall

import (
	"testing"

	"github.com/nodeimage/packer-plugin-harden/remediate/host/hosttest"
)

func TestParseNft(t *testing.T) {
	r := ParseNft("/x", `#!/usr/sbin/nft -f
flush ruleset
table inet filter {
	set blackhole { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 } }
	chain input {
		type filter hook input priority 0; policy drop;
		iif "lo" accept # comment }
		tcp dport { 22, 80 } accept
		ct state vmap { established : accept,
			related : accept }
	}
	chain mine { counter accept }
	chain output { type filter hook output priority filter
		policy accept
	}
}
table ip nat { }
`)
	if r.Tables != 2 || len(r.Chains) != 2 {
		t.Fatalf("%+v", r)
	}
	in := r.Chains[0]
	if in.Hook != "input" || in.Policy != "drop" || in.Family != "inet" || in.Line != 6 || len(in.Rules) != 3 {
		t.Errorf("%+v", in)
	}
	if out := r.Chains[1]; out.Hook != "output" || out.Policy != "accept" {
		t.Errorf("%+v", out)
	}
}

func TestParseSave(t *testing.T) {
	r, err := ParseSave("/x", "*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n*nat\n:INPUT ACCEPT\nCOMMIT\n")
	if err != nil || len(r.Chains) != 2 || r.Chains[0].Policy != "drop" || len(r.Chains[0].Rules) != 1 || r.Tables != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := ParseSave("/x", "-A INPUT\n"); err == nil {
		t.Error("no error")
	}
}

func TestNftablesFollowsIncludes(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/nftables.conf", "include \"/etc/nftables.d/*.nft\"\n")
	f.Write("/etc/nftables.d/a.nft", "table ip t {\n chain c {\n type filter hook input priority 0; policy drop;\n }\n}\n")
	r, err := Nftables(f)
	if err != nil || len(r.Chains) != 1 || r.Chains[0].Path != "/etc/nftables.d/a.nft" {
		t.Errorf("%+v, %v", r, err)
	}
	f.Write("/etc/nftables.d/b.nft", "include \"b.nft\"\n")
	if _, err := Nftables(f); err == nil {
		t.Error("a loop: no error")
	}
}

func TestUFW(t *testing.T) {
	f := hosttest.Tree(t, "")
	f.Write("/etc/ufw/ufw.conf", "# x\nENABLED=yes\n")
	f.Write("/etc/default/ufw", "DEFAULT_INPUT_POLICY=\"REJECT\"\n")
	f.Write("/etc/ufw/before.rules", "-A ufw-before-input  -i lo -j ACCEPT\n")
	f.Write("/etc/ufw/user.rules", "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n-A x\n")
	u, err := LoadUFW(f)
	if err != nil || !u.Enabled || u.Input != "reject" || u.Forward != "drop" || !u.Loopback || len(u.Rules) != 1 {
		t.Errorf("%+v, %v", u, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("table inet f {\n chain c { type filter hook input priority 0; policy drop; tcp dport {1,2} accept\n}\n}")
	f.Add("*filter\n:INPUT DROP\n-A INPUT -j x\nCOMMIT\n")
	f.Add("}}}{{{\"")
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range ParseNft("/x", s).Chains {
			if c.Hook == "" || c.Policy == "" || c.Line < 1 {
				t.Errorf("%+v", c)
			}
		}
		if r, err := ParseSave("/x", s); err == nil {
			for _, c := range r.Chains {
				if c.Hook == "" {
					t.Errorf("%+v", c)
				}
			}
		}
	})
}
