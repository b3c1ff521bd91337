# Passwords, lockout, and what a session starts with.

variable "password_min_length" {
  description = "shortest password, in characters"
  default     = 14
}

variable "password_max_days" {
  description = "days after which a password has to be changed"
  default     = 90
}

variable "password_inactive_days" {
  description = "days after its password has expired when an account is locked"
  default     = 30
}

variable "lockout_attempts" {
  description = "failed attempts after which an account is locked"
  default     = 5
}

variable "lockout_seconds" {
  description = "how long an account stays locked, in seconds"
  default     = 900
}

variable "umask" {
  description = "permission bits that new files never have"
  default     = "027"
}

variable "su_group" {
  description = "only members of this group may use su; it is empty or absent by default, so only root may"
  default     = "sugroup"
}

rule "password-quality" {
  title    = "New passwords are long and mixed"
  why      = "Short and simple passwords are guessed, from a stolen hash in seconds."
  breaks   = "Automation that sets simple passwords fails. Passwords that exist stay, and logins with keys are not affected."
  source   = "CIS benchmarks, password creation; pam_pwquality(8), pwquality.conf(5)."
  severity = "medium"

  pam "password quality" {
    stack   = "password"
    module  = "pam_pwquality.so"
    control = "requisite"
    before  = "pam_unix.so"
  }
  key_value "minlen" {
    file = "/etc/security/pwquality.conf"
    min  = var.password_min_length
  }
  key_value "dcredit" {
    file = "/etc/security/pwquality.conf"
    max  = -1
  }
  key_value "ucredit" {
    file = "/etc/security/pwquality.conf"
    max  = -1
  }
  key_value "lcredit" {
    file = "/etc/security/pwquality.conf"
    max  = -1
  }
  key_value "ocredit" {
    file = "/etc/security/pwquality.conf"
    max  = -1
  }
}

rule "account-lockout" {
  title    = "Wrong passwords lock the account for a while"
  why      = "Without a lock a password can be guessed at leisure."
  breaks   = "Anybody who knows a name can lock its account for that time, and a job that keeps trying an old password locks its own. The lock opens again by itself."
  source   = "CIS benchmarks, lockout; pam_faillock(8)."
  severity = "medium"

  pam_lockout "accounts" {
    deny        = var.lockout_attempts
    unlock_time = var.lockout_seconds
  }
}

rule "password-max-days" {
  title    = "Passwords of new accounts expire"
  why      = "A stolen password stops working some day."
  breaks   = "Accounts that are made later take the limit: where they are made with a password and nobody changes it, their cron jobs and key logins stop when it expires. Expiring root's breaks the provisioning of nodes."
  source   = "CIS benchmarks, shadow password suite; login.defs(5)."
  severity = "low"

  key_value "PASS_MAX_DAYS" {
    file = "/etc/login.defs"
    min  = 1
    max  = var.password_max_days
  }
}

rule "password-inactive-lock" {
  title    = "New accounts are locked when their password has long expired"
  why      = "An account that nobody uses is one that nobody watches."
  breaks   = "Accounts that are made later are locked that long after their password has expired, also for keys. Accounts without a password expiry never are."
  source   = "CIS benchmarks, shadow password suite; useradd(8), -D."
  severity = "low"

  key_value "INACTIVE" {
    file = "/etc/default/useradd"
    min  = 0
    max  = var.password_inactive_days
  }
}

rule "umask-restrictive" {
  title    = "New files are closed to others"
  why      = "Secrets are often written by programs that never think of modes. Shells, ssh commands and sudo sessions count."
  breaks   = "What root installs for other accounts is closed to them unless the mode is given: scripts that write a service's configuration, and builds that copy files, need chmod or install -m. Services of systemd have a mask of their own."
  source   = "CIS benchmarks, user accounts; pam_umask(8), bash(1)."
  severity = "medium"

  umask "sessions" {
    value = var.umask
  }
}

rule "su-restricted" {
  title    = "Only a group that is named for it may use su"
  why      = "Administrators use sudo, which logs who did what; su only needs a password that leaked."
  breaks   = "Accounts outside the group can no longer use su; with the group empty, only root can. runuser, sudo and su by root go on."
  source   = "CIS benchmarks, su; pam_wheel(8)."
  severity = "medium"

  pam "su is for a group" {
    stack     = "auth"
    services  = ["su", "su-l"]
    module    = "pam_wheel.so"
    after     = "pam_rootok.so"
    before    = "pam_unix.so"
    arguments = ["use_uid", "group=${var.su_group}"]
  }
}
