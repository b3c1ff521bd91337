# What the audit system records, how it keeps its log, and who may touch it. None of it applies where
# auditd is not installed. AKS nodes run without it: auditd-off is the rule for that.

variable "audit_uid_min" {
  description = "first user number of people, UID_MIN of login.defs"
  default     = 1000
}

variable "audit_sudo_log" {
  description = "the log file of sudo"
  default     = "/var/log/sudo.log"
}

variable "audit_max_log_file" {
  description = "size of an audit log file before max_log_file_action happens, in MiB"
  default     = 8
}

variable "audit_max_log_file_action" {
  description = "what happens at that size, the first is set"
  default     = ["keep_logs"]
}

variable "audit_disk_full_action" {
  description = "what auditd does when the disk is full, the first is set"
  default     = ["halt", "single"]
}

variable "audit_disk_error_action" {
  description = "what auditd does when the disk fails, the first is set"
  default     = ["syslog", "single", "halt"]
}

variable "audit_space_left_action" {
  description = "what auditd does when space becomes short, the first is set"
  default     = ["email", "exec", "single", "halt"]
}

variable "audit_admin_space_left_action" {
  description = "what auditd does when space is nearly gone, the first is set"
  default     = ["single", "halt"]
}

rule "auditd-enabled" {
  title    = "auditd starts at boot"
  why      = "Without the daemon nothing of what the kernel records is kept."
  breaks   = "Every recorded event costs time, which every pod of a node pays: AKS nodes go without. Two readers of the audit stream take events from each other."
  source   = "CIS benchmarks, auditd; auditd(8)."
  severity = "medium"

  unit "auditd.service" {
    state  = "enabled"
    active = true
  }
}

rule "auditd-off" {
  title    = "auditd does not start"
  why      = "Recording system calls slows down every pod of a node, and two readers of the audit stream take events from each other."
  breaks   = "Nothing is recorded any more, so an investigation has only the logs. Where a benchmark asks for auditd, this is the opposite."
  source   = "AKS host hardening, as the node image builder does it (github.com/Azure/AgentBaker)."
  severity = "low"

  unit "auditd.service" {
    state  = "masked"
    active = false
  }
}

rule "audit-scope" {
  title    = "Changes of who may use sudo are recorded"
  why      = "A new line in sudoers is how an intruder stays root, and without a record nobody can tell when it came."
  breaks   = "Nothing: the files change rarely, so few records are made."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "scope" {
    lines = [
      "-w /etc/sudoers -p wa -k scope",
      "-w /etc/sudoers.d -p wa -k scope",
    ]
  }
}

rule "audit-user-emulation" {
  title    = "What runs as another user is recorded"
  why      = "Everything that sudo or su starts has an effective user that is not the real one: this is the log of administration that the user cannot edit."
  breaks   = "Every start of a program is looked at, and automation that works through sudo fills the log."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "user_emulation" {
    lines = [
      "-a always,exit -F arch=b64 -C euid!=uid -F auid!=unset -S execve -k user_emulation",
      "-a always,exit -F arch=b32 -C euid!=uid -F auid!=unset -S execve -k user_emulation",
    ]
  }
}

rule "audit-sudo-log" {
  title    = "Changes of sudo's log are recorded"
  why      = "Whoever clears the log of sudo hides what was done as root."
  breaks   = "Every command by sudo writes that log, and so makes a record."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "sudo_log_file" {
    lines = [
      "-w ${var.audit_sudo_log} -p wa -k sudo_log_file",
    ]
  }
}

rule "audit-time-change" {
  title    = "Changes of the clock are recorded"
  why      = "A clock that was moved makes every other log lie."
  breaks   = "Time daemons adjust the clock all day, so each adjustment is a record."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "time-change" {
    lines = [
      "-a always,exit -F arch=b64 -S adjtimex,settimeofday -k time-change",
      "-a always,exit -F arch=b32 -S adjtimex,settimeofday -k time-change",
      "-a always,exit -F arch=b64 -S clock_settime -F a0=0x0 -k time-change",
      "-a always,exit -F arch=b32 -S clock_settime -F a0=0x0 -k time-change",
      "-w /etc/localtime -p wa -k time-change",
    ]
  }
}

