# Scheduled jobs.

variable "crontab_mode" {
  description = "most permissive mode of /etc/crontab"
  default     = "0600"
}

rule "crontab-access" {
  title = "Only root can read or change the system's crontab"
  why   = "The file runs commands as root, and shows to readers what runs when. A system without it has nothing to protect. Source: CIS benchmarks, job schedulers."

  file "/etc/crontab" {
    owner = "root"
    group = "root"
    mode  = var.crontab_mode
  }
}
