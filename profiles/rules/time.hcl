# Where the time comes from. On Azure the hypervisor's clock, /dev/ptp_hyperv, is the authorised source.

variable "time_sources" {
  description = "patterns of the servers and clocks that may be used, such as /dev/ptp_hyperv; empty lets any"
  default     = []
}

rule "time-single-daemon" {
  title = "Exactly one daemon keeps the time, and has a source"
  why   = "Two correct each other for ever; without one, certificates expire early and logs cannot be compared. Source: CIS benchmarks, time synchronization; chrony.conf(5)."

  time_source "any" {
    sources = var.time_sources
  }
}

rule "time-chrony-source" {
  title = "chrony has an authorised source"
  why   = "Without one it runs and corrects nothing. A PTP device of the hypervisor is a source like a server. Source: CIS benchmarks, time synchronization; chrony.conf(5)."

  time_source "chrony" {
    sources = var.time_sources
  }
}

rule "time-chrony-user" {
  title = "chronyd gives up its privileges"
  why   = "It reads packets from the network all day. Distributions build the user in; a user line can undo it. Source: CIS benchmarks, time synchronization; chronyd(8)."

  time_source "chrony" {
    users = ["_chrony", "chrony"]
  }
}

rule "time-chrony-enabled" {
  title = "chrony starts at boot"
  why   = "Where it is the only daemon it has to start; where another keeps the time it must not. Source: CIS benchmarks, time synchronization; chronyd(8)."

  time_source "chrony" {
    started = true
  }
}

rule "time-timesyncd-source" {
  title = "systemd-timesyncd has an authorised source"
  why   = "Without servers it takes those that the distribution built in. Source: CIS benchmarks, time synchronization; timesyncd.conf(5)."

  time_source "systemd-timesyncd" {
    sources = var.time_sources
  }
}

rule "time-timesyncd-enabled" {
  title = "systemd-timesyncd starts at boot"
  why   = "Where it is the only daemon it has to start; where another keeps the time it must not. Source: CIS benchmarks, time synchronization; systemd-timesyncd(8)."

  time_source "systemd-timesyncd" {
    started = true
  }
}

rule "time-ntp-source" {
  title = "ntpd has an authorised source, and strangers may only ask for the time"
  why   = "Without restrictions ntpd answers questions about itself, and has been used to flood others. Source: CIS benchmarks, time synchronization; ntp.conf(5)."

  time_source "ntp" {
    sources  = var.time_sources
    restrict = true
  }
}