rule "audit-system-locale" {
  title    = "Changes of names and networks are recorded"
  why      = "Host names and network files decide which machine others believe this to be."
  breaks   = "Every container that starts sets a host name of its own, and makes a record. Otherwise these change rarely."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "low"

  audit_rule "system-locale" {
    lines = [
      "-a always,exit -F arch=b64 -S sethostname,setdomainname -k system-locale",
      "-a always,exit -F arch=b32 -S sethostname,setdomainname -k system-locale",
      "-w /etc/issue -p wa -k system-locale",
      "-w /etc/issue.net -p wa -k system-locale",
      "-w /etc/hosts -p wa -k system-locale",
      "-w /etc/hostname -p wa -k system-locale",
      "-w /etc/networks -p wa -k system-locale",
      "-w /etc/network -p wa -k system-locale",
      "-w /etc/netplan -p wa -k system-locale",
    ]
  }
}

rule "audit-access" {
  title    = "Refused accesses to files are recorded"
  why      = "Many refusals in a row are somebody looking for a way in."
  breaks   = "Every open of a file is looked at, for all users' programs: the costliest rules beside those of deletions and modes."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "access" {
    lines = [
      "-a always,exit -F arch=b64 -S creat,open,openat,truncate,ftruncate -F exit=-EACCES -F auid>=${var.audit_uid_min} -F auid!=unset -k access",
      "-a always,exit -F arch=b32 -S creat,open,openat,truncate,ftruncate -F exit=-EACCES -F auid>=${var.audit_uid_min} -F auid!=unset -k access",
      "-a always,exit -F arch=b64 -S creat,open,openat,truncate,ftruncate -F exit=-EPERM -F auid>=${var.audit_uid_min} -F auid!=unset -k access",
      "-a always,exit -F arch=b32 -S creat,open,openat,truncate,ftruncate -F exit=-EPERM -F auid>=${var.audit_uid_min} -F auid!=unset -k access",
    ]
  }
}

rule "audit-identity" {
  title    = "Changes of accounts are recorded"
  why      = "A new user, group or password is recorded when it is made, whatever made it."
  breaks   = "Nothing: the files change rarely, so few records are made."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "identity" {
    lines = [
      "-w /etc/group -p wa -k identity",
      "-w /etc/passwd -p wa -k identity",
      "-w /etc/gshadow -p wa -k identity",
      "-w /etc/shadow -p wa -k identity",
      "-w /etc/security/opasswd -p wa -k identity",
      "-w /etc/nsswitch.conf -p wa -k identity",
      "-w /etc/pam.conf -p wa -k identity",
      "-w /etc/pam.d -p wa -k identity",
    ]
  }
}

rule "audit-perm-mod" {
  title    = "Changes of modes, owners and attributes are recorded"
  why      = "A set-user-id bit or an owner that changes is how a user's file becomes a way to root."
  breaks   = "Unpacking archives and installing software in a session makes many records."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "perm_mod" {
    lines = [
      "-a always,exit -F arch=b64 -S chmod,fchmod,fchmodat -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_mod",
      "-a always,exit -F arch=b32 -S chmod,fchmod,fchmodat -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_mod",
      "-a always,exit -F arch=b64 -S chown,fchown,lchown,fchownat -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_mod",
      "-a always,exit -F arch=b32 -S chown,fchown,lchown,fchownat -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_mod",
      "-a always,exit -F arch=b64 -S setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_mod",
      "-a always,exit -F arch=b32 -S setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_mod",
    ]
  }
}

