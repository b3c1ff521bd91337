# What AKS publishes of this system: the benchmark with its deviations, each waived for a reason.

profile "aks-azurelinux-3.0" {
  version = "1.0"
  extends = "cis-azurelinux-3.0"

  invariants = [
    "packet-forwarding", "container-storage", "container-runtime", "kubelet", "boot-partition", "azure-agent", "provisioning",
  ]

  variables = {
    password_age_except = ["root"]
    ssh_deny_users      = ["root", "omsagent", "nxautomation"]
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
