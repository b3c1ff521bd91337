# Where the time comes from. On Azure the hypervisor's clock, /dev/ptp_hyperv, is the authorised source.

variable "time_sources" {
  description = "patterns of the servers and clocks that may be used, such as /dev/ptp_hyperv; empty lets any"
  default     = []
}

rule "time-single-daemon" {
  title    = "Exactly one daemon keeps the time, and has a source"
  why      = "Two daemons correct each other for ever; without one, certificates expire early and logs cannot be compared."
  breaks   = "Nothing where one daemon keeps the time. A daemon that was meant to stay has to be the one that starts."
  source   = "CIS benchmarks, time synchronization; chrony.conf(5), timesyncd.conf(5)."
  severity = "low"

  time_source "any" {
    sources = var.time_sources
  }
}

rule "time-chrony-source" {
  title    = "chrony has an authorised source"
  why      = "Without a source chrony runs and corrects nothing. A PTP device of the hypervisor is a source like a server."
  breaks   = "Nothing is changed: which source is authorised is the operator's. On Azure it is the clock of the host, /dev/ptp_hyperv."
  source   = "CIS benchmarks, time synchronization; chrony.conf(5), server and refclock; Azure documentation, time sync for Linux VMs."
  severity = "medium"

  time_source "chrony" {
    sources = var.time_sources
  }
}

rule "time-chrony-user" {
  title    = "chronyd gives up its privileges"
  why      = "chronyd reads packets from the network all day. Distributions build the user in; a user line can undo it."
  breaks   = "Nothing: chronyd keeps the right to set the clock, and the packages of the supported systems prepare the user."
  source   = "CIS benchmarks, time synchronization; chronyd(8), -u."
  severity = "medium"

  time_source "chrony" {
    users = ["_chrony", "chrony"]
  }
}

rule "time-chrony-enabled" {
  title    = "chrony starts at boot"
  why      = "Where chrony is the only daemon it has to start; where another keeps the time it must not."
  breaks   = "Nothing on a node: two daemons at once are another rule's."
  source   = "CIS benchmarks, time synchronization; chronyd(8)."
  severity = "low"

  time_source "chrony" {
    started = true
  }
}

rule "time-timesyncd-source" {
  title    = "systemd-timesyncd has an authorised source"
  why      = "Without servers systemd-timesyncd takes those that the distribution built in."
  breaks   = "Nothing is changed: which source is authorised is the operator's."
  source   = "CIS benchmarks, time synchronization; timesyncd.conf(5), NTP."
  severity = "low"

  time_source "systemd-timesyncd" {
    sources = var.time_sources
  }
}

rule "time-timesyncd-enabled" {
  title    = "systemd-timesyncd starts at boot"
  why      = "Where systemd-timesyncd is the only daemon it has to start; where another keeps the time it must not."
  breaks   = "Nothing on a node: two daemons at once are another rule's."
  source   = "CIS benchmarks, time synchronization; systemd-timesyncd.service(8)."
  severity = "low"

  time_source "systemd-timesyncd" {
    started = true
  }
}

rule "time-ntp-source" {
  title    = "ntpd has an authorised source, and strangers may only ask for the time"
  why      = "Without restrictions ntpd answers questions about itself, and has been used to flood others; without a source it corrects nothing."
  breaks   = "Machines that ask this one more than the time are refused."
  source   = "CIS benchmarks, time synchronization; ntp.conf(5), restrict."
  severity = "medium"

  time_source "ntp" {
    sources  = var.time_sources
    restrict = true
  }
}
