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
  title    = "No interface is a wireless one"
  why      = "A server has no use for a radio, and what reaches it comes past every cable."
  breaks   = "A machine whose only link is a wireless one is cut off. Nothing in a cloud has one."
  source   = "CIS benchmarks, network devices; kernel ABI documentation, sysfs-class-net, wireless."
  severity = "medium"

  wireless "all" {}
}

rule "links-not-promiscuous" {
  title    = "No interface takes packets that are meant for others"
  why      = "It is how a machine is used to listen in on its neighbours."
  breaks   = "Packet captures and some bridges need it: those of container networks are left out by promiscuous_allow."
  source   = "Azure security baseline for Linux; netdevice(7), IFF_PROMISC."
  severity = "medium"

  promiscuous_link "all" {
    allow = var.promiscuous_allow
  }
}

rule "listening-services" {
  title    = "Only approved services listen"
  why      = "Each open port is a way in. The list is evidence until the profile says which are approved."
  breaks   = "Nothing is changed: which service may listen is decided with the unit or package that it belongs to."
  source   = "CIS benchmarks, server services; proc(5), /proc/net/tcp."
  severity = "medium"

  listening_socket "all" {
    allow = var.listening_allow
  }
}

rule "ipv6-status-known" {
  title    = "Whether IPv6 is on is a decision"
  why      = "IPv6 that nobody thought of passes by rules that were written for IPv4."
  breaks   = "Nothing is changed: the state is shown for a person to decide."
  source   = "CIS benchmarks, network devices; kernel documentation, ip-sysctl, disable_ipv6."
  severity = "low"

  ipv6_status "all" {}
}

rule "ipv6-enabled" {
  title    = "IPv6 is on"
  why      = "Programs expect the loopback address ::1; turning the protocol off breaks some of them in odd ways."
  breaks   = "Rules of a firewall that only know IPv4 let everything by IPv6 in."
  source   = "CIS Azure Linux benchmark, network devices; Azure security baseline for Linux; kernel documentation, ip-sysctl, disable_ipv6."
  severity = "low"

  ipv6_status "all" {
    state = "enabled"
  }
}

rule "bluetooth-off" {
  title    = "Bluetooth is not in use"
  why      = "A radio link on a server is a way in that no firewall sees."
  breaks   = "Bluetooth devices stop working. Servers and virtual machines have none."
  source   = "CIS benchmarks, network devices; bluetoothd(8)."
  severity = "low"

  unit "bluetooth.service" {
    state  = "masked"
    active = false
  }
}

rule "mail-local-only" {
  title    = "Mail servers take mail from this machine only"
  why      = "A relay that is open to the network sends other people's mail."
  breaks   = "A machine that takes mail for others stops doing so. Local mail goes on."
  source   = "CIS benchmarks, server services; postconf(5), inet_interfaces."
  severity = "medium"

  mail_local "any" {}
}

rule "postfix-local-only" {
  title    = "postfix listens on the loopback interface only"
  why      = "A relay that is open to the network sends other people's mail."
  breaks   = "A machine that takes mail for others stops doing so. Local mail goes on."
  source   = "Azure security baseline for Linux; postconf(5), inet_interfaces."
  severity = "medium"

  mail_local "postfix" {}
}
