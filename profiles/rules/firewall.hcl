# Firewalls on the machine itself. Nothing here is changed by apply: a policy has to know how the machine is
# reached, and a default deny without that cuts ssh. AKS filters outside of the node, and says so in waivers.

rule "firewall-single" {
  title    = "One firewall program loads rules at boot"
  why      = "Two firewall programs undo each other's rules, in an order that changes."
  breaks   = "Nothing is changed: which of them stays is the operator's. Turning the wrong one off opens what it closed."
  source   = "CIS benchmarks, host firewall; nft(8), ufw(8)."
  severity = "low"

  firewall "any" {
    aspect = "single"
  }
}

rule "firewall-default-deny" {
  title    = "The firewall in use drops what no rule accepts"
  why      = "A list of what is forbidden is never complete."
  breaks   = "Nothing is changed: a default deny that knows nothing of ssh, the kubelet's port, pods and health probes cuts the machine off. AKS filters outside of the node."
  source   = "Azure security baseline for Linux; iptables(8)."
  severity = "medium"

  firewall "any" {
    aspect = "default_deny"
  }
}

rule "ufw-enabled" {
  title    = "ufw loads its rules at boot"
  why      = "Rules that are not loaded protect nothing."
  breaks   = "Nothing is changed: ufw denies what comes in as soon as it is on, ssh and the traffic of pods with it, unless its rules say otherwise."
  source   = "CIS benchmarks, host firewall; ufw(8)."
  severity = "medium"

  firewall "ufw" {
    aspect = "enabled"
  }
}

rule "ufw-loopback" {
  title    = "ufw trusts the loopback interface"
  why      = "Programs of the machine talk to each other over the loopback interface, and its addresses coming in from elsewhere are forged."
  breaks   = "Nothing is changed. Without the rule for the interface, local probes and the stub resolver stop answering."
  source   = "CIS benchmarks, host firewall; ufw(8)."
  severity = "low"

  firewall "ufw" {
    aspect = "loopback"
  }
}

rule "ufw-default-deny" {
  title    = "ufw drops what no rule accepts"
  why      = "A list of what is forbidden is never complete."
  breaks   = "Nothing is changed: without rules for ssh, the kubelet and pods, a default deny cuts the machine off."
  source   = "CIS benchmarks, host firewall; ufw(8), default."
  severity = "medium"

  firewall "ufw" {
    aspect = "default_deny"
  }
}

rule "ufw-default-outgoing" {
  title    = "ufw has a policy for what goes out"
  why      = "What goes out unasked is how data leaves."
  breaks   = "Nothing is changed: a node that may not reach its API server, its registry and Azure's addresses (168.63.129.16, 169.254.169.254) does not come up."
  source   = "CIS benchmarks, host firewall; ufw(8), default."
  severity = "low"

  firewall "ufw" {
    aspect = "default_outgoing"
  }
}

rule "ufw-default-routed" {
  title    = "ufw drops what passes through"
  why      = "A machine that is no router passes nothing on."
  breaks   = "Nothing is changed: a Kubernetes node passes on every packet of its pods, and dropping them ends all traffic of pods."
  source   = "CIS benchmarks, host firewall; ufw(8), default."
  severity = "low"

  firewall "ufw" {
    aspect = "default_routed"
  }
}

rule "ufw-rules" {
  title    = "The rules of ufw fit the open ports"
  why      = "An open port without a rule is an oversight in one of the two."
  breaks   = "Nothing is changed: which ports are meant to be open is the operator's."
  source   = "CIS benchmarks, host firewall; ufw(8)."
  severity = "low"

  firewall "ufw" {
    aspect = "rules"
  }
}

rule "nftables-enabled" {
  title    = "nftables loads its rules at boot"
  why      = "Rules that are not loaded protect nothing."
  breaks   = "Nothing is changed: the service flushes all tables as it starts where its file says so, those of kube-proxy and network plugins too."
  source   = "CIS benchmarks, host firewall; nft(8)."
  severity = "medium"

  firewall "nftables" {
    aspect = "enabled"
  }
}

rule "nftables-loopback" {
  title    = "nftables trusts the loopback interface"
  why      = "Programs of the machine talk to each other over the loopback interface, and its addresses coming in from elsewhere are forged."
  breaks   = "Nothing is changed. Without the rule for the interface, local probes and the stub resolver stop answering."
  source   = "CIS benchmarks, host firewall; nft(8)."
  severity = "low"

  firewall "nftables" {
    aspect = "loopback"
  }
}

rule "nftables-default-deny" {
  title    = "nftables drops what no rule accepts"
  why      = "A list of what is forbidden is never complete."
  breaks   = "Nothing is changed: without rules for ssh, the kubelet and pods, a default deny cuts the machine off."
  source   = "CIS benchmarks, host firewall; nft(8), base chains."
  severity = "medium"

  firewall "nftables" {
    aspect = "default_deny"
  }
}

rule "nftables-established" {
  title    = "nftables accepts answers to what goes out"
  why      = "Without it a default deny drops every answer, and with a rule too wide everything comes in."
  breaks   = "Nothing is changed. Without it the machine hears nothing back from whom it asks."
  source   = "CIS benchmarks, host firewall; nft(8), ct state."
  severity = "low"

  firewall "nftables" {
    aspect = "established"
  }
}

