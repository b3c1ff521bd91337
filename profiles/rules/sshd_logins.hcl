# Who may log in to the ssh server, how, and what a session may do.

variable "ssh_deny_users" {
  description = "accounts that never log in over ssh"
  default     = ["root"]
}

variable "ssh_deny_groups" {
  description = "groups whose members never log in over ssh"
  default     = ["root"]
}

variable "ssh_allow_users" {
  description = "patterns of accounts that may log in over ssh; an account that matches none is refused"
  default     = ["*@*"]
}

variable "ssh_allow_groups" {
  description = "patterns of groups whose members may log in over ssh; who is in none is refused"
  default     = ["*"]
}

variable "ssh_log_levels" {
  description = "levels that sshd may log at, the one to set first"
  default     = ["INFO", "VERBOSE"]
}

variable "ssh_max_sessions" {
  description = "most sessions over one connection"
  default     = 10
}

variable "ssh_max_startups" {
  description = "connections that have not logged in: from how many on some are dropped, what percentage of them, and from how many on all"
  default     = "10:30:60"
}

variable "ssh_config_mode" {
  description = "most permissive mode of the server's configuration"
  default     = "0600"
}

rule "ssh-users-denied" {
  title    = "sshd refuses accounts that have no business logging in"
  why      = "Service accounts and root are what guessing starts with. A refusal holds whatever key or password they have."
  breaks   = "Accounts on the list cannot log in, agents and automation among them. A build whose account is on the list cannot apply this."
  source   = "CIS benchmarks, ssh server; sshd_config(5), DenyUsers."
  severity = "medium"

  sshd "DenyUsers" {
    contains = var.ssh_deny_users
  }
}

rule "ssh-groups-denied" {
  title    = "sshd refuses members of groups that have no business logging in"
  why      = "An account in root's group can read what is meant for root."
  breaks   = "Members of the groups cannot log in. A build whose account is a member cannot apply this."
  source   = "Azure security baseline for Linux; sshd_config(5), DenyGroups."
  severity = "medium"

  sshd "DenyGroups" {
    contains = var.ssh_deny_groups
  }
}

rule "ssh-users-allowed" {
  title    = "sshd names the accounts that may log in"
  why      = "With a list, a new account cannot log in until somebody decides so. The default pattern is for everybody: it only makes the decision visible."
  breaks   = "Accounts that the list does not name are refused, those that cloud-init and the Azure agent make later too. A list without the account of a build is refused."
  source   = "Azure security baseline for Linux; sshd_config(5), AllowUsers."
  severity = "low"

  sshd "AllowUsers" {
    contains = var.ssh_allow_users
  }
}

rule "ssh-groups-allowed" {
  title    = "sshd names the groups whose members may log in"
  why      = "With a list, a new account cannot log in until somebody puts it in a group. The default pattern is for everybody."
  breaks   = "Accounts in none of the groups are refused, those that cloud-init and the Azure agent make later too."
  source   = "Azure security baseline for Linux; sshd_config(5), AllowGroups."
  severity = "low"

  sshd "AllowGroups" {
    contains = var.ssh_allow_groups
  }
}

rule "ssh-log-level" {
  title    = "sshd logs logins and no secrets"
  why      = "Below INFO, logins leave no trace; the debug levels write what users type and send. VERBOSE also notes which key was used."
  breaks   = "Nothing: INFO is what sshd logs at by itself, and VERBOSE adds some lines for each login."
  source   = "CIS benchmarks, ssh server; sshd_config(5), LogLevel."
  severity = "medium"

  sshd "LogLevel" {
    one_of = var.ssh_log_levels
  }
}

rule "ssh-hostbased-off" {
  title    = "sshd trusts no other host's word for who a user is"
  why      = "Whoever is root on a trusted host would be everybody here."
  breaks   = "Logins that rest on the other host's key alone end; nothing on a node logs in that way."
  source   = "CIS benchmarks, ssh server; sshd_config(5), HostbasedAuthentication."
  severity = "high"

  sshd "HostbasedAuthentication" {
    value = "no"
  }
}

rule "ssh-rhosts-ignored" {
  title    = "sshd ignores users' lists of trusted hosts"
  why      = "A user could open the account to everybody on another machine with one line."
  breaks   = "Nothing unless host-based logins are on: then users' own lists no longer count."
  source   = "CIS benchmarks, ssh server; sshd_config(5), IgnoreRhosts."
  severity = "medium"

  sshd "IgnoreRhosts" {
    value = "yes"
  }
}