rule "audit-mounts" {
  title    = "Mounts by users are recorded"
  why      = "A mount brings in data and programs, and takes data out."
  breaks   = "Nothing: mounts by the kubelet and by containers belong to no login, and are left out."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "low"

  audit_rule "mounts" {
    lines = [
      "-a always,exit -F arch=b64 -S mount -F auid>=${var.audit_uid_min} -F auid!=unset -k mounts",
      "-a always,exit -F arch=b32 -S mount -F auid>=${var.audit_uid_min} -F auid!=unset -k mounts",
    ]
  }
}

rule "audit-session" {
  title    = "Changes of the session files are recorded"
  why      = "These files say who was logged in; editing them hides a session."
  breaks   = "Nothing: a few records for each login."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "low"

  audit_rule "session" {
    lines = [
      "-w /var/run/utmp -p wa -k session",
      "-w /var/log/wtmp -p wa -k session",
      "-w /var/log/btmp -p wa -k session",
    ]
  }
}

rule "audit-logins" {
  title    = "Changes of the login records are recorded"
  why      = "Clearing the login records hides failed and successful logins."
  breaks   = "Nothing: a few records for each login. A guessing attack makes one for each try."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "logins" {
    lines = [
      "-w /var/log/lastlog -p wa -k logins",
      "-w /var/run/faillock -p wa -k logins",
    ]
  }
}

rule "audit-delete" {
  title    = "Deletions of files by users are recorded"
  why      = "What an intruder removes is often the only trace of what was there."
  breaks   = "Programs that work with temporary files in a session make a record for each."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "low"

  audit_rule "delete" {
    lines = [
      "-a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat -F auid>=${var.audit_uid_min} -F auid!=unset -k delete",
      "-a always,exit -F arch=b32 -S unlink,unlinkat,rename,renameat -F auid>=${var.audit_uid_min} -F auid!=unset -k delete",
    ]
  }
}

rule "audit-mac-policy" {
  title    = "Changes of AppArmor's policy are recorded"
  why      = "A profile that is loosened lets a service do more, quietly."
  breaks   = "Nothing: the files change when packages are installed, and rarely else."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "MAC-policy" {
    lines = [
      "-w /etc/apparmor -p wa -k MAC-policy",
      "-w /etc/apparmor.d -p wa -k MAC-policy",
    ]
  }
}

rule "audit-chcon" {
  title    = "Every use of chcon is recorded"
  why      = "chcon changes security contexts; failed tries count as well."
  breaks   = "Nothing: systems without SELinux never use it."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "low"

  audit_rule "chcon" {
    lines = [
      "-a always,exit -F path=/usr/bin/chcon -F perm=x -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_chng",
    ]
  }
}

rule "audit-setfacl" {
  title    = "Every use of setfacl is recorded"
  why      = "setfacl changes access control lists; failed tries count as well."
  breaks   = "Nothing: one record for each use in a session."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "low"

  audit_rule "setfacl" {
    lines = [
      "-a always,exit -F path=/usr/bin/setfacl -F perm=x -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_chng",
    ]
  }
}

rule "audit-chacl" {
  title    = "Every use of chacl is recorded"
  why      = "chacl changes access control lists by the older tool; failed tries count as well."
  breaks   = "Nothing: one record for each use in a session."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "low"

  audit_rule "chacl" {
    lines = [
      "-a always,exit -F path=/usr/bin/chacl -F perm=x -F auid>=${var.audit_uid_min} -F auid!=unset -k perm_chng",
    ]
  }
}

rule "audit-usermod" {
  title    = "Every use of usermod is recorded"
  why      = "usermod changes accounts; failed tries count as well."
  breaks   = "Nothing: one record for each use in a session."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "usermod" {
    lines = [
      "-a always,exit -F path=/usr/sbin/usermod -F perm=x -F auid>=${var.audit_uid_min} -F auid!=unset -k usermod",
    ]
  }
}

