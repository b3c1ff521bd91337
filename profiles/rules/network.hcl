# Kernel network parameters. "all" and "default" are both set: the first acts on what exists, the
# second on interfaces that appear later, as a node's do with every pod. Forwarding is left alone here.

rule "redirects-not-sent" {
  title    = "The node sends no ICMP redirects"
  why      = "Only a router has a reason to tell hosts of better routes; a compromised node could use it to move traffic."
  breaks   = "Nothing: forwarding for pods does not depend on it."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, send_redirects."
  severity = "low"

  sysctl "net.ipv4.conf.all.send_redirects" {
    value = "0"
  }
  sysctl "net.ipv4.conf.default.send_redirects" {
    value = "0"
  }
}

rule "source-routes-refused" {
  title    = "Source-routed packets are refused"
  why      = "A sender that picks the route can reach addresses that filtering keeps from it."
  breaks   = "Nothing: no workload of a node is known to send them, and most routers drop them."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, accept_source_route."
  severity = "medium"

  sysctl "net.ipv4.conf.all.accept_source_route" {
    value = "0"
  }
  sysctl "net.ipv4.conf.default.accept_source_route" {
    value = "0"
  }
  sysctl "net.ipv6.conf.all.accept_source_route" {
    value = "0"
  }
  sysctl "net.ipv6.conf.default.accept_source_route" {
    value = "0"
  }
}

rule "redirects-refused" {
  title    = "ICMP redirects are not believed"
  why      = "A forged redirect changes where the node sends traffic."
  breaks   = "Nothing on a node, whose routes come from DHCP and the container network. A network that tells hosts of a second router by redirects sends more by way of the first."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, accept_redirects."
  severity = "medium"

  sysctl "net.ipv4.conf.all.accept_redirects" {
    value = "0"
  }
  sysctl "net.ipv4.conf.default.accept_redirects" {
    value = "0"
  }
  sysctl "net.ipv6.conf.all.accept_redirects" {
    value = "0"
  }
  sysctl "net.ipv6.conf.default.accept_redirects" {
    value = "0"
  }
}

rule "secure-redirects-refused" {
  title    = "ICMP redirects from known gateways are not believed either"
  why      = "A gateway can be compromised or impersonated too."
  breaks   = "Nothing on a node, whose routes come from DHCP and the container network."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, secure_redirects."
  severity = "medium"

  sysctl "net.ipv4.conf.all.secure_redirects" {
    value = "0"
  }
  sysctl "net.ipv4.conf.default.secure_redirects" {
    value = "0"
  }
}

rule "martians-logged" {
  title    = "Packets with impossible addresses are logged"
  why      = "A packet whose source cannot be on that link is a forgery or a fault, and without a log nobody sees it."
  breaks   = "Networks where packets come in by another interface than expected, some container networks among them, fill the kernel's log."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, log_martians."
  severity = "low"

  sysctl "net.ipv4.conf.all.log_martians" {
    value = "1"
  }
  sysctl "net.ipv4.conf.default.log_martians" {
    value = "1"
  }
}

rule "router-advertisements-refused" {
  title    = "IPv6 router advertisements are not believed"
  why      = "Anybody on the link can advertise itself as a router."
  breaks   = "Where the kernel takes its IPv6 routes from advertisements, the node loses them: waive this. systemd-networkd reads advertisements by itself, whatever this says."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, accept_ra; systemd.network(5), IPv6AcceptRA."
  severity = "medium"

  sysctl "net.ipv6.conf.all.accept_ra" {
    value = "0"
  }
  sysctl "net.ipv6.conf.default.accept_ra" {
    value = "0"
  }
}
