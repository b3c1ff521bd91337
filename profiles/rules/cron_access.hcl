# Who may have jobs run, and who may see and change those of the system.

variable "cron_directory_mode" {
  description = "most permissive mode of the directories of scheduled jobs"
  default     = "0700"
}

variable "cron_allow_mode" {
  description = "most permissive mode of the lists of users who may schedule jobs"
  default     = "0640"
}

rule "cron-enabled" {
  title    = "The cron daemon starts at boot"
  why      = "Rotation of logs, updates and checks of the system are cron's jobs on many systems."
  breaks   = "Nothing: without jobs the daemon waits."
  source   = "CIS benchmarks, job schedulers; cron(8)."
  severity = "low"

  unit "cron.service" {
    state = "enabled"
    or    = ["crond.service"]
  }
}

rule "cron-hourly-access" {
  title    = "Only root can see or change the hourly jobs"
  why      = "The jobs run as root, and show to readers what runs when."
  breaks   = "Nothing: cron reads the directory as root."
  source   = "CIS benchmarks, job schedulers; cron(8)."
  severity = "medium"

  file "/etc/cron.hourly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-daily-access" {
  title    = "Only root can see or change the daily jobs"
  why      = "The jobs run as root, and show to readers what runs when."
  breaks   = "Nothing: cron reads the directory as root."
  source   = "CIS benchmarks, job schedulers; cron(8)."
  severity = "medium"

  file "/etc/cron.daily" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-weekly-access" {
  title    = "Only root can see or change the weekly jobs"
  why      = "The jobs run as root, and show to readers what runs when."
  breaks   = "Nothing: cron reads the directory as root."
  source   = "CIS benchmarks, job schedulers; cron(8)."
  severity = "medium"

  file "/etc/cron.weekly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-monthly-access" {
  title    = "Only root can see or change the monthly jobs"
  why      = "The jobs run as root, and show to readers what runs when."
  breaks   = "Nothing: cron reads the directory as root."
  source   = "CIS benchmarks, job schedulers; cron(8)."
  severity = "medium"

  file "/etc/cron.monthly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-yearly-access" {
  title    = "Only root can see or change the yearly jobs"
  why      = "The jobs run as root, and show to readers what runs when."
  breaks   = "Nothing: cron reads the directory as root."
  source   = "CIS benchmarks, job schedulers; cron(8)."
  severity = "medium"

  file "/etc/cron.yearly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-d-access" {
  title    = "Only root can see or change the jobs of packages"
  why      = "Each file there says which user a command runs as."
  breaks   = "Nothing: cron reads the directory as root, whoever its commands run as."
  source   = "CIS benchmarks, job schedulers; cron(8)."
  severity = "medium"

  file "/etc/cron.d" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "anacrontab-access" {
  title    = "Only root can see or change anacron's jobs"
  why      = "anacron's jobs run as root."
  breaks   = "Nothing: anacron reads the file as root. A system without it has nothing to protect."
  source   = "Azure security baseline for Linux; anacrontab(5)."
  severity = "medium"

  file "/etc/anacrontab" {
    owner = "root"
    group = "root"
    mode  = "0600"
  }
}

rule "cron-users-limited" {
  title    = "Only users on a list may have jobs of their own"
  why      = "A job runs when its owner is long gone, and again after every reboot."
  breaks   = "The list is empty when it is made: then only root may use crontab. Jobs that other users have go on, and cannot be edited by them."
  source   = "CIS benchmarks, job schedulers; crontab(1)."
  severity = "low"

  file "/etc/cron.allow" {
    state  = "present"
    owner  = "root"
    groups = ["root", "crontab"]
    mode   = var.cron_allow_mode
  }
  file "/etc/cron.deny" {
    state = "absent"
  }
}

rule "at-users-limited" {
  title    = "Only users on a list may run commands later"
  why      = "What is run later leaves no session to see."
  breaks   = "The list is empty when it is made: then only root may use at. It does nothing where at is not installed, and holds once it is."
  source   = "CIS benchmarks, job schedulers; at.allow(5)."
  severity = "low"

  file "/etc/at.allow" {
    state  = "present"
    owner  = "root"
    groups = ["root", "daemon"]
    mode   = var.cron_allow_mode
  }
  file "/etc/at.deny" {
    state = "absent"
  }
}