rule "audit-kernel-modules" {
  title    = "Loading and unloading of kernel modules is recorded"
  why      = "A module runs with every right there is."
  breaks   = "Nothing: modules that the kernel asks for by itself belong to no login, and are left out."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_rule "kernel_modules" {
    lines = [
      "-a always,exit -F arch=b64 -S init_module,finit_module,delete_module -F auid>=${var.audit_uid_min} -F auid!=unset -k kernel_modules",
      "-a always,exit -F path=/usr/bin/kmod -F perm=x -F auid>=${var.audit_uid_min} -F auid!=unset -k kernel_modules",
    ]
  }
}

rule "audit-privileged" {
  title    = "Every start of a set-user-id program by a user is recorded"
  why      = "These programs are the doors from a user to root. The benchmark searches the whole file system; this looks in the directories that hold programs, and the rules about set-user-id programs list what is elsewhere."
  breaks   = "Every sudo, su, mount or crontab in a session makes a record. A program that is installed later needs a rule of its own."
  source   = "CIS benchmarks, auditd rules; auditctl(8)."
  severity = "medium"

  audit_privileged "programs" {
    uid_min = var.audit_uid_min
  }
}

rule "audit-immutable" {
  title    = "The audit rules are locked until the next boot"
  why      = "Otherwise whoever became root turns the recording off first."
  breaks   = "Changing a rule takes a reboot, also one that turns out to be too costly, and agents that add rules of their own as they start fail to."
  source   = "CIS benchmarks, auditd rules; auditctl(8), -e."
  severity = "medium"

  audit_control "enabled" {
    value = 2
  }
}

rule "audit-loaded-as-configured" {
  title    = "What the kernel audits is what the files say"
  why      = "Rules that were only typed in are gone after a boot; files that were only edited do nothing yet."
  breaks   = "Nothing: the configured lines are listed for a person to compare."
  source   = "CIS benchmarks, auditd rules; augenrules(8)."
  severity = "low"

  audit_merged "rules" {}
}

rule "audit-log-size" {
  title    = "Audit log files have a stated size"
  why      = "Files that are too small turn over too often, and one without a bound fills the disk."
  breaks   = "Nothing by itself; what happens at that size is another rule's."
  source   = "CIS benchmarks, auditd data retention; auditd.conf(5), max_log_file."
  severity = "low"

  audit_setting "max_log_file" {
    min = var.audit_max_log_file
  }
}

rule "audit-logs-kept" {
  title    = "Audit logs are not deleted when they turn over"
  why      = "Rotation deletes the oldest file, and with it the evidence."
  breaks   = "The disk fills until somebody ships the logs or removes them, and a node evicts its pods when it does."
  source   = "CIS benchmarks, auditd data retention; auditd.conf(5), max_log_file_action."
  severity = "low"

  audit_setting "max_log_file_action" {
    one_of = var.audit_max_log_file_action
  }
}

rule "audit-disk-full" {
  title    = "The machine does not go on unrecorded when the audit disk is full or fails"
  why      = "A machine that goes on when nothing can be recorded can be used unseen: fill the disk first."
  breaks   = "The machine halts, or goes to a single-user shell that nobody sees: with a full disk, all pods of a node are gone. Right where the log matters more than the service, wrong for most nodes."
  source   = "CIS benchmarks, auditd data retention; auditd.conf(5), disk_full_action, disk_error_action."
  severity = "low"

  audit_setting "disk_full_action" {
    one_of = var.audit_disk_full_action
  }

  audit_setting "disk_error_action" {
    one_of = var.audit_disk_error_action
  }
}

rule "audit-space-warning" {
  title    = "Somebody hears of it when audit space runs short"
  why      = "A full disk that nobody knew of ends the record, or the machine."
  breaks   = "With the default values a machine whose audit space is nearly gone goes to a single-user shell; mail is only sent where a mail program is installed."
  source   = "CIS benchmarks, auditd data retention; auditd.conf(5), space_left_action, admin_space_left_action."
  severity = "low"

  audit_setting "space_left_action" {
    one_of = var.audit_space_left_action
  }

  audit_setting "admin_space_left_action" {
    one_of = var.audit_admin_space_left_action
  }
}

