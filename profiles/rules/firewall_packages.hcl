# Which firewall's packages are there. Their rules are elsewhere.

variable "firewall" {
  description = "the firewall in use: \"ufw\", \"nftables\" or \"iptables\""
  default     = "ufw"
}

variable "other_firewall" {
  description = "how far off nftables has to be where iptables is in use: \"disabled\", \"masked\" or \"absent\""
  default     = "disabled"
}

rule "ufw-installed" {
  title    = "ufw is installed, where it is the firewall in use"
  why      = "The rules of ufw mean nothing without it."
  breaks   = "Nothing: it is off until somebody enables it."
  source   = "CIS benchmarks, uncomplicated firewall; ufw(8)."
  severity = "low"

  package "ufw" {
    state = "installed"
    dpkg  = var.firewall == "ufw" ? ["ufw"] : []
    rpm   = []
  }
}

rule "ufw-not-in-use" {
  title    = "ufw is off, where another firewall is in use"
  why      = "Two tools that write the same tables undo each other's rules."
  breaks   = "What only the rules of ufw closed is open from the next boot on."
  source   = "CIS benchmarks, host firewall; ufw(8)."
  severity = "low"

  package "ufw" {
    state = "absent"
    dpkg  = var.firewall == "ufw" ? [] : ["ufw"]
    rpm   = []

    unless {
      units = ["ufw.service"]
      state = "disabled"
    }
  }
}

rule "iptables-persistent-absent" {
  title    = "iptables-persistent is not installed, where ufw is the firewall in use"
  why      = "It restores saved tables at boot, over those of ufw."
  breaks   = "Tables that were saved by hand are not loaded any more."
  source   = "CIS benchmarks, uncomplicated firewall; netfilter-persistent(8)."
  severity = "low"

  package "iptables-persistent" {
    state = "absent"
    dpkg  = var.firewall == "ufw" ? ["iptables-persistent"] : []
    rpm   = []
  }
}

rule "nftables-installed" {
  title    = "nftables is installed, where it is the firewall in use"
  why      = "The rules of nftables mean nothing without nft."
  breaks   = "Nothing: its service is off until somebody enables it."
  source   = "CIS benchmarks, nftables; nft(8)."
  severity = "low"

  package "nftables" {
    state = "installed"
    dpkg  = var.firewall == "nftables" ? ["nftables"] : []
    rpm   = var.firewall == "nftables" ? ["nftables"] : []
  }
}

rule "nftables-not-in-use" {
  title    = "nftables loads no rules of its own, where iptables is the firewall in use"
  why      = "Two tools that fill the kernel's tables undo each other's rules."
  breaks   = "What only its own rules closed is open from the next boot on. kube-proxy in nftables mode brings its own nft in a container."
  source   = "CIS benchmarks, iptables; nft(8)."
  severity = "low"

  package "nftables" {
    state = "absent"
    dpkg  = var.firewall == "iptables" ? ["nftables"] : []
    rpm   = var.firewall == "iptables" ? ["nftables"] : []

    unless {
      units = ["nftables.service"]
      state = var.other_firewall
    }
  }
}

rule "iptables-installed" {
  title    = "iptables is installed, where it is the firewall in use"
  why      = "The rules of iptables mean nothing without it; on Ubuntu the second package brings them back at boot. kube-proxy and network plugins use it too."
  breaks   = "On Ubuntu, tables that were saved while a node ran come back at the next boot beside those that kube-proxy writes: save before it starts."
  source   = "CIS benchmarks, iptables; iptables(8), netfilter-persistent(8)."
  severity = "low"

  package "iptables" {
    state = "installed"
    dpkg  = var.firewall == "iptables" ? ["iptables", "iptables-persistent"] : []
    rpm   = var.firewall == "iptables" ? ["iptables"] : []
  }
}

rule "firewalld-not-in-use" {
  title    = "firewalld is off"
  why      = "Two tools that fill the kernel's tables undo each other's rules, and those of network plugins."
  breaks   = "What only its zones closed is open from the next boot on."
  source   = "CIS benchmarks, iptables; firewalld(1)."
  severity = "low"

  package "firewalld" {
    state = "absent"

    unless {
      units = ["firewalld.service"]
      state = "masked"
    }
  }
}
