# What is shown before a login.

variable "banner" {
  description = "text shown before login, on the console and over ssh"
  default     = "Authorized uses only. All activity may be monitored and reported.\n"
}

rule "issue-banner" {
  title    = "The console banner warns, and tells nothing about the system"
  why      = "A warning is what allows prosecution in some jurisdictions, and the default text names the release to whoever looks."
  breaks   = "Nothing: getty prints the file, and no program reads it."
  source   = "CIS benchmarks, command line warning banners; agetty(8), issue escapes."
  severity = "low"

  banner "/etc/issue" {
    text = var.banner
  }
}

rule "issue-net-banner" {
  title    = "The remote banner warns, and tells nothing about the system"
  why      = "sshd shows this file to everybody who connects, before any authentication: the default text names the release."
  breaks   = "Nothing: ssh, scp and Packer print the text or pass over it."
  source   = "CIS benchmarks, command line warning banners; sshd_config(5), Banner."
  severity = "low"

  banner "/etc/issue.net" {
    text = var.banner
  }
}

rule "issue-access" {
  title    = "Only root can change the console banner"
  why      = "Whoever can write the banner can make the login prompt say anything."
  breaks   = "Nothing: everybody can still read it."
  source   = "CIS benchmarks, command line warning banners; issue(5)."
  severity = "low"

  file "/etc/issue" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}

rule "issue-net-access" {
  title    = "Only root can change the remote banner"
  why      = "Whoever can write the banner can make the ssh login say anything."
  breaks   = "Nothing: everybody can still read it."
  source   = "CIS benchmarks, command line warning banners; sshd_config(5), Banner."
  severity = "low"

  file "/etc/issue.net" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}
