# What AKS publishes of this system: the benchmark with its deviations, each waived for a reason.

profile "aks-ubuntu-22.04" {
  version = "1.1"
  extends = "cis-ubuntu-22.04"

  invariants = [
    "packet-forwarding", "container-storage", "container-runtime", "kubelet", "boot-partition", "azure-agent", "provisioning",
  ]

  variables = {
    password_age_except = ["root"]
    ssh_deny_users      = ["root", "omsagent", "nxautomation"]
  }

  waiver {
    controls      = ["1.1.1.6"]
    reason        = "potential_operational_impact"
    justification = "containers are stacked from overlay mounts"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.1.1.8"]
    reason        = "potential_operational_impact"
    justification = "provisioning on Azure reads a disc in this format"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.1.1.11"]
    reason        = "accepted_risk"
    justification = "published as not met, without a reason; to be reviewed"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.1.2.1.1"]
    reason        = "potential_operational_impact"
    justification = "a tmpfs would take the space of /tmp from the memory of pods"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.1.2.3.1", "1.1.2.4.1", "1.1.2.5.1", "1.1.2.6.1", "1.1.2.7.1"]
    reason        = "potential_operational_impact"
    justification = "a node has one root file system, so that no space is stranded in partitions"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.2.2.1"]
    reason        = "depends_on_environment"
    justification = "the owner of the cluster picks the node image and its upgrade channel"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["2.1.12"]
    reason        = "potential_operational_impact"
    justification = "volumes over NFS need it"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["3.2.1", "3.2.2", "3.2.3", "3.2.4"]
    reason        = "potential_operational_impact"
    justification = "user workloads may speak this protocol"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["3.3.1.1", "3.3.1.2", "3.3.1.3", "3.3.2.1", "3.3.2.2"]
    reason        = "potential_operational_impact"
    justification = "container networking forwards packets"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5"]
    reason        = "covered_elsewhere"
    justification = "network security groups and network policies filter; the node's packet filter belongs to the container network"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["5.1.8"]
    reason        = "potential_operational_impact"
    justification = "ports are forwarded through nodes for debugging"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["5.2.4"]
    reason        = "potential_operational_impact"
    justification = "administrators of nodes log in with keys and have no passwords"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["6.1.1.2.3", "6.1.2.6"]
    reason        = "equivalent_control"
    justification = "an agent of the platform collects the logs"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = [
      "6.2.1.1", "6.2.1.2", "6.2.1.3", "6.2.1.4", "6.2.2.1", "6.2.2.2", "6.2.2.3", "6.2.2.4",
      "6.2.3.1", "6.2.3.2", "6.2.3.3", "6.2.3.4", "6.2.3.5", "6.2.3.6", "6.2.3.7", "6.2.3.8",
      "6.2.3.9", "6.2.3.10", "6.2.3.11", "6.2.3.12", "6.2.3.13", "6.2.3.14", "6.2.3.15", "6.2.3.16",
      "6.2.3.17", "6.2.3.18", "6.2.3.19", "6.2.3.20", "6.2.4.1", "6.2.4.2", "6.2.4.4",
    ]
    reason        = "accepted_risk"
    justification = "auditd is off on nodes, to save its overhead"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["6.3.1", "6.3.2"]
    reason        = "potential_operational_impact"
    justification = "scans would disturb workloads, and a node is replaced rather than repaired"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  control "AKS-5.2.4" {
    level = 1
    rules = ["ssh-x11-forwarding-off"]
  }
}
