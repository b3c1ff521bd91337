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
  title    = "The kubelet's unit and drop-ins: for root alone"
  why      = "The unit and its drop-ins say as whom, and with which arguments, the most powerful program of a node runs."
  breaks   = "Nothing: systemd reads them as root. Agents that read the kubelet's arguments there need root."
  source   = "CIS Kubernetes benchmark, section 4.1; systemd.unit(5)."
  severity = "medium"

  kubelet_file "service" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-service-owner" {
  title    = "The kubelet's unit and drop-ins: owned by root"
  why      = "The owner of a unit decides what root runs."
  breaks   = "Nothing: systemd reads it whoever owns it."
  source   = "CIS Kubernetes benchmark, section 4.1; systemd.unit(5)."
  severity = "high"

  kubelet_file "service" {
    owner = "root"
    group = "root"
  }
}

rule "kubelet-kubeconfig-mode" {
  title    = "The kubelet's kubeconfig: for root alone"
  why      = "The kubeconfig is the node's identity to the cluster."
  breaks   = "Agents that borrow the node's identity under another account lose it, which is the point."
  source   = "CIS Kubernetes benchmark, section 4.1; kubelet reference, --kubeconfig."
  severity = "high"

  kubelet_file "kubeconfig" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-kubeconfig-owner" {
  title    = "The kubelet's kubeconfig: owned by root"
  why      = "The owner of the kubeconfig has the node's identity to the cluster."
  breaks   = "Nothing: the kubelet runs as root."
  source   = "CIS Kubernetes benchmark, section 4.1; kubelet reference, --kubeconfig."
  severity = "high"

  kubelet_file "kubeconfig" {
    owner = "root"
    group = "root"
  }
}

rule "kubelet-client-ca-mode" {
  title    = "The kubelet's client CA: for root alone"
  why      = "Whoever changes the file chooses whom the kubelet believes."
  breaks   = "Programs under other accounts that check the cluster's certificates with this copy lose it; pods have a copy of their own."
  source   = "CIS Kubernetes benchmark, section 4.1; kubelet configuration reference, authentication.x509.clientCAFile."
  severity = "medium"

  kubelet_file "client-ca" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-client-ca-owner" {
  title    = "The kubelet's client CA: owned by root"
  why      = "Whoever owns the file chooses whom the kubelet believes."
  breaks   = "Nothing: the kubelet runs as root."
  source   = "CIS Kubernetes benchmark, section 4.1; kubelet configuration reference, authentication.x509.clientCAFile."
  severity = "high"

  kubelet_file "client-ca" {
    owner = "root"
    group = "root"
  }
}

rule "kubelet-config-mode" {
  title    = "The kubelet's configuration: for root alone"
  why      = "The configuration decides who may run commands in pods."
  breaks   = "Agents that read the kubelet's configuration under another account lose it; the API serves it too."
  source   = "CIS Kubernetes benchmark, section 4.1; kubelet reference, --config."
  severity = "medium"

  kubelet_file "config" {
    mode = var.kubelet_file_mode
  }
}

rule "kubelet-config-owner" {
  title    = "The kubelet's configuration: owned by root"
  why      = "Whoever owns the configuration decides who may run commands in pods."
  breaks   = "Nothing: the kubelet runs as root."
  source   = "CIS Kubernetes benchmark, section 4.1; kubelet reference, --config."
  severity = "high"

  kubelet_file "config" {
    owner = "root"
    group = "root"
  }
}

rule "kube-proxy-kubeconfig-mode" {
  title    = "kube-proxy's kubeconfig is for root alone"
  why      = "The file is an identity to the cluster."
  breaks   = "Nothing: kube-proxy runs as root. On AKS it runs in a pod and has no such file."
  source   = "CIS Kubernetes benchmark, section 4.1; kube-proxy reference, --kubeconfig."
  severity = "medium"

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
  title    = "kube-proxy's kubeconfig is owned by root"
  why      = "The owner of the file has an identity to the cluster."
  breaks   = "Nothing: kube-proxy runs as root. On AKS it runs in a pod and has no such file."
  source   = "CIS Kubernetes benchmark, section 4.1; kube-proxy reference, --kubeconfig."
  severity = "medium"

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
  title    = "The kubelet refuses who does not say who they are"
  why      = "The kubelet's API runs commands in every pod of the node."
  breaks   = "Monitoring and probes that read the kubelet's port without saying who they are are refused. Its health port on the loopback address asks nobody."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, authentication.anonymous."
  severity = "high"

  kubelet_argument "anonymous-auth" {
    value = "false"
  }
}

