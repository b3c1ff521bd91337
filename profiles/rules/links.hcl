# Network interfaces and what listens on them. Seen on a running machine only.

variable "promiscuous_allow" {
  description = "patterns of interfaces that may take every packet, such as bridges of the container network"
  default     = ["cbr0", "cni*", "veth*", "azv*", "lxc*", "cilium_*"]
}

variable "listening_allow" {
  description = "ports that may listen, such as tcp/22; an empty list asks for evidence"
  default     = []
}

rule "wireless-off" {
  title = "No interface is a wireless one"
  why   = "A server has no use for one, and what reaches it comes past every cable. Source: CIS benchmarks, network devices; sysfs, /sys/class/net/*/wireless."

  wireless "all" {}
}

rule "links-not-promiscuous" {
  title = "No interface takes packets that are meant for others"
  why   = "It is how a machine is used to listen in on its neighbours. The container network sets it on its bridges. Source: Azure security baseline for Linux; linux/if.h."

  promiscuous_link "all" {
    allow = var.promiscuous_allow
  }
}

rule "listening-services" {
  title = "Only approved services listen"
  why   = "Each open port is a way in. The list is evidence until the profile says which are approved. Source: CIS benchmarks, services; proc(5), /proc/net/tcp."

  listening_socket "all" {
    allow = var.listening_allow
  }
}

rule "ipv6-status-known" {
  title = "Whether IPv6 is on is a decision"
  why   = "IPv6 that nobody thought of passes by rules that were written for IPv4. Source: CIS benchmarks, network devices; kernel ip-sysctl."

  ipv6_status "all" {}
}

rule "ipv6-enabled" {
  title = "IPv6 is on"
  why   = "Programs expect the loopback address ::1; turning the protocol off breaks some of them in odd ways. Source: CIS Azure Linux benchmark; Azure security baseline for Linux; kernel ip-sysctl."

  ipv6_status "all" {
    state = "enabled"
  }
}

rule "bluetooth-off" {
  title = "Bluetooth is not in use"
  why   = "A radio link on a server is a way in that no firewall sees. Source: CIS benchmarks, network devices; bluetoothd(8)."

  unit "bluetooth.service" {
    state  = "masked"
    active = false
  }
}

rule "mail-local-only" {
  title = "Mail servers take mail from this machine only"
  why   = "A relay that is open to the network sends other people's mail. Source: CIS benchmarks, services; postconf(5), inet_interfaces."

  mail_local "any" {}
}

rule "postfix-local-only" {
  title = "postfix listens on the loopback interface only"
  why   = "A relay that is open to the network sends other people's mail. Source: Azure security baseline for Linux; postconf(5), inet_interfaces."

  mail_local "postfix" {}
}
