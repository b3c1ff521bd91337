# What is shown before a login.

variable "banner" {
  description = "text shown before login, on the console and over ssh"
  default     = "Authorized uses only. All activity may be monitored and reported.\n"
}

rule "issue-banner" {
  title = "The console banner warns, and tells nothing about the system"
  why   = "A warning is what allows prosecution in some jurisdictions, and the default text names the release to whoever looks. Source: CIS benchmarks, command line warning banners; agetty(8) for the escapes."

  banner "/etc/issue" {
    text = var.banner
  }
}

rule "issue-net-banner" {
  title = "The remote banner warns, and tells nothing about the system"
  why   = "sshd shows this file to everybody who connects, before any authentication: the default text names the release. Source: CIS benchmarks, command line warning banners; sshd_config(5), Banner."

  banner "/etc/issue.net" {
    text = var.banner
  }
}

rule "issue-access" {
  title = "Only root can change the console banner"
  why   = "Whoever can write the banner can make the login prompt say anything. Source: CIS benchmarks, command line warning banners."

  file "/etc/issue" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}

rule "issue-net-access" {
  title = "Only root can change the remote banner"
  why   = "Whoever can write the banner can make the ssh login say anything. Source: CIS benchmarks, command line warning banners."

  file "/etc/issue.net" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}