rule "nftables-tables" {
  title    = "nftables has a table"
  why      = "Without a table there is no rule."
  breaks   = "Nothing: an empty table does nothing."
  source   = "CIS benchmarks, host firewall; nft(8), tables."
  severity = "low"

  firewall "nftables" {
    aspect = "tables"
  }
}

rule "nftables-base-chains" {
  title    = "nftables has a chain for input, forward and output"
  why      = "A chain without a hook is never entered."
  breaks   = "Nothing is changed: a chain at the hook forward that drops ends the traffic of pods."
  source   = "CIS benchmarks, host firewall; nft(8), base chains."
  severity = "low"

  firewall "nftables" {
    aspect = "base_chains"
  }
}

rule "iptables-loopback" {
  title    = "iptables trusts the loopback interface"
  why      = "Programs of the machine talk to each other over the loopback interface, and its addresses coming in from elsewhere are forged."
  breaks   = "Nothing is changed. Without the rule for the interface, local probes and the stub resolver stop answering."
  source   = "CIS benchmarks, host firewall; iptables(8)."
  severity = "low"

  firewall "iptables" {
    aspect = "loopback"
  }
}

rule "iptables-default-deny" {
  title    = "iptables drops what no rule accepts"
  why      = "A list of what is forbidden is never complete."
  breaks   = "Nothing is changed: without rules for ssh, the kubelet and pods, a default deny cuts the machine off."
  source   = "CIS benchmarks, host firewall; iptables(8), -P."
  severity = "medium"

  firewall "iptables" {
    aspect = "default_deny"
  }
}

rule "iptables-established" {
  title    = "iptables accepts answers to what goes out"
  why      = "Without it a default deny drops every answer, and with a rule too wide everything comes in."
  breaks   = "Nothing is changed. Without it the machine hears nothing back from whom it asks."
  source   = "CIS benchmarks, host firewall; iptables-extensions(8), conntrack."
  severity = "low"

  firewall "iptables" {
    aspect = "established"
  }
}

rule "iptables-rules" {
  title    = "The rules of iptables fit the open ports"
  why      = "An open port without a rule is an oversight in one of the two."
  breaks   = "Nothing is changed: which ports are meant to be open is the operator's."
  source   = "CIS benchmarks, host firewall; iptables(8)."
  severity = "low"

  firewall "iptables" {
    aspect = "rules"
  }
}

rule "iptables-flushed" {
  title    = "iptables has no rules beside those of nftables"
  why      = "Rules of two systems mix, and nobody sees both lists."
  breaks   = "Nothing is changed: flushing the tables of a node takes the rules of kube-proxy and of network plugins away, and Services and pods lose their traffic until they are written again."
  source   = "CIS benchmarks, host firewall; iptables(8), -F."
  severity = "low"

  firewall "iptables" {
    aspect = "flushed"
  }
}

rule "ip6tables-loopback" {
  title    = "ip6tables trusts the loopback interface"
  why      = "Programs of the machine talk to each other over the loopback interface, and its address coming in from elsewhere is forged."
  breaks   = "Nothing is changed. Without the rule for the interface, programs that use ::1 stop hearing each other."
  source   = "CIS benchmarks, host firewall; ip6tables(8)."
  severity = "low"

  firewall "ip6tables" {
    aspect = "loopback"
  }
}

rule "ip6tables-default-deny" {
  title    = "ip6tables drops what no rule accepts"
  why      = "A list of what is forbidden is never complete, and IPv6 goes past every rule for IPv4."
  breaks   = "Nothing is changed: without rules for ssh, the kubelet, pods and neighbour discovery, a default deny ends IPv6."
  source   = "CIS benchmarks, host firewall; ip6tables(8), -P."
  severity = "medium"

  firewall "ip6tables" {
    aspect = "default_deny"
  }
}

rule "ip6tables-established" {
  title    = "ip6tables accepts answers to what goes out"
  why      = "Without it a default deny drops every answer, and with a rule too wide everything comes in."
  breaks   = "Nothing is changed. Without it the machine hears nothing back from whom it asks."
  source   = "CIS benchmarks, host firewall; iptables-extensions(8), conntrack."
  severity = "low"

  firewall "ip6tables" {
    aspect = "established"
  }
}

rule "ip6tables-rules" {
  title    = "The rules of ip6tables fit the open ports"
  why      = "An open port without a rule is an oversight in one of the two."
  breaks   = "Nothing is changed: which ports are meant to be open is the operator's."
  source   = "CIS benchmarks, host firewall; ip6tables(8)."
  severity = "low"

  firewall "ip6tables" {
    aspect = "rules"
  }
}

rule "ip6tables-flushed" {
  title    = "ip6tables has no rules beside those of nftables"
  why      = "Rules of two systems mix, and nobody sees both lists."
  breaks   = "Nothing is changed: flushing the tables of a node takes the rules of kube-proxy and of network plugins away, and pods with IPv6 addresses lose their traffic until they are written again."
  source   = "CIS benchmarks, host firewall; ip6tables(8), -F."
  severity = "low"

  firewall "ip6tables" {
    aspect = "flushed"
  }
}
