# Firewalls on the machine itself. Nothing here is changed by apply: a policy has to know how the machine is
# reached, and a default deny without that cuts ssh. AKS filters outside of the node, and says so in waivers.

rule "firewall-single" {
  title = "One firewall program loads rules at boot"
  why   = "Two undo each other's rules, in an order that changes. Source: CIS benchmarks, host firewall; nft(8), ufw(8)."

  firewall "any" {
    aspect = "single"
  }
}

rule "firewall-default-deny" {
  title = "The firewall in use drops what no rule accepts"
  why   = "A list of what is forbidden is never complete. Source: CIS benchmarks, host firewall; iptables(8)."

  firewall "any" {
    aspect = "default_deny"
  }
}

rule "ufw-enabled" {
  title = "ufw loads its rules at boot"
  why   = "Rules that are not loaded protect nothing. Source: CIS benchmarks, host firewall; ufw(8)."

  firewall "ufw" {
    aspect = "enabled"
  }
}

rule "ufw-loopback" {
  title = "ufw trusts the loopback interface"
  why   = "Programs of the machine talk to each other there; a rule that drops it breaks them. Source: CIS benchmarks, host firewall; ufw(8)."

  firewall "ufw" {
    aspect = "loopback"
  }
}

rule "ufw-default-deny" {
  title = "ufw drops what no rule accepts"
  why   = "A list of what is forbidden is never complete. Source: CIS benchmarks, host firewall; ufw(8)."

  firewall "ufw" {
    aspect = "default_deny"
  }
}

rule "ufw-default-outgoing" {
  title = "ufw has a policy for what goes out"
  why   = "What goes out unasked is how data leaves. Source: CIS benchmarks, host firewall; ufw(8)."

  firewall "ufw" {
    aspect = "default_outgoing"
  }
}

rule "ufw-default-routed" {
  title = "ufw drops what passes through"
  why   = "A machine that is no router passes nothing on. A Kubernetes node does. Source: CIS benchmarks, host firewall; ufw(8)."

  firewall "ufw" {
    aspect = "default_routed"
  }
}

rule "ufw-rules" {
  title = "The rules of ufw fit the open ports"
  why   = "An open port without a rule is an oversight in one of the two. Source: CIS benchmarks, host firewall; ufw(8)."

  firewall "ufw" {
    aspect = "rules"
  }
}

rule "nftables-enabled" {
  title = "nftables loads its rules at boot"
  why   = "Rules that are not loaded protect nothing. Source: CIS benchmarks, host firewall; nft(8)."

  firewall "nftables" {
    aspect = "enabled"
  }
}

rule "nftables-loopback" {
  title = "nftables trusts the loopback interface"
  why   = "Programs of the machine talk to each other there; a rule that drops it breaks them. Source: CIS benchmarks, host firewall; nft(8)."

  firewall "nftables" {
    aspect = "loopback"
  }
}

rule "nftables-default-deny" {
  title = "nftables drops what no rule accepts"
  why   = "A list of what is forbidden is never complete. Source: CIS benchmarks, host firewall; nft(8)."

  firewall "nftables" {
    aspect = "default_deny"
  }
}

rule "nftables-established" {
  title = "nftables accepts answers to what goes out"
  why   = "Without it every answer is dropped, and with a rule too wide everything comes in. Source: CIS benchmarks, host firewall; nft(8)."

  firewall "nftables" {
    aspect = "established"
  }
}

rule "nftables-tables" {
  title = "nftables has a table"
  why   = "Without a table there is no rule. Source: CIS benchmarks, host firewall; nft(8)."

  firewall "nftables" {
    aspect = "tables"
  }
}

rule "nftables-base-chains" {
  title = "nftables has a chain for input, forward and output"
  why   = "A chain without a hook is never entered. Source: CIS benchmarks, host firewall; nft(8)."

  firewall "nftables" {
    aspect = "base_chains"
  }
}

rule "iptables-loopback" {
  title = "iptables trusts the loopback interface"
  why   = "Programs of the machine talk to each other there; a rule that drops it breaks them. Source: CIS benchmarks, host firewall; iptables(8)."

  firewall "iptables" {
    aspect = "loopback"
  }
}

rule "iptables-default-deny" {
  title = "iptables drops what no rule accepts"
  why   = "A list of what is forbidden is never complete. Source: CIS benchmarks, host firewall; iptables(8)."

  firewall "iptables" {
    aspect = "default_deny"
  }
}

rule "iptables-established" {
  title = "iptables accepts answers to what goes out"
  why   = "Without it every answer is dropped, and with a rule too wide everything comes in. Source: CIS benchmarks, host firewall; iptables(8)."

  firewall "iptables" {
    aspect = "established"
  }
}

rule "iptables-rules" {
  title = "The rules of iptables fit the open ports"
  why   = "An open port without a rule is an oversight in one of the two. Source: CIS benchmarks, host firewall; iptables(8)."

  firewall "iptables" {
    aspect = "rules"
  }
}

rule "iptables-flushed" {
  title = "iptables has no rules beside those of nftables"
  why   = "Rules of two systems mix, and nobody sees both lists. Source: CIS benchmarks, host firewall; iptables(8)."

  firewall "iptables" {
    aspect = "flushed"
  }
}

rule "ip6tables-loopback" {
  title = "ip6tables trusts the loopback interface"
  why   = "Programs of the machine talk to each other there; a rule that drops it breaks them. Source: CIS benchmarks, host firewall; ip6tables(8)."

  firewall "ip6tables" {
    aspect = "loopback"
  }
}

rule "ip6tables-default-deny" {
  title = "ip6tables drops what no rule accepts"
  why   = "A list of what is forbidden is never complete. Source: CIS benchmarks, host firewall; ip6tables(8)."

  firewall "ip6tables" {
    aspect = "default_deny"
  }
}

rule "ip6tables-established" {
  title = "ip6tables accepts answers to what goes out"
  why   = "Without it every answer is dropped, and with a rule too wide everything comes in. Source: CIS benchmarks, host firewall; ip6tables(8)."

  firewall "ip6tables" {
    aspect = "established"
  }
}

rule "ip6tables-rules" {
  title = "The rules of ip6tables fit the open ports"
  why   = "An open port without a rule is an oversight in one of the two. Source: CIS benchmarks, host firewall; ip6tables(8)."

  firewall "ip6tables" {
    aspect = "rules"
  }
}

rule "ip6tables-flushed" {
  title = "ip6tables has no rules beside those of nftables"
  why   = "Rules of two systems mix, and nobody sees both lists. Source: CIS benchmarks, host firewall; ip6tables(8)."

  firewall "ip6tables" {
    aspect = "flushed"
  }
}
