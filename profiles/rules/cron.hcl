# Scheduled jobs.

variable "crontab_mode" {
  description = "most permissive mode of /etc/crontab"
  default     = "0600"
}

rule "crontab-access" {
  title    = "Only root can read or change the system's crontab"
  why      = "The file runs commands as root, and shows to readers what runs when."
  breaks   = "Nothing: cron reads it as root. A system without it has nothing to protect."
  source   = "CIS benchmarks, job schedulers; crontab(5)."
  severity = "medium"

  file "/etc/crontab" {
    owner = "root"
    group = "root"
    mode  = var.crontab_mode
  }
}
