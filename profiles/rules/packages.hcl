# Packages that have to be there, where packages come from, and who may sign them.

variable "package_repositories" {
  description = "repositories that may be configured, as the evidence shows them; * stands for anything. Empty: a person decides"
  default     = []
}

variable "package_keys" {
  description = "keys that may sign packages, as the evidence shows them; * stands for anything. Empty: a person decides"
  default     = []
}

rule "apparmor-installed" {
  title    = "AppArmor and its tools are installed"
  why      = "Profiles confine programs only when something loads them, and the tools show which are in force. AppArmor of the kernel alone does nothing."
  breaks   = "Profiles that come with the package are loaded at the next boot, and confine the programs that they name."
  source   = "CIS benchmarks, mandatory access control; apparmor(7)."
  severity = "medium"

  package "apparmor" {
    state = "installed"
    dpkg  = ["apparmor", "apparmor-utils"]
    rpm   = ["apparmor-parser", "apparmor-utils"]
  }
}

rule "sudo-installed" {
  title    = "sudo is installed"
  why      = "With sudo, administrators need not share root's password, and what they do is logged by name."
  breaks   = "Nothing: cloud images have it, and cloud-init and the Azure agent write its files."
  source   = "CIS benchmarks, privilege escalation; sudo(8)."
  severity = "low"

  package "sudo" {
    state = "installed"
    dpkg  = ["sudo", "sudo-ldap", "sudo-rs"]
    any   = true
  }
}

rule "pam-installed" {
  title    = "PAM's configuration tools are installed"
  why      = "pam-auth-update comes with this package; without it, what other packages bring for PAM is not taken up."
  breaks   = "Nothing: every supported system has it."
  source   = "CIS benchmarks, PAM packages and modules; pam-auth-update(8)."
  severity = "low"

  package "libpam-runtime" {
    state = "installed"
    rpm   = ["pam"]
  }
}

rule "pam-modules-installed" {
  title    = "PAM's modules are installed"
  why      = "Lockout, limits and umask of sessions are modules of this package."
  breaks   = "Nothing: every supported system has it."
  source   = "CIS benchmarks, PAM packages and modules; pam(7)."
  severity = "medium"

  package "libpam-modules" {
    state = "installed"
    rpm   = ["pam"]
  }
}

rule "pam-pwquality-installed" {
  title    = "The module that checks new passwords is installed"
  why      = "Rules about the quality of passwords do nothing without the module."
  breaks   = "On Ubuntu the package puts the module into the stack as it is installed: automation that sets simple passwords fails from then on."
  source   = "CIS benchmarks, PAM packages and modules; pam_pwquality(8), pam-auth-update(8)."
  severity = "medium"

  package "libpam-pwquality" {
    state = "installed"
    rpm   = ["libpwquality"]
  }
}

rule "rsyslog-installed" {
  title    = "rsyslog is installed"
  why      = "rsyslog writes logs to files and can send them on, which journald alone does not do in the ways that collectors expect."
  breaks   = "Logs stand in the journal and in files, and take space twice."
  source   = "CIS benchmarks, rsyslog; rsyslogd(8)."
  severity = "low"

  package "rsyslog" {
    state = "installed"
  }
}

rule "syslog-installed" {
  title    = "A syslog daemon is installed"
  why      = "Logs then reach files, and collectors that read them."
  breaks   = "Logs stand in the journal and in files, and take space twice."
  source   = "Azure security baseline for Linux; rsyslogd(8)."
  severity = "low"

  package "syslog" {
    state = "installed"
    dpkg  = ["rsyslog", "syslog-ng-core", "syslog-ng", "sysklogd"]
    rpm   = ["rsyslog", "syslog-ng"]
    any   = true
  }
}

rule "journal-remote-installed" {
  title    = "The journal can be sent to another machine"
  why      = "Whoever takes the machine over can wipe its journal, but not a copy elsewhere."
  breaks   = "The package also has a receiver, which has to stay off: journal-remote-off."
  source   = "CIS benchmarks, systemd-journal-remote; systemd-journal-upload.service(8)."
  severity = "low"

  package "systemd-journal-remote" {
    state = "installed"
  }
}

