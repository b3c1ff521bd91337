# Kernel parameters beside those of network.hcl: forwarding, and what protects processes from each other.

rule "ipv4-forwarding-off" {
  title    = "The machine is no IPv4 router"
  why      = "A machine with two networks would pass packets between them, past whatever filters do."
  breaks   = "Container networking forwards every packet of every pod: with it off, pods lose all traffic that leaves the node. A node needs a waiver."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, ip_forward."
  severity = "low"

  sysctl "net.ipv4.ip_forward" {
    value = "0"
  }
}

rule "ipv4-forwarding-default-off" {
  title    = "New interfaces do not forward IPv4"
  why      = "An interface that appears later starts with this value."
  breaks   = "A node's container network sets what it needs, and pods lose their traffic where this is put back on a machine that runs: a node needs a waiver."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, conf/default."
  severity = "low"

  sysctl "net.ipv4.conf.default.forwarding" {
    value = "0"
  }
}

rule "ipv6-forwarding-off" {
  title    = "The machine is no IPv6 router"
  why      = "A machine with two networks would pass packets between them. It also decides whether router advertisements are believed."
  breaks   = "Pods with IPv6 addresses lose all traffic that leaves the node: a node needs a waiver."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, conf/all/forwarding."
  severity = "low"

  sysctl "net.ipv6.conf.all.forwarding" {
    value = "0"
  }
}

rule "ipv6-forwarding-default-off" {
  title    = "New interfaces do not forward IPv6"
  why      = "An interface that appears later starts with this value."
  breaks   = "Pods with IPv6 addresses need it on: a node needs a waiver."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, conf/default/forwarding."
  severity = "low"

  sysctl "net.ipv6.conf.default.forwarding" {
    value = "0"
  }
}

rule "bogus-icmp-ignored" {
  title    = "Malformed answers to broadcasts are not logged"
  why      = "Some routers answer broadcasts wrongly, and would fill the log."
  breaks   = "Nothing: only warnings in the kernel's log are left out."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, icmp_ignore_bogus_error_responses."
  severity = "low"

  sysctl "net.ipv4.icmp_ignore_bogus_error_responses" {
    value = "1"
  }
}

rule "broadcast-icmp-ignored" {
  title    = "Pings to broadcast addresses are not answered"
  why      = "The machine could otherwise be used to multiply traffic towards somebody else."
  breaks   = "Nothing: pings to its own address are answered. Old tools that look for machines by broadcast miss it."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, icmp_echo_ignore_broadcasts."
  severity = "low"

  sysctl "net.ipv4.icmp_echo_ignore_broadcasts" {
    value = "1"
  }
}

variable "reverse_path_filter" {
  description = "1: packets have to come in where answers would go out (strict); 2: by any interface (loose)"
  default     = "1"
}

rule "reverse-path-filter" {
  title    = "Packets that cannot have come from where they say are dropped"
  why      = "A forged source address gets past filters that trust it."
  breaks   = "Networks where answers take another way, and some container networks (Cilium, several interfaces), lose packets under the strict form: they need the loose one, or a waiver."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, rp_filter; RFC 3704."
  severity = "medium"

  sysctl "net.ipv4.conf.all.rp_filter" {
    value = var.reverse_path_filter
  }
  sysctl "net.ipv4.conf.default.rp_filter" {
    value = var.reverse_path_filter
  }
}

rule "syn-cookies-on" {
  title    = "A flood of half-open connections does not stop new ones"
  why      = "Without cookies the table of half-open connections fills, and nobody gets in."
  breaks   = "Nothing: cookies are only used while the table is full, and connections made then lack some TCP options."
  source   = "CIS benchmarks, network parameters; kernel documentation, ip-sysctl, tcp_syncookies."
  severity = "medium"

  sysctl "net.ipv4.tcp_syncookies" {
    value = "1"
  }
}

rule "aslr-on" {
  title    = "Programs are placed in memory at random"
  why      = "An exploit that does not know where things are mostly crashes instead. The kernel's default is the same, and a default is nobody's decision."
  breaks   = "Nothing: every supported system runs this way. Very old programs that count on addresses need setarch -R."
  source   = "CIS benchmarks, process hardening; kernel documentation, sysctl/kernel, randomize_va_space."
  severity = "medium"

  sysctl "kernel.randomize_va_space" {
    value = "2"
  }
}

rule "ptrace-restricted" {
  title    = "A process can only look into its own children"
  why      = "Otherwise one compromised program reads the memory of all others of its user, keys of agents among them."
  breaks   = "Debuggers and profilers that attach to what already runs need root, in containers too: the setting is the node's."
  source   = "CIS benchmarks, process hardening; kernel documentation, Yama, ptrace_scope."
  severity = "medium"

  sysctl "kernel.yama.ptrace_scope" {
    value  = "1"
    accept = ["2", "3"]
  }
}

rule "suid-core-dumps-off" {
  title    = "Programs that change their rights leave no memory dump"
  why      = "A dump of a program that changed its rights would hold what only the program's owner may read."
  breaks   = "Crashes of set-uid programs and of services that change their user leave no dump to look into."
  source   = "CIS benchmarks, process hardening; proc(5), fs.suid_dumpable."
  severity = "medium"

  sysctl "fs.suid_dumpable" {
    value = "0"
  }
}
