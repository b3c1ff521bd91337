# Who may read and write the files that hold accounts. Modes are upper bounds: Azure Linux's shadow
# files, which nobody may read at all, are fine.

variable "passwd_mode" {
  description = "most open mode of passwd and group"
  default     = "0644"
}

variable "passwd_backup_mode" {
  description = "most open mode of passwd- and group-, the copies that shadow's programs keep"
  default     = "0644"
}

variable "shadow_mode" {
  description = "most open mode of shadow, gshadow and their copies"
  default     = "0640"
}

rule "passwd-access" {
  title    = "Only root may write passwd"
  why      = "Whoever writes there is root."
  breaks   = "Nothing: everybody can still read it, without which names cannot be looked up. A parameter that takes reading away breaks that for every service."
  source   = "CIS benchmarks, system file permissions; passwd(5)."
  severity = "high"

  file "/etc/passwd" {
    owner = "root"
    group = "root"
    mode  = var.passwd_mode
  }
}

rule "passwd-backup-access" {
  title    = "Only root may write the copy of passwd"
  why      = "The copy is what a broken file is replaced with."
  breaks   = "Nothing: only shadow's programs use it, as root."
  source   = "CIS benchmarks, system file permissions; vipw(8)."
  severity = "medium"

  file "/etc/passwd-" {
    owner = "root"
    group = "root"
    mode  = var.passwd_backup_mode
  }
}

rule "group-access" {
  title    = "Only root may write group"
  why      = "Whoever writes there is in every group."
  breaks   = "Nothing: everybody can still read it, without which names cannot be looked up. A parameter that takes reading away breaks that for every service."
  source   = "CIS benchmarks, system file permissions; group(5)."
  severity = "high"

  file "/etc/group" {
    owner = "root"
    group = "root"
    mode  = var.passwd_mode
  }
}

rule "group-backup-access" {
  title    = "Only root may write the copy of group"
  why      = "The copy is what a broken file is replaced with."
  breaks   = "Nothing: only shadow's programs use it, as root."
  source   = "CIS benchmarks, system file permissions; vigr(8)."
  severity = "medium"

  file "/etc/group-" {
    owner = "root"
    group = "root"
    mode  = var.passwd_backup_mode
  }
}

rule "shadow-access" {
  title    = "Only root and the group shadow may read the shadow file"
  why      = "Hashes that can be read can be guessed at leisure."
  breaks   = "A group other than shadow or root breaks programs that check passwords as a member of it, such as screen lockers. PAM's helper unix_chkpwd goes on."
  source   = "CIS benchmarks, system file permissions; shadow(5), unix_chkpwd(8)."
  severity = "high"

  file "/etc/shadow" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "shadow-backup-access" {
  title    = "Only root and the group shadow may read the copy of the shadow file"
  why      = "The copy holds hashes like the file itself."
  breaks   = "Nothing: only shadow's programs use it, as root."
  source   = "CIS benchmarks, system file permissions; vipw(8)."
  severity = "high"

  file "/etc/shadow-" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "gshadow-access" {
  title    = "Only root and the group shadow may read gshadow"
  why      = "It holds the hashes of groups' passwords, and who administers them."
  breaks   = "Nothing: only shadow's programs read it, as root."
  source   = "CIS benchmarks, system file permissions; gshadow(5)."
  severity = "medium"

  file "/etc/gshadow" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "gshadow-backup-access" {
  title    = "Only root and the group shadow may read the copy of gshadow"
  why      = "The copy holds hashes like the file itself."
  breaks   = "Nothing: only shadow's programs use it, as root."
  source   = "CIS benchmarks, system file permissions; vigr(8)."
  severity = "medium"

  file "/etc/gshadow-" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "shells-access" {
  title    = "Only root may write the list of shells"
  why      = "Whoever writes there decides which programs count as a login shell."
  breaks   = "Nothing: everybody can still read it."
  source   = "CIS benchmarks, system file permissions; shells(5)."
  severity = "low"

  file "/etc/shells" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}

rule "opasswd-access" {
  title    = "Only root may read old passwords"
  why      = "The hashes of earlier passwords say much about the next."
  breaks   = "Nothing: PAM's modules read and write the file as root."
  source   = "CIS benchmarks, system file permissions; pam_pwhistory(8)."
  severity = "medium"

  file "/etc/security/opasswd" {
    owner = "root"
    group = "root"
    mode  = "0600"
  }
  file "/etc/security/opasswd.old" {
    owner = "root"
    group = "root"
    mode  = "0600"
  }
}
