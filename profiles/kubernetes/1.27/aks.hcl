# What AKS publishes of its nodes: the benchmark with its deviation, waived.

profile "aks-kubernetes-1.27" {
  version = "1.0"
  extends = "cis-kubernetes-1.27"

  waiver {
    controls      = ["4.2.11"]
    reason        = "accepted_risk"
    justification = "published as not met, without a reason; to be reviewed"
    owner         = "aks"
    expires       = "2027-11-30"
  }
}
