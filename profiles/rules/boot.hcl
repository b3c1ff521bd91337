# Starting the machine.

rule "rescue-shell-authenticates" {
  title    = "Single-user mode asks for a password"
  why      = "Whoever reaches the console could otherwise boot into a root shell."
  breaks   = "With a locked root, which cloud images have, nobody gets in: a node that does not boot is replaced, not repaired."
  source   = "CIS benchmarks, secure boot settings; systemd.special(7), rescue.target; sulogin(8)."
  severity = "high"

  rescue_shell "single user" {
    authentication = "required"
  }
}
