# What is shown after a login.

rule "motd-reveals-nothing" {
  title = "The message of the day tells nothing about the system"
  why   = "It goes to everybody who gets in, with whatever account. Text that somebody wrote is not replaced. Source: CIS benchmarks, command line warning banners; motd(5)."

  banner "/etc/motd" {
  }
}

rule "motd-access" {
  title = "Only root can change the message of the day"
  why   = "Whoever can write it can tell every user what to do next. Source: CIS benchmarks, command line warning banners."

  file "/etc/motd" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}
