# Starting the machine.

rule "rescue-shell-authenticates" {
  title = "Single-user mode asks for a password"
  why   = "Whoever reaches the console could otherwise boot into a root shell. A locked root password also keeps people out: then nobody gets in, and a broken node is replaced, not repaired. Source: CIS benchmarks, secure boot settings; systemd rescue.service, sulogin(8)."

  rescue_shell "single user" {
    authentication = "required"
  }
}
