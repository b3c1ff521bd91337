# What a program that crashes leaves behind.

rule "core-size-limited" {
  title    = "Sessions leave no memory dumps"
  why      = "A dump holds whatever the program had in memory: keys, passwords, other people's data."
  breaks   = "Who debugs a crash in a session has to raise the limit as root. Services of systemd, and so containers, have limits of their own."
  source   = "CIS benchmarks, process hardening; limits.conf(5), core(5)."
  severity = "low"

  limit "* hard core" {
    max = 0
  }
}

rule "core-dumps-not-stored" {
  title    = "systemd-coredump keeps no dumps"
  why      = "systemd-coredump would keep the memory of every program that crashes, for days."
  breaks   = "Crashes, of containers' programs too, can only be looked into by their log entry: coredumpctl finds no dump."
  source   = "CIS benchmarks, process hardening; coredump.conf(5), Storage."
  severity = "medium"

  ini_setting "systemd/coredump.conf" {
    section = "Coredump"
    settings = {
      Storage = "none"
    }
  }
}

rule "core-dumps-not-processed" {
  title    = "systemd-coredump makes no backtraces"
  why      = "Making a backtrace means parsing the memory of a program that an attacker may have just filled."
  breaks   = "The log says what crashed, and not where."
  source   = "CIS benchmarks, process hardening; coredump.conf(5), ProcessSizeMax."
  severity = "low"

  ini_setting "systemd/coredump.conf" {
    section = "Coredump"
    settings = {
      ProcessSizeMax = "0"
    }
  }
}
