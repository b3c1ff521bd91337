# Rules about every file of the machine. They share one walk, which leaves out what is no part of the
# image: file systems that are made at boot, network file systems, snaps, and what containers keep.

variable "setuid_programs" {
  description = "patterns of the set-uid programs that are known and wanted; empty: a person looks"
  default     = []
}

variable "setgid_programs" {
  description = "patterns of the set-gid programs that are known and wanted; empty: a person looks"
  default     = []
}

rule "no-world-writable-files" {
  title    = "No file can be written to by everybody"
  why      = "Any user and any compromised service could change such a file, and whoever uses it would act on that."
  breaks   = "A program that shares a file with all users this way stops working: give them a group."
  source   = "CIS benchmarks, system file permissions; chmod(1)."
  severity = "high"

  world_writable "files" {}
}

rule "world-writable-directories-sticky" {
  title    = "In directories that everybody may write to, users can only remove their own files"
  why      = "Without the sticky bit anybody can replace the files of others there, and so decide what they read or run."
  breaks   = "Programs that remove each other's files in a shared directory, under several accounts, stop being able to."
  source   = "CIS benchmarks, system file permissions; chmod(1), restricted deletion flag."
  severity = "high"

  world_writable "directories" {}
}

rule "no-unowned-files" {
  title    = "Every file belongs to a user that exists"
  why      = "The next user who is given the number gets the files. They are left over from a removed account, or unpacked with the numbers of another machine."
  breaks   = "Nothing is changed: a person says whose they are."
  source   = "CIS benchmarks, system file permissions; find(1), -nouser."
  severity = "medium"

  unowned "users" {}
}

rule "no-ungrouped-files" {
  title    = "Every file belongs to a group that exists"
  why      = "The next group that is given the number gets the files."
  breaks   = "Nothing is changed: a person says whose they are."
  source   = "CIS benchmarks, system file permissions; find(1), -nogroup."
  severity = "low"

  unowned "groups" {}
}

rule "setuid-programs-known" {
  title    = "Every set-uid program is known"
  why      = "Each runs with its owner's rights, root's mostly, for whoever starts it: a defect in one gives root away, and one that nobody knows of may be a back door. The report lists them; with setuid_programs, others fail."
  breaks   = "Nothing is changed: taking the bit from sudo, mount or a container's helper would break it, so a person decides."
  source   = "CIS benchmarks, system file permissions; execve(2)."
  severity = "high"

  privileged_programs "setuid" {
    allow = var.setuid_programs
  }
}

rule "setgid-programs-known" {
  title    = "Every set-gid program is known"
  why      = "Each runs with a group's rights for whoever starts it. The report lists them; with setgid_programs, others fail."
  breaks   = "Nothing is changed: programs such as crontab need the bit, so a person decides."
  source   = "CIS benchmarks, system file permissions; execve(2)."
  severity = "medium"

  privileged_programs "setgid" {
    allow = var.setgid_programs
  }
}

variable "log_file_mode" {
  description = "most permissive mode of files below /var/log, but for those of logins"
  default     = "0640"
}

rule "log-files-access" {
  title    = "Log files are for root and the groups that read logs"
  why      = "Logs hold names, addresses and mistyped passwords, and who can write them can hide what happened. The files of logins stay readable where who and last need it; daemons own what they write."
  breaks   = "Agents that read logs under their own account need the group adm. The next file is made by whoever rotates: see the rules about logrotate and rsyslog."
  source   = "CIS benchmarks, access to all log files; systemd's tmpfiles.d/var.conf for the files of logins."
  severity = "medium"

  log_files "/var/log" {
    mode   = var.log_file_mode
    owners = ["root", "syslog"]
    groups = ["root", "adm"]

    except {
      names  = ["lastlog", "lastlog.*", "wtmp", "wtmp.*", "wtmp-*", "btmp", "btmp.*", "btmp-*", "README"]
      mode   = "0664"
      owners = ["root"]
      groups = ["root", "utmp"]
    }
    except {
      names  = ["cloud-init.log*", "localmessages*", "waagent.log*"]
      mode   = "0644"
      owners = ["root", "syslog"]
      groups = ["root", "adm"]
    }
    except {
      names  = ["*.journal", "*.journal~"]
      mode   = "0640"
      owners = ["root"]
      groups = ["root", "systemd-journal"]
    }
    except {
      names  = ["sssd*", "SSSD*"]
      mode   = "0660"
      owners = ["root", "sssd", "SSSD"]
      groups = ["root", "sssd", "SSSD"]
    }
    except {
      names  = ["gdm*"]
      mode   = "0660"
      owners = ["root"]
      groups = ["root", "gdm", "gdm3"]
    }
  }
}