rule "kubelet-authorization" {
  title    = "The kubelet asks the cluster who may do what"
  why      = "AlwaysAllow lets every caller do everything."
  breaks   = "Callers need rights on nodes from the cluster: monitoring without them is refused, and so is everybody while the API server cannot be reached."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, authorization.mode."
  severity = "high"

  kubelet_argument "authorization-mode" {
    not = ["AlwaysAllow"]
    set = "Webhook"
  }
}

rule "kubelet-client-ca" {
  title    = "The kubelet knows whose certificates to believe"
  why      = "Without a CA no client certificate can be checked."
  breaks   = "A kubelet that is told of a file that is not there does not start. Which file is the node's to say."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, authentication.x509.clientCAFile."
  severity = "high"

  kubelet_argument "client-ca-file" {
    not = [""]
  }
}

rule "kubelet-read-only-port-off" {
  title    = "The kubelet has no port without authentication"
  why      = "The port tells every caller which pods run and with which settings."
  breaks   = "Old monitoring that reads port 10255 gets nothing."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, readOnlyPort."
  severity = "medium"

  kubelet_argument "read-only-port" {
    value = "0"
  }
}

rule "kubelet-iptables-chains" {
  title    = "The kubelet keeps its own firewall chains"
  why      = "Without them rules of the node and of pods diverge."
  breaks   = "Nothing: it is what the kubelet does unless it is told otherwise."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, makeIPTablesUtilChains."
  severity = "low"

  kubelet_argument "make-iptables-util-chains" {
    value = "true"
  }
}

rule "kubelet-hostname-not-overridden" {
  title    = "The node keeps its own name"
  why      = "An overridden name does not fit the certificate that was issued for the node, nor its logs."
  breaks   = "Clusters whose nodes are registered under other names than their own, as some clouds do, lose the node."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet reference, --hostname-override."
  severity = "low"

  kubelet_argument "hostname-override" {
    value = ""
  }
}

rule "kubelet-event-rate" {
  title    = "The kubelet passes enough events on"
  why      = "Dropped events are gaps in the record."
  breaks   = "Without a limit (0) a node in trouble can flood the API server with events."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, eventRecordQPS."
  severity = "low"

  kubelet_argument "event-qps" {
    min = "0"
  }
}

rule "kubelet-serving-certificate" {
  title    = "The kubelet serves with a certificate of its own"
  why      = "Without a file or rotation the kubelet signs a certificate by itself that nobody can check."
  breaks   = "A kubelet that is told of files that are not there does not start. Which files is the node's to say."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, tlsCertFile."
  severity = "medium"

  kubelet_argument "tls-cert-file" {
    not = [""]
  }

  kubelet_argument "tls-private-key-file" {
    not = [""]
  }
}

rule "kubelet-certificate-rotation" {
  title    = "The kubelet renews its client certificate"
  why      = "A certificate that nobody renews takes the node out of the cluster when it expires."
  breaks   = "Nothing where the cluster signs renewals, as it does by default."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, rotateCertificates."
  severity = "medium"

  kubelet_argument "rotate-certificates" {
    value = "true"
  }
}

rule "kubelet-server-certificate-rotation" {
  title    = "The kubelet renews its serving certificate"
  why      = "A serving certificate that nobody renews expires, or lives for ever."
  breaks   = "Somebody or something in the cluster has to approve the requests: until then the kubelet has no certificate to serve with, and kubectl logs and exec fail."
  source   = "CIS Kubernetes benchmark, section 4.2; Kubernetes documentation, TLS bootstrapping, serverTLSBootstrap."
  severity = "medium"

  kubelet_argument "rotate-server-certificates" {
    value = "true"
  }
}

rule "kubelet-strong-ciphers" {
  title    = "The kubelet offers strong ciphers only"
  why      = "An old suite can be broken by who records the traffic."
  breaks   = "Callers that know none of these suites cannot connect. TLS 1.3 has suites of its own, which are not chosen here."
  source   = "CIS Kubernetes benchmark, section 4.2; kubelet configuration reference, tlsCipherSuites."
  severity = "medium"

  kubelet_argument "tls-cipher-suites" {
    one_of = var.kubelet_tls_cipher_suites
  }
}

rule "kubelet-pod-pids-limited" {
  title    = "A pod has a bound on its processes"
  why      = "A pod that forks without end takes the node down."
  breaks   = "A pod that needs more processes and threads than the limit fails to start them."
  source   = "CIS Kubernetes benchmark, section 4.2; Kubernetes documentation, process ID limits and reservations."
  severity = "medium"

  kubelet_argument "pod-max-pids" {
    min = "1"
    max = var.kubelet_pod_max_pids
    set = var.kubelet_pod_max_pids
  }
}
