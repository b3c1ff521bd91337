# The intentions of the AKS host hardening list, placed in this system's benchmark. A number that starts
# with AKS- is the list's own, for what this benchmark does not ask.

profile "aks-azurelinux-3.0" {
  version   = "1.0"
  benchmark = "CIS Azure Linux 3.0 Benchmark v1.0"

  platform {
    os      = "azurelinux"
    version = "3.0"
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

  control "1.4.1" {
    level = 1
    rules = ["issue-banner"]
  }

  control "1.4.2" {
    level = 1
    rules = ["issue-net-banner"]
  }

  control "1.4.4" {
    level = 1
    rules = ["issue-access"]
  }

  control "1.4.5" {
    level = 1
    rules = ["issue-net-access"]
  }

  control "3.1.1" {
    level = 1
    rules = ["redirects-not-sent"]
  }

  control "3.1.4" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.1.5" {
    level = 1
    rules = ["secure-redirects-refused"]
  }

  control "3.1.7" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.1.8" {
    level = 1
    rules = ["martians-logged"]
  }

  control "3.1.10" {
    level = 1
    rules = ["router-advertisements-refused"]
  }

  control "5.1.2" {
    level = 1
    rules = ["crontab-access"]
  }

  control "5.2.6" {
    level = 1
    rules = ["ssh-macs-strong"]
  }

  control "5.2.8" {
    level = 1
    rules = ["ssh-banner"]
  }

  control "5.2.9" {
    level = 1
    rules = ["ssh-idle-timeout"]
  }

  control "5.2.12" {
    level = 1
    rules = ["ssh-login-grace-time"]
  }

  control "5.2.14" {
    level = 1
    rules = ["ssh-max-auth-tries"]
  }

  control "5.2.18" {
    level = 1
    rules = ["ssh-root-login-off"]
  }

  control "5.2.19" {
    level = 1
    rules = ["ssh-user-environment-off"]
  }

  control "5.4.1" {
    level = 1
    rules = ["password-quality"]
  }

  control "5.4.2" {
    level = 1
    rules = ["account-lockout"]
  }

  control "5.5.1.1" {
    level = 1
    rules = ["password-max-days"]
  }

  control "5.5.1.4" {
    level = 1
    rules = ["password-inactive-lock"]
  }

  control "5.5.4" {
    level = 1
    rules = ["umask-restrictive"]
  }

  control "AKS-1.4.3" {
    level = 1
    rules = ["rescue-shell-authenticates"]
  }

  control "AKS-2.1.5" {
    level = 1
    rules = ["kubelet-streaming-idle-timeout"]
  }

  control "AKS-3.5.1" {
    level = 1
    rules = ["kmod-dccp-disabled"]
  }

  control "AKS-3.5.2" {
    level = 1
    rules = ["kmod-sctp-disabled"]
  }

  control "AKS-3.5.3" {
    level = 1
    rules = ["kmod-rds-disabled"]
  }

  control "AKS-3.5.4" {
    level = 1
    rules = ["kmod-tipc-disabled"]
  }

  control "AKS-4.2.1.2" {
    level = 1
    rules = ["rsyslog-selectors"]
  }

  control "AKS-5.2.4" {
    level = 1
    rules = ["ssh-x11-forwarding-off"]
  }

  control "AKS-5.6" {
    level = 1
    rules = ["su-restricted"]
  }
}
