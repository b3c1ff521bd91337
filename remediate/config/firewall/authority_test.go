//go:build authority

package firewall

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A ruleset goes into a network namespace of its own, and nft and iptables-save show the base chains
// and policies that the parsers found.
func TestChainsAgreeWithNft(t *testing.T) {
	text := `flush ruleset
table inet filter {
	set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 } }
	chain input {
		type filter hook input priority 0; policy drop;
		iif "lo" accept
		tcp dport { 22, 80 } accept
		ct state vmap { established : accept,
			related : accept }
	}
	chain mine { counter accept; }
	chain output { type filter hook output priority filter; policy accept; ip daddr @s drop; }
}
table ip nat { }
`
	file := filepath.Join(t.TempDir(), "x.nft")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("unshare", "-n", "bash", "-c", `nft -f "$0" && nft -j list ruleset`, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var listed struct {
		Nftables []struct {
			Chain *struct{ Hook, Policy, Name string } `json:"chain"`
			Table *struct{ Name string }               `json:"table"`
			Rule  *struct{ Chain string }              `json:"rule"`
		} `json:"nftables"`
	}
	if err := json.Unmarshal(out, &listed); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := ParseNft("/x", text)
	var chains, rules, tables int
	for _, n := range listed.Nftables {
		switch {
		case n.Table != nil:
			tables++
		case n.Rule != nil:
			rules++
		case n.Chain != nil && n.Chain.Hook != "":
			if chains >= len(r.Chains) || r.Chains[chains].Name != n.Chain.Name || r.Chains[chains].Policy != n.Chain.Policy || r.Chains[chains].Hook != n.Chain.Hook {
				t.Errorf("nft has %+v, and the parser %+v", *n.Chain, r.Chains)
			}
			chains++
		}
	}
	if chains != len(r.Chains) || rules != len(r.Rules) || tables != r.Tables {
		t.Errorf("nft has %d chains, %d rules, %d tables; the parser %+v", chains, rules, tables, r)
	}
}
