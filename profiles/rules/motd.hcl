# What is shown after a login.

rule "motd-reveals-nothing" {
  title    = "The message of the day tells nothing about the system"
  why      = "The message goes to everybody who gets in, with whatever account."
  breaks   = "Nothing: the text that somebody wrote is not replaced, since the rule has none to put in its place."
  source   = "CIS benchmarks, command line warning banners; motd(5)."
  severity = "low"

  banner "/etc/motd" {
  }
}

rule "motd-access" {
  title    = "Only root can change the message of the day"
  why      = "Whoever can write it can tell every user what to do next."
  breaks   = "Nothing: everybody can still read it."
  source   = "CIS benchmarks, command line warning banners; motd(5)."
  severity = "low"

  file "/etc/motd" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}
