# The intentions of the AKS host hardening list, placed in this system's benchmark. A number that starts
# with AKS- is the list's own, for what this benchmark does not ask.

profile "aks-ubuntu-24.04" {
  version   = "1.0"
  benchmark = "CIS Ubuntu Linux 24.04 LTS Benchmark v1.0.0"

  platform {
    os      = "ubuntu"
    version = "24.04"
  }

  control "1.1.1.1" {
    level = 1
    rules = ["kmod-cramfs-disabled"]
  }

  control "1.1.1.2" {
    level = 1
    rules = ["kmod-freevxfs-disabled"]
  }

  control "1.1.1.3" {
    level = 1
    rules = ["kmod-hfs-disabled"]
  }

  control "1.1.1.4" {
    level = 1
    rules = ["kmod-hfsplus-disabled"]
  }

  control "1.1.1.5" {
    level = 1
    rules = ["kmod-jffs2-disabled"]
  }

  control "1.6.2" {
    level = 1
    rules = ["issue-banner"]
  }

  control "1.6.3" {
    level = 1
    rules = ["issue-net-banner"]
  }

  control "1.6.5" {
    level = 1
    rules = ["issue-access"]
  }

  control "1.6.6" {
    level = 1
    rules = ["issue-net-access"]
  }

  control "2.4.1.2" {
    level = 1
    rules = ["crontab-access"]
  }

  control "3.2.1" {
    level = 2
    rules = ["kmod-dccp-disabled"]

    waiver {
      reason        = "potential_operational_impact"
      justification = "user workloads may speak DCCP"
      owner         = "aks"
      expires       = "2027-11-30"
    }
  }

  control "3.2.2" {
    level = 2
    rules = ["kmod-tipc-disabled"]

    waiver {
      reason        = "potential_operational_impact"
      justification = "user workloads may speak TIPC"
      owner         = "aks"
      expires       = "2027-11-30"
    }
  }

  control "3.2.3" {
    level = 2
    rules = ["kmod-rds-disabled"]

    waiver {
      reason        = "potential_operational_impact"
      justification = "user workloads may speak RDS"
      owner         = "aks"
      expires       = "2027-11-30"
    }
  }

  control "3.2.4" {
    level = 2
    rules = ["kmod-sctp-disabled"]

    waiver {
      reason        = "potential_operational_impact"
      justification = "user workloads may speak SCTP"
      owner         = "aks"
      expires       = "2027-11-30"
    }
  }

  control "3.3.2" {
    level = 1
    rules = ["redirects-not-sent"]
  }

  control "3.3.5" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.3.6" {
    level = 1
    rules = ["secure-redirects-refused"]
  }

  control "3.3.8" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.3.9" {
    level = 1
    rules = ["martians-logged"]
  }

  control "3.3.11" {
    level = 1
    rules = ["router-advertisements-refused"]
  }

  control "5.1.5" {
    level = 1
    rules = ["ssh-banner"]
  }

  control "5.1.7" {
    level = 1
    rules = ["ssh-idle-timeout"]
  }

  control "5.1.13" {
    level = 1
    rules = ["ssh-login-grace-time"]
  }

  control "5.1.15" {
    level = 1
    rules = ["ssh-macs-strong"]
  }

  control "5.1.16" {
    level = 1
    rules = ["ssh-max-auth-tries"]
  }

  control "5.1.20" {
    level = 1
    rules = ["ssh-root-login-off"]
  }

  control "5.1.21" {
    level = 1
    rules = ["ssh-user-environment-off"]
  }

  control "5.2.7" {
    level = 1
    rules = ["su-restricted"]
  }

  control "5.3.2.2" {
    level = 1
    rules = ["account-lockout"]
  }

  control "5.3.3.2.2" {
    level = 1
    rules = ["password-quality"]
  }

  control "5.4.1.1" {
    level = 1
    rules = ["password-max-days"]
  }

  control "5.4.1.5" {
    level = 1
    rules = ["password-inactive-lock"]
  }

  control "5.4.3.3" {
    level = 1
    rules = ["umask-restrictive"]
  }

  control "6.1.3.5" {
    level = 1
    rules = ["rsyslog-selectors"]
  }

  control "AKS-1.4.3" {
    level = 1
    rules = ["rescue-shell-authenticates"]
  }

  control "AKS-2.1.5" {
    level = 1
    rules = ["kubelet-streaming-idle-timeout"]
  }

  control "AKS-5.2.4" {
    level = 1
    rules = ["ssh-x11-forwarding-off"]
  }
}
