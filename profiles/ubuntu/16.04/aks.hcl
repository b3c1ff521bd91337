# What AKS publishes of this system: the benchmark with its deviations, each waived for a reason.

profile "aks-ubuntu-16.04" {
  version = "1.0"
  extends = "cis-ubuntu-16.04"

  invariants = [
    "packet-forwarding", "container-storage", "container-runtime", "kubelet", "boot-partition", "azure-agent", "provisioning",
  ]
}
