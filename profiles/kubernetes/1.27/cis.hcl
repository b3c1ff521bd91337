# An add-on for any node profile: the controls of section 4, which the node decides. The other sections are
# about the control plane and the cluster, which an image does not hold.

profile "cis-kubernetes-1.27" {
  version   = "1.0"
  benchmark = "CIS Kubernetes V1.27 Benchmark v1.9.0"

  sections = {
    "4" = "Worker nodes"
  }

  control "4.1.1" {
    level = 1
    rules = ["kubelet-service-mode"]
  }

  control "4.1.2" {
    level = 1
    rules = ["kubelet-service-owner"]
  }

  control "4.1.3" {
    level = 1
    rules = ["kube-proxy-kubeconfig-mode"]
  }

  control "4.1.4" {
    level = 1
    rules = ["kube-proxy-kubeconfig-owner"]
  }

  control "4.1.5" {
    level = 1
    rules = ["kubelet-kubeconfig-mode"]
  }

  control "4.1.6" {
    level = 1
    rules = ["kubelet-kubeconfig-owner"]
  }

  control "4.1.7" {
    level = 1
    rules = ["kubelet-client-ca-mode"]
  }

  control "4.1.8" {
    level = 1
    rules = ["kubelet-client-ca-owner"]
  }

  control "4.1.9" {
    level = 1
    rules = ["kubelet-config-mode"]
  }

  control "4.1.10" {
    level = 1
    rules = ["kubelet-config-owner"]
  }

  control "4.2.1" {
    level = 1
    rules = ["kubelet-anonymous-off"]
  }

  control "4.2.2" {
    level = 1
    rules = ["kubelet-authorization"]
  }

  control "4.2.3" {
    level = 1
    rules = ["kubelet-client-ca"]
  }

  control "4.2.4" {
    level = 1
    rules = ["kubelet-read-only-port-off"]
  }

  control "4.2.5" {
    level = 1
    rules = ["kubelet-streaming-idle-timeout"]
  }

  control "4.2.6" {
    level = 1
    rules = ["kubelet-iptables-chains"]
  }

  control "4.2.7" {
    level = 1
    rules = ["kubelet-hostname-not-overridden"]
  }

  control "4.2.8" {
    level = 2
    rules = ["kubelet-event-rate"]
  }

  control "4.2.9" {
    level = 1
    rules = ["kubelet-serving-certificate"]
  }

  control "4.2.10" {
    level = 1
    rules = ["kubelet-certificate-rotation"]
  }

  control "4.2.11" {
    level = 1
    rules = ["kubelet-server-certificate-rotation"]
  }

  control "4.2.12" {
    level = 1
    rules = ["kubelet-strong-ciphers"]
  }

  control "4.2.13" {
    level = 1
    rules = ["kubelet-pod-pids-limited"]
  }
}
