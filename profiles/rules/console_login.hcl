# Where root may sit to log in.

variable "root_consoles" {
  description = "terminals at which root may log in, such as tty1; an empty list asks for evidence"
  default     = []
}

rule "root-consoles-known" {
  title    = "root logs in only at terminals that are meant for it"
  why      = "A login as root at a terminal that others reach leaves no trace of who it was. Where the terminals stand is a question to the site, so they are collected as evidence unless the profile lists them. pam_securetty reads the list, and Ubuntu from 20.10 on has neither the list nor the module."
  breaks   = "root can no longer log in at a terminal that the list lacks, for instance at a serial console that nobody thought of."
  source   = "CIS benchmark of Ubuntu 18.04, 5.6; pam_securetty(8); securetty(5)."
  severity = "low"

  root_console "/etc/securetty" {
    allow = var.root_consoles
  }
}