rule "auditd-installed" {
  title    = "The audit daemon and its plugins are installed"
  why      = "Without the daemon nothing keeps what the kernel's audit reports, beyond what fits the kernel's log."
  breaks   = "On Ubuntu the daemon starts as it is installed, and every recorded event costs time: AKS nodes go without."
  source   = "CIS benchmarks, auditd; auditd(8)."
  severity = "medium"

  package "auditd" {
    state = "installed"
    dpkg  = ["auditd", "audispd-plugins"]
    rpm   = ["audit"]
  }
}

rule "aide-installed" {
  title    = "AIDE is installed"
  why      = "AIDE notices changed files, once a database of the good state has been made. On an image that is replaced instead of patched, the attestation of the image says the same."
  breaks   = "Nothing by itself. Making the database reads the whole disk."
  source   = "CIS benchmarks, filesystem integrity; aide(1)."
  severity = "low"

  package "aide" {
    state = "installed"
    dpkg  = ["aide", "aide-common"]
  }
}

rule "error-reporting-off" {
  title    = "Crashes are not reported to others"
  why      = "apport catches crashes of any program and keeps its memory in reports, which may hold secrets, and whoopsie sends them."
  breaks   = "A crash leaves a core dump or nothing, as the settings of core dumps say."
  source   = "CIS benchmarks, process hardening; apport(1)."
  severity = "medium"

  package "apport" {
    state = "absent"
    rpm   = []

    unless {
      units = ["apport.service", "apport-autoreport.path", "apport-autoreport.timer"]
      state = "disabled"
    }
  }
}

rule "repository-signatures-apt" {
  title    = "apt takes only signed repositories"
  why      = "One setting (trusted=yes, AllowUnauthenticated) makes apt install whatever the network hands it."
  breaks   = "A repository without a signature stops working until it has one."
  source   = "CIS benchmarks, package repositories; sources.list(5), apt-secure(8)."
  severity = "high"

  repository_signing "apt" {}
}

rule "repository-signatures-dnf" {
  title    = "dnf takes only signed packages"
  why      = "With gpgcheck=0, in the main file or in one repository's, dnf installs whatever a mirror serves."
  breaks   = "A repository whose key is not configured stops working."
  source   = "CIS benchmarks, package repositories; dnf.conf(5), gpgcheck."
  severity = "high"

  repository_signing "dnf" {}
}

rule "repository-signatures-tdnf" {
  title    = "tdnf takes only signed packages"
  why      = "With gpgcheck=0, in the main file or in one repository's, tdnf installs whatever a mirror serves."
  breaks   = "A repository whose key is not configured stops working."
  source   = "CIS benchmarks, package repositories; tdnf's source, client/config.c."
  severity = "high"

  repository_signing "tdnf" {}
}

rule "package-repositories-known" {
  title    = "Packages come only from repositories that are meant to be there"
  why      = "Whoever can add a repository decides what the next update installs."
  breaks   = "Nothing is changed: which of them are meant to be there is not for a program to say."
  source   = "CIS benchmarks, package repositories; sources.list(5), dnf.conf(5)."
  severity = "medium"

  package_sources "repositories" {
    allow = var.package_repositories
  }
}

rule "package-keys-known" {
  title    = "Packages are signed only by keys that are meant to sign them"
  why      = "The owner of a trusted key can replace any package."
  breaks   = "Nothing is changed: which of them are meant to sign is not for a program to say."
  source   = "CIS benchmarks, package repositories; apt-secure(8), rpmkeys(8)."
  severity = "medium"

  package_sources "keys" {
    allow = var.package_keys
  }
}

rule "updates-installed" {
  title    = "Updates are installed"
  why      = "Known holes are used within days. An image shows how fresh it was when it was made; nodes then follow by being replaced, or by installing updates themselves."
  breaks   = "Nothing is changed: an update is a new image, not a rule's work."
  source   = "CIS benchmarks, updates and patches; apt(8), tdnf(8)."
  severity = "medium"

  package_sources "updates" {}
}
