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
  title = "AppArmor and its tools are installed"
  why   = "Profiles confine programs only when something loads them, and the tools show which are in force. AppArmor of the kernel alone does nothing. Source: CIS benchmarks; the package's description."

  package "apparmor" {
    state = "installed"
    dpkg  = ["apparmor", "apparmor-utils"]
    rpm   = ["apparmor-parser", "apparmor-utils"]
  }
}

rule "sudo-installed" {
  title = "sudo is installed"
  why   = "Administrators then need not share root's password, and what they do is logged by name. Source: CIS benchmarks; the package's description."

  package "sudo" {
    state = "installed"
    dpkg  = ["sudo", "sudo-ldap", "sudo-rs"]
    any   = true
  }
}

rule "pam-installed" {
  title = "PAM's configuration tools are installed"
  why   = "pam-auth-update comes with this package; what other packages bring for PAM is not taken up without it. Source: CIS benchmarks; the package's description."

  package "libpam-runtime" {
    state = "installed"
    rpm   = ["pam"]
  }
}

rule "pam-modules-installed" {
  title = "PAM's modules are installed"
  why   = "Lockout, limits and umask of sessions are modules of this package. Source: CIS benchmarks; the package's description."

  package "libpam-modules" {
    state = "installed"
    rpm   = ["pam"]
  }
}

rule "pam-pwquality-installed" {
  title = "The module that checks new passwords is installed"
  why   = "Rules about the quality of passwords do nothing without it. Source: CIS benchmarks; the package's description."

  package "libpam-pwquality" {
    state = "installed"
    rpm   = ["libpwquality"]
  }
}

rule "rsyslog-installed" {
  title = "rsyslog is installed"
  why   = "It writes logs to files and can send them on, which journald alone does not do in the ways that collectors expect. Source: CIS benchmarks; the package's description."

  package "rsyslog" {
    state = "installed"
  }
}

rule "syslog-installed" {
  title = "A syslog daemon is installed"
  why   = "Logs then reach files, and collectors that read them. Source: CIS benchmarks; the package's description."

  package "syslog" {
    state = "installed"
    dpkg  = ["rsyslog", "syslog-ng-core", "syslog-ng", "sysklogd"]
    rpm   = ["rsyslog", "syslog-ng"]
    any   = true
  }
}

rule "journal-remote-installed" {
  title = "The journal can be sent to another machine"
  why   = "Whoever takes the machine over can wipe its journal, but not a copy elsewhere. The package also has a receiver, which is to stay off. Source: CIS benchmarks; the package's description."

  package "systemd-journal-remote" {
    state = "installed"
  }
}

rule "auditd-installed" {
  title = "The audit daemon and its plugins are installed"
  why   = "Without it nothing keeps what the kernel's audit reports, beyond what fits the kernel's log. On a busy node it costs speed: see the profile's waivers. Source: CIS benchmarks; the package's description."

  package "auditd" {
    state = "installed"
    dpkg  = ["auditd", "audispd-plugins"]
    rpm   = ["audit"]
  }
}

rule "aide-installed" {
  title = "AIDE is installed"
  why   = "It notices changed files, once a database of the good state has been made. On an image that is replaced instead of patched, the attestation of the image says the same. Source: CIS benchmarks; the package's description."

  package "aide" {
    state = "installed"
    dpkg  = ["aide", "aide-common"]
  }
}

rule "error-reporting-off" {
  title = "Crashes are not reported to others"
  why   = "apport catches crashes of any program and keeps its memory in readable reports, which may hold secrets, and whoopsie sends them. Without it a crash leaves a core dump or nothing, as coredump settings say. Source: CIS benchmarks, process hardening; apport(1)."

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
  title = "apt takes only signed repositories"
  why   = "One line (trusted=yes, AllowUnauthenticated) makes apt install whatever the network hands it. A repository without a signature stops working until it has one. Source: CIS benchmarks, package repositories; sources.list(5), apt-secure(8)."

  repository_signing "apt" {}
}

rule "repository-signatures-dnf" {
  title = "dnf takes only signed packages"
  why   = "With gpgcheck=0, in the main file or in one repository's, dnf installs whatever a mirror serves. A repository whose key is not configured stops working. Source: CIS benchmarks, package repositories; dnf.conf(5)."

  repository_signing "dnf" {}
}

rule "repository-signatures-tdnf" {
  title = "tdnf takes only signed packages"
  why   = "With gpgcheck=0, in the main file or in one repository's, tdnf installs whatever a mirror serves. A repository whose key is not configured stops working. Source: CIS benchmarks, package repositories; tdnf's client/config.c."

  repository_signing "tdnf" {}
}

rule "package-repositories-known" {
  title = "Packages come only from repositories that are meant to be there"
  why   = "Whoever can add a repository decides what the next update installs. Source: CIS benchmarks, package repositories."

  package_sources "repositories" {
    allow = var.package_repositories
  }
}

rule "package-keys-known" {
  title = "Packages are signed only by keys that are meant to sign them"
  why   = "The owner of a trusted key can replace any package. Source: CIS benchmarks, package repositories."

  package_sources "keys" {
    allow = var.package_keys
  }
}

rule "updates-installed" {
  title = "Updates are installed"
  why   = "Known holes are used within days. An image shows how fresh it was when it was made; nodes then follow by being replaced or by installing updates themselves. Source: CIS benchmarks, updates and patches."

  package_sources "updates" {}
}
