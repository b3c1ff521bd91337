# The kubelet's files and arguments on a node. Not applicable on an image without a kubelet; files that only
# appear when the node starts are not observable in the image. The idle timeout stands in kubelet.hcl.

variable "kubelet_file_mode" {
  description = "bits that the kubelet's files may have"
  default     = "0600"
}

variable "kubelet_pod_max_pids" {
  description = "processes that a pod may have at most"
  default     = "1048576"
}

variable "kubelet_tls_cipher_suites" {
  description = "cipher suites that the kubelet may offer"
  default     = ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_GCM_SHA256"]
}

rule "kubelet-service-mode" {
  title = "The kubelet's unit and drop-ins: for root alone"
  why   = "They say as whom, and with which arguments, the most powerful program of a node runs. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "service" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-service-owner" {
  title = "The kubelet's unit and drop-ins: owned by root"
  why   = "They say as whom, and with which arguments, the most powerful program of a node runs. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "service" {
    owner = "root"
    group = "root"
  }
}

rule "kubelet-kubeconfig-mode" {
  title = "The kubelet's kubeconfig: for root alone"
  why   = "It is the node's identity to the cluster. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "kubeconfig" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-kubeconfig-owner" {
  title = "The kubelet's kubeconfig: owned by root"
  why   = "It is the node's identity to the cluster. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "kubeconfig" {
    owner = "root"
    group = "root"
  }
}

rule "kubelet-client-ca-mode" {
  title = "The kubelet's client CA: for root alone"
  why   = "Whoever changes it chooses whom the kubelet believes. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "client-ca" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-client-ca-owner" {
  title = "The kubelet's client CA: owned by root"
  why   = "Whoever changes it chooses whom the kubelet believes. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "client-ca" {
    owner = "root"
    group = "root"
  }
}

rule "kubelet-config-mode" {
  title = "The kubelet's configuration: for root alone"
  why   = "It decides who may run commands in pods. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "config" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-config-owner" {
  title = "The kubelet's configuration: owned by root"
  why   = "It decides who may run commands in pods. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_file "config" {
    owner = "root"
    group = "root"
  }
}

rule "kube-proxy-kubeconfig-mode" {
  title = "kube-proxy's kubeconfig is for root alone"
  why   = "It is an identity to the cluster. On AKS kube-proxy runs in a pod and has no such file. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  file "/var/lib/kube-proxy/kubeconfig.conf" {
    mode = "0600"
  }

  file "/var/lib/kube-proxy/kubeconfig" {
    mode = "0600"
  }

  file "/etc/kubernetes/proxy.conf" {
    mode = "0600"
  }
}

rule "kube-proxy-kubeconfig-owner" {
  title = "kube-proxy's kubeconfig is owned by root"
  why   = "It is an identity to the cluster. On AKS kube-proxy runs in a pod and has no such file. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  file "/var/lib/kube-proxy/kubeconfig.conf" {
    owner = "root"
    group = "root"
  }

  file "/var/lib/kube-proxy/kubeconfig" {
    owner = "root"
    group = "root"
  }

  file "/etc/kubernetes/proxy.conf" {
    owner = "root"
    group = "root"
  }
}

rule "kubelet-anonymous-off" {
  title = "The kubelet refuses who does not say who they are"
  why   = "Its API runs commands in every pod of the node. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "anonymous-auth" {
    value = "false"
  }
}

rule "kubelet-authorization" {
  title = "The kubelet asks the cluster who may do what"
  why   = "AlwaysAllow lets every caller do everything. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "authorization-mode" {
    not = ["AlwaysAllow"]
    set = "Webhook"
  }
}

rule "kubelet-client-ca" {
  title = "The kubelet knows whose certificates to believe"
  why   = "Without a CA no client certificate can be checked. Which file is the node's to say. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "client-ca-file" {
    not = [""]
  }
}

rule "kubelet-read-only-port-off" {
  title = "The kubelet has no port without authentication"
  why   = "It tells every caller which pods run and with which settings. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "read-only-port" {
    value = "0"
  }
}

rule "kubelet-iptables-chains" {
  title = "The kubelet keeps its own firewall chains"
  why   = "Without them rules of the node and of pods diverge. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "make-iptables-util-chains" {
    value = "true"
  }
}

rule "kubelet-hostname-not-overridden" {
  title = "The node keeps its own name"
  why   = "An overridden name breaks the certificate that was issued for it. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "hostname-override" {
    value = ""
  }
}

rule "kubelet-event-rate" {
  title = "The kubelet passes enough events on"
  why   = "Dropped events are gaps in the record. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "event-qps" {
    min = "0"
  }
}

rule "kubelet-serving-certificate" {
  title = "The kubelet serves with a certificate of its own"
  why   = "Without a file or rotation it signs one itself that nobody can check. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "tls-cert-file" {
    not = [""]
  }

  kubelet_argument "tls-private-key-file" {
    not = [""]
  }
}

rule "kubelet-certificate-rotation" {
  title = "The kubelet renews its client certificate"
  why   = "Otherwise the node falls out of the cluster when it expires. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "rotate-certificates" {
    value = "true"
  }
}

rule "kubelet-server-certificate-rotation" {
  title = "The kubelet renews its serving certificate"
  why   = "Otherwise it expires, or never does. The cluster has to approve the requests. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "rotate-server-certificates" {
    value = "true"
  }
}

rule "kubelet-strong-ciphers" {
  title = "The kubelet offers strong ciphers only"
  why   = "An old suite can be broken by who records the traffic. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "tls-cipher-suites" {
    one_of = var.kubelet_tls_cipher_suites
  }
}

rule "kubelet-pod-pids-limited" {
  title = "A pod has a bound on its processes"
  why   = "A pod that forks without end takes the node down. Source: CIS Kubernetes benchmark, section 4; kubelet configuration reference."

  kubelet_argument "pod-max-pids" {
    min = "1"
    max = var.kubelet_pod_max_pids
    set = var.kubelet_pod_max_pids
  }
}
