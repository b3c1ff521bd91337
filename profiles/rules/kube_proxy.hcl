# kube-proxy, where it is a service of the machine. On AKS it runs in a pod, whose configuration is the cluster's.

rule "kube-proxy-metrics-local" {
  title    = "kube-proxy answers questions about itself on the machine only"
  why      = "The metrics name the services and addresses of the cluster, and the endpoint asks nobody who they are. On AKS kube-proxy runs in a pod, and no image says how."
  breaks   = "A monitoring system that asks kube-proxy from outside of the node, without an agent on it, gets no answer."
  source   = "CIS Kubernetes benchmark, 4.3.1; kube-proxy configuration reference, metricsBindAddress."
  severity = "medium"

  kube_proxy_argument "metrics-bind-address" {
    one_of = ["127.0.0.1:10249", "[::1]:10249"]
  }
}
