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
  title = "Only root may write passwd"
  why   = "Whoever writes there is root. Everybody has to read it, or names cannot be looked up. Source: CIS benchmarks, system file permissions; passwd(5)."

  file "/etc/passwd" {
    owner = "root"
    group = "root"
    mode  = var.passwd_mode
  }
}

rule "passwd-backup-access" {
  title = "Only root may write the copy of passwd"
  why   = "The copy is what a broken file is replaced with. Nothing needs to read it. Source: CIS benchmarks, system file permissions; vipw(8)."

  file "/etc/passwd-" {
    owner = "root"
    group = "root"
    mode  = var.passwd_backup_mode
  }
}

rule "group-access" {
  title = "Only root may write group"
  why   = "Whoever writes there is in every group. Everybody has to read it, or names cannot be looked up. Source: CIS benchmarks, system file permissions; group(5)."

  file "/etc/group" {
    owner = "root"
    group = "root"
    mode  = var.passwd_mode
  }
}

rule "group-backup-access" {
  title = "Only root may write the copy of group"
  why   = "The copy is what a broken file is replaced with. Nothing needs to read it. Source: CIS benchmarks, system file permissions; vigr(8)."

  file "/etc/group-" {
    owner = "root"
    group = "root"
    mode  = var.passwd_backup_mode
  }
}

rule "shadow-access" {
  title = "Only root and the group shadow may read the shadow file"
  why   = "Hashes that can be read can be guessed at leisure. PAM's helper unix_chkpwd reads the file as root or as the group shadow; a group that is neither breaks screen lockers. Source: CIS benchmarks, system file permissions; shadow(5)."

  file "/etc/shadow" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "shadow-backup-access" {
  title = "Only root and the group shadow may read the copy of the shadow file"
  why   = "It holds hashes like the file itself. Nothing needs to read it. Source: CIS benchmarks, system file permissions; vipw(8)."

  file "/etc/shadow-" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "gshadow-access" {
  title = "Only root and the group shadow may read gshadow"
  why   = "It holds the hashes of groups' passwords, and who administers them. Nothing but shadow's programs reads it. Source: CIS benchmarks, system file permissions; gshadow(5)."

  file "/etc/gshadow" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "gshadow-backup-access" {
  title = "Only root and the group shadow may read the copy of gshadow"
  why   = "It holds hashes like the file itself. Nothing needs to read it. Source: CIS benchmarks, system file permissions; vigr(8)."

  file "/etc/gshadow-" {
    owner  = "root"
    groups = ["shadow", "root"]
    mode   = var.shadow_mode
  }
}

rule "shells-access" {
  title = "Only root may write the list of shells"
  why   = "Whoever writes there decides which programs count as a login. Everybody has to read it. Source: CIS benchmarks, system file permissions; shells(5)."

  file "/etc/shells" {
    owner = "root"
    group = "root"
    mode  = "0644"
  }
}

rule "opasswd-access" {
  title = "Only root may read old passwords"
  why   = "The hashes of earlier passwords say much about the next. PAM's modules read the file as root. Source: CIS benchmarks, system file permissions; pam_pwhistory(8)."

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