rule "ssh-empty-passwords-off" {
  title    = "sshd lets nobody in with an empty password"
  why      = "An account whose password was never set would be open to all."
  breaks   = "Accounts with an empty password cannot log in; those with keys can."
  source   = "CIS benchmarks, ssh server; sshd_config(5), PermitEmptyPasswords."
  severity = "high"

  sshd "PermitEmptyPasswords" {
    value = "no"
  }
}

rule "ssh-pam-on" {
  title    = "sshd goes through PAM"
  why      = "Lockout, expiry, limits and the umask of sessions are PAM's; without it none of them holds for ssh."
  breaks   = "Accounts that PAM refuses, expired and locked ones among them, cannot log in with a key any more."
  source   = "CIS benchmarks, ssh server; sshd_config(5), UsePAM."
  severity = "medium"

  sshd "UsePAM" {
    value = "yes"
  }
}

rule "ssh-gssapi-off" {
  title    = "sshd offers no GSSAPI login"
  why      = "GSSAPI is code that runs before anybody has logged in, and of no use without Kerberos."
  breaks   = "Logins with Kerberos tickets end: where they go through a domain, waive this."
  source   = "CIS benchmarks, ssh server; sshd_config(5), GSSAPIAuthentication."
  severity = "low"

  sshd "GSSAPIAuthentication" {
    value = "no"
  }
}

rule "ssh-forwarding-off" {
  title    = "sshd forwards no ports, agents or displays"
  why      = "A session that forwards is a way around the firewall, in both directions."
  breaks   = "Tunnels to a node, remote editors and kubectl through a jump host stop working, and nothing after it in the configuration can allow one of them again."
  source   = "CIS benchmarks, ssh server; sshd_config(5), DisableForwarding."
  severity = "medium"

  sshd "DisableForwarding" {
    value = "yes"
  }
}

rule "ssh-max-sessions" {
  title    = "sshd bounds the sessions of one connection"
  why      = "One connection could otherwise take all processes."
  breaks   = "Programs that share a connection, such as Ansible, need a few sessions; a value of 1 makes them fail."
  source   = "CIS benchmarks, ssh server; sshd_config(5), MaxSessions."
  severity = "low"

  sshd "MaxSessions" {
    min = 1
    max = var.ssh_max_sessions
  }
}

rule "ssh-max-startups" {
  title    = "sshd bounds the connections that have not logged in"
  why      = "Whoever opens connections and says nothing would keep others out."
  breaks   = "The limit counts everybody together, so a crowd of clients that start at once may see a few refused."
  source   = "CIS benchmarks, ssh server; sshd_config(5), MaxStartups."
  severity = "low"

  sshd "MaxStartups" {
    max = var.ssh_max_startups
  }
}

rule "ssh-config-access" {
  title    = "Only root can read or change the ssh server's configuration"
  why      = "Whoever writes the configuration decides who logs in; whoever reads it sees what is allowed from where."
  breaks   = "Nothing: sshd reads it as root. Agents that read it under another account lose it."
  source   = "CIS benchmarks, ssh server; sshd(8), FILES."
  severity = "medium"

  file "/etc/ssh/sshd_config" {
    owner = "root"
    group = "root"
    mode  = var.ssh_config_mode
  }
  file "/etc/ssh/sshd_config.d/00-harden.conf" {
    owner = "root"
    group = "root"
    mode  = var.ssh_config_mode
  }
  file "/etc/ssh/sshd_config.d/50-cloud-init.conf" {
    owner = "root"
    group = "root"
    mode  = var.ssh_config_mode
  }
  file "/etc/ssh/sshd_config.d/60-cloudimg-settings.conf" {
    owner = "root"
    group = "root"
    mode  = var.ssh_config_mode
  }
}

rule "ssh-host-private-keys-access" {
  title    = "Only root can read the private host keys"
  why      = "Whoever has a private host key can pose as this machine."
  breaks   = "Nothing: sshd refuses keys that others can read. An image before its first boot has none."
  source   = "CIS benchmarks, ssh server; sshd(8), FILES."
  severity = "high"

  ssh_host_keys "private" {}
}

rule "ssh-host-public-keys-access" {
  title    = "Only root can change the public host keys"
  why      = "A public key that does not belong to the private one keeps clients out, or makes them trust another machine."
  breaks   = "Nothing: everybody can still read them."
  source   = "CIS benchmarks, ssh server; sshd(8), FILES."
  severity = "low"

  ssh_host_keys "public" {}
}
