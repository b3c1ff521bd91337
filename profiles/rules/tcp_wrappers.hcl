# The lists of hosts that programs with libwrap ask.

rule "hosts-allow-access" {
  title    = "Only root can change which hosts are let in"
  why      = "Whoever writes to the list lets in hosts, and has programs started as root when they connect."
  breaks   = "Nothing."
  source   = "Azure security baseline for Linux; hosts_access(5)."
  severity = "medium"

  file "/etc/hosts.allow" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}

rule "hosts-deny-access" {
  title    = "Only root can change which hosts are kept out"
  why      = "Whoever writes to the list can keep out everybody, or nobody."
  breaks   = "Nothing."
  source   = "Azure security baseline for Linux; hosts_access(5)."
  severity = "medium"

  file "/etc/hosts.deny" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}
