# What AKS publishes of this system: the benchmark with its deviations, each waived for a reason.

profile "aks-azurelinux-2.0" {
  version = "1.0"
  extends = "cis-azurelinux-2.0"

  invariants = [
    "packet-forwarding", "container-storage", "container-runtime", "kubelet", "boot-partition", "azure-agent", "provisioning",
  ]

  variables = {
    password_age_except = ["root"]
    ssh_deny_users      = ["root", "omsagent", "nxautomation"]
  }

  control "AKS-5.2.4" {
    level = 1
    rules = ["ssh-x11-forwarding-off"]
  }
}
