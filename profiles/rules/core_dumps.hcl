# What a program that crashes leaves behind.

rule "core-size-limited" {
  title = "Sessions leave no memory dumps"
  why   = "A dump holds whatever the program had in memory: keys, passwords, other people's data. Who debugs a crash raises the limit for a session as root. Source: CIS benchmarks, process hardening; limits.conf(5), core(5)."

  limit "* hard core" {
    max = 0
  }
}

rule "core-dumps-not-stored" {
  title = "systemd-coredump keeps no dumps"
  why   = "It would keep the memory of every program that crashes, for days. The log still says what crashed. Source: CIS benchmarks, process hardening; coredump.conf(5)."

  ini_setting "systemd/coredump.conf" {
    section = "Coredump"
    settings = {
      Storage = "none"
    }
  }
}

rule "core-dumps-not-processed" {
  title = "systemd-coredump makes no backtraces"
  why   = "Making one means parsing the memory of a program that an attacker may have just filled. Source: CIS benchmarks, process hardening; coredump.conf(5)."

  ini_setting "systemd/coredump.conf" {
    section = "Coredump"
    settings = {
      ProcessSizeMax = "0"
    }
  }
}
