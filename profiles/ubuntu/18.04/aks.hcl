# What AKS publishes of this system: the benchmark with its deviations, each waived for a reason.

profile "aks-ubuntu-18.04" {
  version = "1.1"
  extends = "cis-ubuntu-18.04"

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
    justification = "provisioning on Azure reads a disc in this format"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.1.2", "1.1.3"]
    reason        = "accepted_risk"
    justification = "published as not met, without a reason; a tmpfs would take the space of /tmp from the memory of pods"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.1.9"]
    reason        = "potential_operational_impact"
    justification = "programs that make code while they run may map it from there"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.1.22", "6.1.10", "6.1.11", "6.1.12"]
    reason        = "potential_operational_impact"
    justification = "workloads and their images bring files of their own"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.3.1", "1.3.2"]
    reason        = "covered_elsewhere"
    justification = "an image is scanned before it is released, and a node is replaced rather than repaired"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.4.1", "1.4.2", "1.4.3", "1.4.4"]
    reason        = "accepted_risk"
    justification = "published as not met; the console of a node is behind the access control of the platform"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["1.6.1.2"]
    reason        = "potential_operational_impact"
    justification = "confinement that is forced on at boot may stop workloads and add-ons"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = [
      "2.1.16", "2.2.4", "4.2.2.2", "4.2.3", "4.4", "5.1.8", "5.1.9", "5.2.3",
      "5.3.16", "5.3.21", "5.4.2", "5.4.3", "5.5.1.5", "5.5.5",
    ]
    reason        = "accepted_risk"
    justification = "published as not met, without a reason; to be reviewed"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["2.2.6"]
    reason        = "potential_operational_impact"
    justification = "volumes over NFS need it"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["3.2.2"]
    reason        = "potential_operational_impact"
    justification = "container networking forwards packets"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = [
      "3.5.1.3", "3.5.1.4", "3.5.1.5", "3.5.1.6", "3.5.1.7", "3.5.2.1", "3.5.2.2", "3.5.2.3",
      "3.5.2.4", "3.5.2.5", "3.5.2.6", "3.5.2.7", "3.5.2.8", "3.5.2.9", "3.5.2.10", "3.5.3.1.1",
      "3.5.3.1.3", "3.5.3.2.1", "3.5.3.2.2", "3.5.3.2.3", "3.5.3.3.1", "3.5.3.3.2", "3.5.3.3.3", "3.5.3.3.4",
    ]
    reason        = "covered_elsewhere"
    justification = "network security groups and network policies filter; the node's packet filter belongs to the container network"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["3.5.3.2.4"]
    reason        = "potential_operational_impact"
    justification = "a node opens ports as workloads come and go, and a rule for each would cut them off"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["4.2.1.5"]
    reason        = "covered_elsewhere"
    justification = "an agent of the platform collects the logs"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["5.2.2"]
    reason        = "potential_operational_impact"
    justification = "provisioning runs sudo without a terminal"
    owner         = "aks"
    expires       = "2027-11-30"
  }

  waiver {
    controls      = ["5.7"]
    reason        = "potential_operational_impact"
    justification = "provisioning switches users"
    owner         = "aks"
    expires       = "2027-11-30"
  }
}
