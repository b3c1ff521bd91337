# The ssh server. Every rule is about the value in force after includes, first match and Match blocks.

variable "ssh_max_auth_tries" {
  description = "failed attempts that sshd allows in one connection"
  default     = 4
}

variable "ssh_login_grace_time" {
  description = "seconds within which a connection must have logged in"
  default     = 60
}

variable "ssh_client_alive_interval" {
  description = "most seconds of silence before sshd asks whether the client is there"
  default     = 120
}

variable "ssh_client_alive_count_max" {
  description = "most unanswered questions before sshd ends the session"
  default     = 3
}

variable "ssh_macs" {
  description = "message authentication codes that sshd may offer, best first"
  default = [
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "umac-128-etm@openssh.com",
    "hmac-sha2-512",
    "hmac-sha2-256",
    "umac-128@openssh.com",
  ]
}

rule "ssh-x11-forwarding-off" {
  title    = "sshd does not forward X11"
  why      = "A forwarded display lets a compromised server reach the administrator's screen and keyboard, and nodes have no graphical programs."
  breaks   = "Graphical programs of this machine cannot be shown elsewhere over ssh. Nothing on a node has any."
  source   = "CIS benchmarks, ssh server; sshd_config(5), X11Forwarding."
  severity = "medium"

  sshd "X11Forwarding" {
    value = "no"
  }
}

rule "ssh-max-auth-tries" {
  title    = "sshd ends a connection after a few failed attempts"
  why      = "It slows guessing down, and half of the limit is when failures are logged."
  breaks   = "Clients that offer many keys before the right one are cut off: IdentitiesOnly makes them offer one."
  source   = "CIS benchmarks, ssh server; sshd_config(5), MaxAuthTries."
  severity = "medium"

  sshd "MaxAuthTries" {
    min = 1
    max = var.ssh_max_auth_tries
  }
}

rule "ssh-root-login-off" {
  title    = "root does not log in over ssh"
  why      = "A shared login leaves no trace of who acted. Administrators log in as themselves and use sudo."
  breaks   = "Automation that logs in as root is shut out. A build that logs in as root cannot apply this."
  source   = "CIS benchmarks, ssh server; sshd_config(5), PermitRootLogin."
  severity = "high"

  sshd "PermitRootLogin" {
    value = "no"
  }
}

rule "ssh-user-environment-off" {
  title    = "Users do not set environment variables for sshd's sessions"
  why      = "A variable such as LD_PRELOAD in a user's file gets around forced commands."
  breaks   = "Variables in ~/.ssh/environment and in authorized_keys no longer count."
  source   = "CIS benchmarks, ssh server; sshd_config(5), PermitUserEnvironment."
  severity = "medium"

  sshd "PermitUserEnvironment" {
    value = "no"
  }
}

rule "ssh-macs-strong" {
  title    = "sshd offers only strong message authentication codes"
  why      = "MD5, truncated and 64-bit codes are within reach of forgery."
  breaks   = "Clients that only know older codes, of before 2014 or so, cannot connect any more."
  source   = "CIS benchmarks, ssh server; sshd_config(5), MACs."
  severity = "medium"

  sshd "MACs" {
    allowed = var.ssh_macs
  }
}

rule "ssh-idle-timeout" {
  title    = "sshd ends sessions whose client is gone"
  why      = "An abandoned session is one that somebody else can continue. Sessions whose client answers stay, however idle: the shell's TMOUT is what ends those."
  breaks   = "Sessions over a line that is silent for longer than both limits allow are cut off, with what runs in them."
  source   = "CIS benchmarks, ssh server; sshd_config(5), ClientAliveInterval, ClientAliveCountMax."
  severity = "low"

  sshd "ClientAliveInterval" {
    min = 1
    max = var.ssh_client_alive_interval
  }
  sshd "ClientAliveCountMax" {
    min = 1
    max = var.ssh_client_alive_count_max
  }
}

rule "ssh-login-grace-time" {
  title    = "sshd gives a connection little time to log in"
  why      = "Connections that never authenticate hold resources until this limit. Zero would mean no limit."
  breaks   = "Who needs longer to type a password or fetch a second factor has to start again."
  source   = "CIS benchmarks, ssh server; sshd_config(5), LoginGraceTime."
  severity = "low"

  sshd "LoginGraceTime" {
    min = 1
    max = var.ssh_login_grace_time
  }
}

rule "ssh-banner" {
  title    = "sshd shows the remote banner"
  why      = "The warning in /etc/issue.net only warns if sshd shows it."
  breaks   = "Nothing: ssh prints it before the login, and scp, sftp and Packer pass over it."
  source   = "CIS benchmarks, ssh server; sshd_config(5), Banner."
  severity = "low"

  sshd "Banner" {
    value = "/etc/issue.net"
  }
}
