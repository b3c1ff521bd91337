# The journal, rsyslog and the rotation of logs. rsyslog-selectors stands in logging.hcl.

variable "journal_forward_to_syslog" {
  description = "whether journald hands messages to a syslog daemon: yes where rsyslog keeps the logs, no where the journal alone does"
  default     = "yes"
}

variable "journal_system_max_use" {
  description = "space that the persistent journal may take"
  default     = "1G"
}

variable "journal_system_keep_free" {
  description = "space that the persistent journal leaves to others"
  default     = "500M"
}

variable "journal_runtime_max_use" {
  description = "space that the journal in memory may take"
  default     = "200M"
}

variable "journal_runtime_keep_free" {
  description = "space in memory that the journal leaves to others"
  default     = "50M"
}

variable "journal_max_file_sec" {
  description = "time after which a new journal file is begun"
  default     = "1month"
}

variable "rsyslog_file_create_mode" {
  description = "bits that files made by rsyslog may have"
  default     = "0640"
}

variable "rsyslog_targets" {
  description = "words that the sending statement holds, such as the name of the log host; an empty list asks for evidence"
  default     = []
}

variable "logrotate_create_mode" {
  description = "bits that logs may have after a rotation"
  default     = "0640"
}

rule "journald-active" {
  title = "The journal runs"
  why   = "Everything that a unit prints goes there first; without it neither the journal nor rsyslog has anything. Source: CIS benchmarks, journald; journald.conf(5)."

  unit "systemd-journald.service" {
    state  = "enabled"
    active = true
  }
}

rule "journal-persistent" {
  title = "The journal is kept across boots"
  why   = "In memory it is gone with the crash that it would explain. Source: CIS benchmarks, journald; journald.conf(5)."

  ini_setting "systemd/journald.conf" {
    section = "Journal"
    settings = {
      Storage = "persistent"
    }
  }
}

rule "journal-compressed" {
  title = "Large journal entries are compressed"
  why   = "Uncompressed ones use up the space that older entries need. Source: CIS benchmarks, journald; journald.conf(5)."

  ini_setting "systemd/journald.conf" {
    section = "Journal"
    settings = {
      Compress = "yes"
    }
  }
}

rule "journal-forwarding" {
  title = "journald hands messages on, or does not, as the profile says"
  why   = "With rsyslog as the keeper of logs it has to; without one, a second copy is waste. The parameter journal_forward_to_syslog decides, since benchmarks ask for both. Source: CIS benchmarks, journald; journald.conf(5)."

  ini_setting "systemd/journald.conf" {
    section = "Journal"
    settings = {
      ForwardToSyslog = var.journal_forward_to_syslog
    }
  }
}

rule "journal-rotation" {
  title = "The journal has bounds"
  why   = "Without bounds it takes a tenth of the disk, and a node evicts pods when the disk fills. Source: CIS benchmarks, journald; journald.conf(5)."

  ini_setting "systemd/journald.conf" {
    section = "Journal"
    settings = {
      SystemMaxUse    = var.journal_system_max_use
      SystemKeepFree  = var.journal_system_keep_free
      RuntimeMaxUse   = var.journal_runtime_max_use
      RuntimeKeepFree = var.journal_runtime_keep_free
      MaxFileSec      = var.journal_max_file_sec
    }
  }
}

rule "journal-access" {
  title = "The journal is for root and one group to read"
  why   = "Messages hold addresses, names and now and then secrets. systemd-tmpfiles sets these modes at boot. Source: CIS benchmarks, journald; tmpfiles.d(5)."

  file "/var/log/journal" {
    mode = "2755"
  }

  file "/run/log/journal" {
    mode = "2755"
  }
}

rule "journal-upload-enabled" {
  title = "The journal is sent to another machine"
  why   = "A log that only the machine itself keeps goes with the machine. It needs systemd-journal-remote and an address. Source: CIS benchmarks, systemd-journal-remote; journal-upload.conf(5)."

  unit "systemd-journal-upload.service" {
    state  = "enabled"
    active = true
  }
}

rule "journal-remote-off" {
  title = "The machine takes no journals from others"
  why   = "Anybody who reaches the port could fill its disk with messages. Source: CIS benchmarks, systemd-journal-remote; systemd-journal-remote(8)."

  unit "systemd-journal-remote.socket" {
    state  = "masked"
    active = false
  }

  unit "systemd-journal-remote.service" {
    state  = "masked"
    active = false
  }
}

rule "rsyslog-enabled" {
  title = "rsyslog starts at boot"
  why   = "Files below /var/log come from it, and agents that collect logs read those. Source: CIS benchmarks, rsyslog; rsyslog.conf(5)."

  unit "rsyslog.service" {
    state  = "enabled"
    active = true
  }
}

rule "logging-service-enabled" {
  title = "A log service starts at boot"
  why   = "Without one nothing remains of what happened. Source: Azure security baseline for Linux; rsyslogd(8)."

  unit "rsyslog.service" {
    state = "enabled"
    or    = ["syslog-ng.service", "systemd-journald.service"]
  }
}

rule "rsyslog-create-mode" {
  title = "rsyslog creates files that users cannot read"
  why   = "$FileCreateMode counts only for the lines after it: an action in a file that is included before it still makes a file that everybody reads. Source: CIS benchmarks, rsyslog; rsyslog.conf(5)."

  rsyslog_setting "FileCreateMode" {
    mode = var.rsyslog_file_create_mode
  }
}

rule "rsyslog-no-receiver" {
  title = "rsyslog takes no messages from the network"
  why   = "A log that strangers can write to proves nothing, and its disk can be filled. Source: CIS benchmarks, rsyslog; rsyslog.conf(5)."

  rsyslog_network "receive" {}
}

rule "rsyslog-sends" {
  title = "rsyslog sends messages to another machine"
  why   = "A log that only the machine itself keeps goes with the machine. Where an agent ships the logs the control is met in another way. Source: CIS benchmarks, rsyslog; rsyslog.conf(5)."

  rsyslog_network "send" {
    targets = var.rsyslog_targets
  }
}

rule "rsyslog-config-access" {
  title = "The configuration of rsyslog is for root to change"
  why   = "Whoever changes it turns the log off. Source: Azure security baseline for Linux; rsyslog.conf(5)."

  file "/etc/rsyslog.conf" {
    owner = "root"
    mode  = "0644"
  }

  file "/etc/rsyslog.d" {
    owner = "root"
    mode  = "0755"
  }

  file "/etc/syslog.conf" {
    owner = "root"
    mode  = "0644"
  }

  file "/etc/syslog-ng/syslog-ng.conf" {
    owner = "root"
    mode  = "0644"
  }
}

rule "logrotate-runs" {
  title = "Logs are rotated"
  why   = "Logs that never turn over fill the disk, and a node with a full disk evicts its pods. Source: CIS benchmarks, logrotate; logrotate(8)."

  unit "logrotate.timer" {
    state = "enabled"
  }
}

rule "logrotate-configured" {
  title = "What logrotate does is known"
  why   = "How long a log is kept is a decision of the site: the directives are listed. Source: CIS benchmarks, logrotate; logrotate(8)."

  logrotate "schedule" {}
}

rule "logrotate-create-mode" {
  title = "Rotated logs stay closed to users"
  why   = "A create line that is too wide opens the log anew every night, whatever its mode was. Source: CIS benchmarks, logrotate; logrotate(8)."

  logrotate "create" {
    create_mode = var.logrotate_create_mode
  }
}
