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
  title = "The cron daemon starts at boot"
  why   = "Rotation of logs, updates and checks of the system are its jobs. Source: CIS benchmarks, job schedulers."

  unit "cron.service" {
    state = "enabled"
    or    = ["crond.service"]
  }
}

rule "cron-hourly-access" {
  title = "Only root can see or change the hourly jobs"
  why   = "They run as root, and show to readers what runs when. Source: CIS benchmarks, job schedulers."

  file "/etc/cron.hourly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-daily-access" {
  title = "Only root can see or change the daily jobs"
  why   = "They run as root, and show to readers what runs when. Source: CIS benchmarks, job schedulers."

  file "/etc/cron.daily" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-weekly-access" {
  title = "Only root can see or change the weekly jobs"
  why   = "They run as root, and show to readers what runs when. Source: CIS benchmarks, job schedulers."

  file "/etc/cron.weekly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-monthly-access" {
  title = "Only root can see or change the monthly jobs"
  why   = "They run as root, and show to readers what runs when. Source: CIS benchmarks, job schedulers."

  file "/etc/cron.monthly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-yearly-access" {
  title = "Only root can see or change the yearly jobs"
  why   = "They run as root, and show to readers what runs when. Source: CIS benchmarks, job schedulers."

  file "/etc/cron.yearly" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "cron-d-access" {
  title = "Only root can see or change the jobs of packages"
  why   = "Each file there says which user a command runs as. Source: CIS benchmarks, job schedulers."

  file "/etc/cron.d" {
    owner = "root"
    group = "root"
    mode  = var.cron_directory_mode
  }
}

rule "anacrontab-access" {
  title = "Only root can see or change anacron's jobs"
  why   = "They run as root. A system without anacron has nothing to protect. Source: Azure security baseline for Linux; anacrontab(5)."

  file "/etc/anacrontab" {
    owner = "root"
    group = "root"
    mode  = "0600"
  }
}

rule "cron-users-limited" {
  title = "Only users on a list may have jobs of their own"
  why   = "A job runs when its owner is long gone, and again after every reboot. The list is empty when it is made: then only root may, and jobs of other users stop being edited, not run. Source: CIS benchmarks, job schedulers; crontab(1)."

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
  title = "Only users on a list may run commands later"
  why   = "What is run later leaves no session to see. The list is empty when it is made: then only root may. It does nothing where at is not installed, and holds once it is. Source: CIS benchmarks, job schedulers; at.allow(5)."

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