rule "audit-log-mode" {
  title    = "Audit logs are for root and one group to read"
  why      = "Who can read the log learns what is watched; who can write it changes what happened."
  breaks   = "Agents that read the log need root or the log's group."
  source   = "CIS benchmarks, auditd file access; auditd.conf(5), log_file."
  severity = "medium"

  audit_file "log" {
    mode = "0640"
  }
}

rule "audit-log-owner" {
  title    = "Audit logs belong to root"
  why      = "The owner of the log can change it, whatever its mode."
  breaks   = "Nothing: auditd writes it as root."
  source   = "CIS benchmarks, auditd file access; auditd.conf(5), log_file."
  severity = "medium"

  audit_file "log" {
    owner = "root"
  }
}

rule "audit-log-group" {
  title    = "Audit logs belong to the group root or adm"
  why      = "Members of the log's group learn what is watched."
  breaks   = "Agents that read the log by another group lose it: auditd takes the group from log_group."
  source   = "CIS benchmarks, auditd file access; auditd.conf(5), log_group."
  severity = "medium"

  audit_file "log" {
    groups = ["root", "adm"]
  }
}

rule "audit-log-directory" {
  title    = "The directory of the audit log is closed to users"
  why      = "Who can write to the directory can replace the log."
  breaks   = "Agents that read the log need root or the directory's group."
  source   = "CIS benchmarks, auditd file access; auditd.conf(5), log_file."
  severity = "medium"

  audit_file "log_directory" {
    mode = "0750"
  }
}

rule "audit-config-mode" {
  title    = "The audit configuration is closed to users"
  why      = "Who can read the rules knows what is not watched; who can write them decides it."
  breaks   = "Nothing: auditd and augenrules read them as root."
  source   = "CIS benchmarks, auditd file access; auditd.conf(5), audit.rules(7)."
  severity = "medium"

  audit_file "configuration" {
    mode = "0640"
  }
}

rule "audit-config-owner" {
  title    = "The audit configuration belongs to root"
  why      = "The owner of a file can change it, whatever its mode."
  breaks   = "Nothing: auditd and augenrules read them as root."
  source   = "CIS benchmarks, auditd file access; auditd.conf(5), audit.rules(7)."
  severity = "medium"

  audit_file "configuration" {
    owner = "root"
  }
}

rule "audit-config-group" {
  title    = "The audit configuration belongs to the group root"
  why      = "Members of the group can read, and with a wide mode write, what is recorded."
  breaks   = "Nothing: auditd and augenrules read them as root."
  source   = "CIS benchmarks, auditd file access; auditd.conf(5), audit.rules(7)."
  severity = "medium"

  audit_file "configuration" {
    groups = ["root"]
  }
}

rule "audit-tools-mode" {
  title    = "Only root may change the audit programs"
  why      = "Root runs these programs: whoever changes one is root, and hides it."
  breaks   = "Nothing: everybody may still start them, and the kernel answers root alone."
  source   = "CIS benchmarks, auditd file access; auditctl(8)."
  severity = "high"

  audit_file "tools" {
    mode = "0755"
  }
}

rule "audit-tools-owner" {
  title    = "The audit programs belong to root"
  why      = "The owner of a program can replace it, and root runs these."
  breaks   = "Nothing: everybody may still start them."
  source   = "CIS benchmarks, auditd file access; auditctl(8)."
  severity = "high"

  audit_file "tools" {
    owner = "root"
  }
}

rule "audit-tools-group" {
  title    = "The audit programs belong to the group root"
  why      = "With a mode that lets the group write, its members replace what root runs."
  breaks   = "Nothing: everybody may still start them."
  source   = "CIS benchmarks, auditd file access; auditctl(8)."
  severity = "medium"

  audit_file "tools" {
    groups = ["root"]
  }
}
