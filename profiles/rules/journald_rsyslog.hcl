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
  title    = "The journal runs"
  why      = "Everything that a unit prints goes to the journal first; without it rsyslog has nothing either."
  breaks   = "Nothing: every supported system starts it."
  source   = "CIS benchmarks, journald; systemd-journald.service(8)."
  severity = "medium"

  unit "systemd-journald.service" {
    state  = "enabled"
    active = true
  }
}

rule "journal-persistent" {
  title    = "The journal is kept across boots"
  why      = "A journal in memory is gone with the crash that it would explain."
  breaks   = "The journal takes space on the disk instead of in memory; journal-rotation bounds it."
  source   = "CIS benchmarks, journald; journald.conf(5), Storage."
  severity = "medium"

  ini_setting "systemd/journald.conf" {
    section = "Journal"
    settings = {
      Storage = "persistent"
    }
  }
}

rule "journal-compressed" {
  title    = "Large journal entries are compressed"
  why      = "Large entries that are not compressed use up the space that older ones need."
  breaks   = "Nothing: journalctl reads both. Programs that read journal files without libsystemd may not."
  source   = "CIS benchmarks, journald; journald.conf(5), Compress."
  severity = "low"

  ini_setting "systemd/journald.conf" {
    section = "Journal"
    settings = {
      Compress = "yes"
    }
  }
}

rule "journal-forwarding" {
  title    = "journald hands messages on, or does not, as the profile says"
  why      = "Where rsyslog keeps the logs, journald has to hand messages on; where the journal alone does, a second copy is waste. journal_forward_to_syslog decides, since benchmarks ask for both."
  breaks   = "With no, agents that read files below /var/log find nothing new there unless rsyslog reads the journal by itself (imjournal)."
  source   = "CIS benchmarks, journald; journald.conf(5), ForwardToSyslog."
  severity = "low"

  ini_setting "systemd/journald.conf" {
    section = "Journal"
    settings = {
      ForwardToSyslog = var.journal_forward_to_syslog
    }
  }
}

rule "journal-rotation" {
  title    = "The journal has bounds"
  why      = "Without bounds the journal takes a tenth of the disk, and a node evicts pods when the disk fills."
  breaks   = "Older entries are removed sooner: on a busy node, what happened a while ago has to be found where the logs were sent."
  source   = "CIS benchmarks, journald; journald.conf(5), SystemMaxUse and the others."
  severity = "low"

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
  title    = "The journal is for root and one group to read"
  why      = "Messages hold addresses, names and now and then secrets."
  breaks   = "Nothing: systemd-tmpfiles sets these modes at boot, and the files have modes of their own."
  source   = "CIS benchmarks, journald; tmpfiles.d(5)."
  severity = "medium"

  file "/var/log/journal" {
    mode = "2755"
  }

  file "/run/log/journal" {
    mode = "2755"
  }
}

rule "journal-upload-enabled" {
  title    = "The journal is sent to another machine"
  why      = "A log that only the machine itself keeps goes with the machine."
  breaks   = "Without systemd-journal-remote and an address in journal-upload.conf the service fails at every start."
  source   = "CIS benchmarks, systemd-journal-remote; journal-upload.conf(5)."
  severity = "low"

  unit "systemd-journal-upload.service" {
    state  = "enabled"
    active = true
  }
}

rule "journal-remote-off" {
  title    = "The machine takes no journals from others"
  why      = "Anybody who reaches the port could fill the disk with messages."
  breaks   = "A machine that collects the journals of others stops doing so."
  source   = "CIS benchmarks, systemd-journal-remote; systemd-journal-remote.service(8)."
  severity = "medium"

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
  title    = "rsyslog starts at boot"
  why      = "Files below /var/log come from rsyslog, and agents that collect logs read those."
  breaks   = "Nothing: logs stand in the journal and in files, and take space twice."
  source   = "CIS benchmarks, rsyslog; rsyslogd(8)."
  severity = "medium"

  unit "rsyslog.service" {
    state  = "enabled"
    active = true
  }
}

rule "logging-service-enabled" {
  title    = "A log service starts at boot"
  why      = "Without a log service nothing remains of what happened."
  breaks   = "Nothing: every supported system has one."
  source   = "Azure security baseline for Linux; rsyslogd(8), systemd-journald.service(8)."
  severity = "medium"

  unit "rsyslog.service" {
    state = "enabled"
    or    = ["syslog-ng.service", "systemd-journald.service"]
  }
}

rule "rsyslog-create-mode" {
  title    = "rsyslog creates files that users cannot read"
  why      = "Without a mode rsyslog makes files that everybody reads. The setting counts only for the lines after it: a file that is included before it has to say it too."
  breaks   = "Agents that read logs under their own account need the group adm."
  source   = "CIS benchmarks, rsyslog; rsyslog documentation, $FileCreateMode."
  severity = "medium"

  rsyslog_setting "FileCreateMode" {
    mode = var.rsyslog_file_create_mode
  }
}

rule "rsyslog-no-receiver" {
  title    = "rsyslog takes no messages from the network"
  why      = "A log that strangers can write to proves nothing, and its disk can be filled."
  breaks   = "A log host stops collecting, and containers that send syslog to their node's port lose those messages."
  source   = "CIS benchmarks, rsyslog; rsyslog documentation, imudp and imtcp."
  severity = "medium"

  rsyslog_network "receive" {}
}

rule "rsyslog-sends" {
  title    = "rsyslog sends messages to another machine"
  why      = "A log that only the machine itself keeps goes with the machine. Where an agent ships the logs, the control is met in another way."
  breaks   = "Nothing is changed: how to reach the log host, and with which certificates, is the operator's."
  source   = "CIS benchmarks, rsyslog; rsyslog documentation, omfwd."
  severity = "low"

  rsyslog_network "send" {
    targets = var.rsyslog_targets
  }
}

rule "rsyslog-config-access" {
  title    = "The configuration of rsyslog is for root to change"
  why      = "Whoever changes the configuration turns the log off, or has rsyslog run a program as root."
  breaks   = "Nothing: everybody can still read it."
  source   = "Azure security baseline for Linux; rsyslog.conf(5)."
  severity = "medium"

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
  title    = "Logs are rotated"
  why      = "Logs that never turn over fill the disk, and a node with a full disk evicts its pods."
  breaks   = "Old logs are removed as their configuration says; what has to stay longer has to be sent elsewhere."
  source   = "CIS benchmarks, logrotate; logrotate(8)."
  severity = "low"

  unit "logrotate.timer" {
    state = "enabled"
  }
}

rule "logrotate-configured" {
  title    = "What logrotate does is known"
  why      = "How long a log is kept is a decision of the site."
  breaks   = "Nothing is changed: the directives are listed for a person."
  source   = "CIS benchmarks, logrotate; logrotate.conf(5)."
  severity = "low"

  logrotate "schedule" {}
}

rule "logrotate-create-mode" {
  title    = "Rotated logs stay closed to users"
  why      = "A create line that is too wide opens the log anew after every rotation, whatever its mode was."
  breaks   = "Agents that read logs under their own account need the group adm."
  source   = "CIS benchmarks, logrotate; logrotate.conf(5), create."
  severity = "medium"

  logrotate "create" {
    create_mode = var.logrotate_create_mode
  }
}
