# The 36 controls that the published AKS host of Ubuntu 16.04 configured.

profile "cis-ubuntu-16.04" {
  version   = "1.0"
  benchmark = "CIS Ubuntu Linux 16.04 LTS Benchmark v1.0.0"

  sections = {
    "1" = "Base system"
    "2" = "Services and time"
    "3" = "Network and firewall"
    "4" = "Logs and audit"
    "5" = "Jobs, logins and privileges"
  }

  platform {
    os      = "ubuntu"
    version = "16.04"
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
    rules = ["kmod-jffs2-disabled"]
  }

  control "1.1.1.4" {
    level = 1
    rules = ["kmod-hfs-disabled"]
  }

  control "1.1.1.5" {
    level = 1
    rules = ["kmod-hfsplus-disabled"]
  }

  control "1.4.3" {
    level = 1
    rules = ["rescue-shell-authenticates"]
  }

  control "1.7.1.2" {
    level = 1
    rules = ["issue-banner"]
  }

  control "1.7.1.3" {
    level = 1
    rules = ["issue-net-banner"]
  }

  control "1.7.1.5" {
    level = 1
    rules = ["issue-access"]
  }

  control "1.7.1.6" {
    level = 1
    rules = ["issue-net-access"]
  }

  control "2.1.5" {
    level = 1
    rules = ["kubelet-streaming-idle-timeout"]
  }

  control "3.1.2" {
    level = 1
    rules = ["redirects-not-sent"]
  }

  control "3.2.1" {
    level = 1
    rules = ["source-routes-refused"]
  }

  control "3.2.2" {
    level = 1
    rules = ["redirects-refused"]
  }

  control "3.2.3" {
    level = 1
    rules = ["secure-redirects-refused"]
  }

  control "3.2.4" {
    level = 1
    rules = ["martians-logged"]
  }

  control "3.3.1" {
    level = 1
    rules = ["router-advertisements-refused"]
  }

  control "3.5.1" {
    level = 1
    rules = ["kmod-dccp-disabled"]
  }

  control "3.5.2" {
    level = 1
    rules = ["kmod-sctp-disabled"]
  }

  control "3.5.3" {
    level = 1
    rules = ["kmod-rds-disabled"]
  }

  control "3.5.4" {
    level = 1
    rules = ["kmod-tipc-disabled"]
  }

  control "4.2.1.2" {
    level = 1
    rules = ["rsyslog-selectors"]
  }

  control "5.1.2" {
    level = 1
    rules = ["crontab-access"]
  }

  control "5.2.4" {
    level = 1
    rules = ["ssh-x11-forwarding-off"]
  }

  control "5.2.5" {
    level = 1
    rules = ["ssh-max-auth-tries"]
  }

  control "5.2.8" {
    level = 1
    rules = ["ssh-root-login-off"]
  }

  control "5.2.10" {
    level = 1
    rules = ["ssh-user-environment-off"]
  }

  control "5.2.11" {
    level = 1
    rules = ["ssh-macs-strong"]
  }

  control "5.2.12" {
    level = 1
    rules = ["ssh-idle-timeout"]
  }

  control "5.2.13" {
    level = 1
    rules = ["ssh-login-grace-time"]
  }

  control "5.2.15" {
    level = 1
    rules = ["ssh-banner"]
  }

  control "5.3.1" {
    level = 1
    rules = ["password-quality"]
  }

  control "5.4.1.1" {
    level = 1
    rules = ["password-max-days", "password-age-max"]
  }

  control "5.4.1.4" {
    level = 1
    rules = ["password-inactive-lock", "password-age-inactive"]
  }

  control "5.4.4" {
    level = 1
    rules = ["umask-restrictive"]
  }

  control "5.6" {
    level = 1
    rules = ["su-restricted"]
  }
}
