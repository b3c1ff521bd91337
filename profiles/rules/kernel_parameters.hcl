# Kernel parameters beside those of network.hcl: forwarding, and what protects processes from each other.

rule "ipv4-forwarding-off" {
  title = "The machine is no IPv4 router"
  why   = "A machine with two networks would pass packets between them, past whatever filters do. Container networking forwards every packet of every pod: a node needs a waiver. Source: CIS benchmarks, network parameters; kernel ip-sysctl."

  sysctl "net.ipv4.ip_forward" {
    value = "0"
  }
}

rule "ipv4-forwarding-default-off" {
  title = "New interfaces do not forward IPv4"
  why   = "An interface that appears later starts with this value. A node's container network sets what it needs, and breaks where this is put back on a machine that runs: a node needs a waiver. Source: CIS benchmarks, network parameters; kernel ip-sysctl."

  sysctl "net.ipv4.conf.default.forwarding" {
    value = "0"
  }
}

rule "ipv6-forwarding-off" {
  title = "The machine is no IPv6 router"
  why   = "As for IPv4. It also decides whether router advertisements are believed. Pods with IPv6 addresses need it on: a node needs a waiver. Source: CIS benchmarks, network parameters; kernel ip-sysctl."

  sysctl "net.ipv6.conf.all.forwarding" {
    value = "0"
  }
}

rule "ipv6-forwarding-default-off" {
  title = "New interfaces do not forward IPv6"
  why   = "An interface that appears later starts with this value. Pods with IPv6 addresses need it on: a node needs a waiver. Source: CIS benchmarks, network parameters; kernel ip-sysctl."

  sysctl "net.ipv6.conf.default.forwarding" {
    value = "0"
  }
}

rule "bogus-icmp-ignored" {
  title = "Malformed answers to broadcasts are not logged"
  why   = "Some routers answer broadcasts wrongly, and would fill the log. Source: CIS benchmarks, network parameters; kernel ip-sysctl."

  sysctl "net.ipv4.icmp_ignore_bogus_error_responses" {
    value = "1"
  }
}

rule "broadcast-icmp-ignored" {
  title = "Pings to broadcast addresses are not answered"
  why   = "The machine could otherwise be used to multiply traffic towards somebody else. Source: CIS benchmarks, network parameters; kernel ip-sysctl."

  sysctl "net.ipv4.icmp_echo_ignore_broadcasts" {
    value = "1"
  }
}

variable "reverse_path_filter" {
  description = "1: packets have to come in where answers would go out (strict); 2: by any interface (loose)"
  default     = "1"
}

rule "reverse-path-filter" {
  title = "Packets that cannot have come from where they say are dropped"
  why   = "A forged source address gets past filters that trust it. Networks where answers take another way, and some container networks (Cilium, several interfaces), need the loose form or a waiver. Source: CIS benchmarks, network parameters; kernel ip-sysctl, RFC 3704."

  sysctl "net.ipv4.conf.all.rp_filter" {
    value = var.reverse_path_filter
  }
  sysctl "net.ipv4.conf.default.rp_filter" {
    value = var.reverse_path_filter
  }
}

rule "syn-cookies-on" {
  title = "A flood of half-open connections does not stop new ones"
  why   = "Without cookies the table of half-open connections fills, and nobody gets in. Source: CIS benchmarks, network parameters; kernel ip-sysctl."

  sysctl "net.ipv4.tcp_syncookies" {
    value = "1"
  }
}

rule "aslr-on" {
  title = "Programs are placed in memory at random"
  why   = "An exploit that does not know where things are mostly crashes instead. The kernel's default is the same, and a default is nobody's decision. Source: CIS benchmarks, process hardening; kernel admin-guide sysctl/kernel."

  sysctl "kernel.randomize_va_space" {
    value = "2"
  }
}

rule "ptrace-restricted" {
  title = "A process can only look into its own children"
  why   = "Otherwise one compromised program reads the memory of all others of its user, keys of agents among them. Debuggers that attach to what already runs need root. Source: CIS benchmarks, process hardening; kernel admin-guide LSM/Yama."

  sysctl "kernel.yama.ptrace_scope" {
    value  = "1"
    accept = ["2", "3"]
  }
}

rule "suid-core-dumps-off" {
  title = "Programs that change their rights leave no memory dump"
  why   = "The dump would hold what only the program's owner may read. Source: CIS benchmarks, process hardening; proc(5), fs.suid_dumpable."

  sysctl "fs.suid_dumpable" {
    value = "0"
  }
}
