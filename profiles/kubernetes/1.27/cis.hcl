# An add-on for any node profile. Section 4 is the node's and is decided on it. The other sections are about the control
# plane and the cluster, which an image does not hold: they are reported with what AKS publishes of them.

profile "cis-kubernetes-1.27" {
  version   = "1.1"
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

  control "4.3.1" {
    level = 1
    rules = ["kube-proxy-metrics-local"]
  }

  not_applicable {
    reason = "about the files of the control plane, which runs on machines of the provider and not on a node"
    owner  = "aks"
    status = "N/A"

    control "1.1.1" {
      level = 1
      title = "The file of the API server's pod is closed to other users"
    }

    control "1.1.2" {
      level = 1
      title = "The file of the API server's pod is root's"
    }

    control "1.1.3" {
      level = 1
      title = "The file of the controller manager's pod is closed to other users"
    }

    control "1.1.4" {
      level = 1
      title = "The file of the controller manager's pod is root's"
    }

    control "1.1.5" {
      level = 1
      title = "The file of the scheduler's pod is closed to other users"
    }

    control "1.1.6" {
      level = 1
      title = "The file of the scheduler's pod is root's"
    }

    control "1.1.7" {
      level = 1
      title = "The file of etcd's pod is closed to other users"
    }

    control "1.1.8" {
      level = 1
      title = "The file of etcd's pod is root's"
    }

    control "1.1.9" {
      level = 1
      title = "The container network's files on the control plane are closed to other users"
    }

    control "1.1.10" {
      level = 1
      title = "The container network's files on the control plane are root's"
    }

    control "1.1.11" {
      level = 1
      title = "The directory of etcd's data is closed to other users"
    }

    control "1.1.12" {
      level = 1
      title = "The directory of etcd's data is etcd's"
    }

    control "1.1.13" {
      level = 1
      title = "The administrator's kubeconfig on the control plane is closed to other users"
    }

    control "1.1.14" {
      level = 1
      title = "The administrator's kubeconfig on the control plane is root's"
    }

    control "1.1.15" {
      level = 1
      title = "The scheduler's kubeconfig is closed to other users"
    }

    control "1.1.16" {
      level = 1
      title = "The scheduler's kubeconfig is root's"
    }

    control "1.1.17" {
      level = 1
      title = "The controller manager's kubeconfig is closed to other users"
    }

    control "1.1.18" {
      level = 1
      title = "The controller manager's kubeconfig is root's"
    }

    control "1.1.19" {
      level = 1
      title = "The cluster's keys and certificates are root's"
    }

    control "1.1.20" {
      level = 1
      title = "The cluster's certificates are closed to other users"
    }

    control "1.1.21" {
      level = 1
      title = "The cluster's private keys are closed to other users"
    }
  }

  not_applicable {
    reason = "about the programs of the control plane, which run on machines of the provider and not on a node"
    owner  = "aks"
    status = "Pass"

    control "1.2.1" {
      level = 1
      title = "The API server refuses requests without a name"
    }

    control "1.2.2" {
      level  = 1
      title  = "The API server takes no tokens from a static file"
      status = "Fail"
    }

    control "1.2.3" {
      level  = 1
      title  = "Services do not take external addresses as they like"
      status = "Fail"
    }

    control "1.2.4" {
      level = 1
      title = "The API server shows kubelets a client certificate"
    }

    control "1.2.5" {
      level  = 1
      title  = "The API server verifies the certificates of kubelets"
      status = "Fail"
    }

    control "1.2.6" {
      level = 1
      title = "The API server does not allow everything"
    }

    control "1.2.7" {
      level = 1
      title = "The API server limits a kubelet to its own node"
    }

    control "1.2.8" {
      level = 1
      title = "The API server decides by roles"
    }

    control "1.2.9" {
      level  = 1
      title  = "The API server limits the rate of events"
      status = "Fail"
    }

    control "1.2.10" {
      level = 1
      title = "The API server's admission does not wave everything through"
    }

    control "1.2.11" {
      level  = 1
      title  = "Images are pulled anew for every pod"
      status = "Fail"
    }

    control "1.2.12" {
      level  = 2
      title  = "Pods get a service account"
      status = "Fail"
    }

    control "1.2.13" {
      level = 2
      title = "Nothing is made in a namespace that is going away"
    }

    control "1.2.14" {
      level = 2
      title = "Admission limits what a kubelet changes"
    }

    control "1.2.15" {
      level = 1
      title = "The API server serves no profiling data"
    }

    control "1.2.16" {
      level = 1
      title = "The API server writes an audit log"
    }

    control "1.2.17" {
      level  = 1
      title  = "Audit logs are kept long enough"
      status = "Equivalent Control"
    }

    control "1.2.18" {
      level  = 1
      title  = "Enough old audit logs are kept"
      status = "Equivalent Control"
    }

    control "1.2.19" {
      level = 1
      title = "Audit logs have a size at which a new one begins"
    }

    control "1.2.20" {
      level = 1
      title = "Requests to the API server have a time limit that fits"
    }

    control "1.2.21" {
      level = 1
      title = "Tokens of deleted service accounts are refused"
    }

    control "1.2.22" {
      level = 1
      title = "The API server verifies service accounts with a key of its own"
    }

    control "1.2.23" {
      level = 1
      title = "The API server shows etcd a client certificate"
    }

    control "1.2.24" {
      level = 1
      title = "The API server serves over TLS with a certificate of its own"
    }

    control "1.2.25" {
      level = 1
      title = "The API server knows which authority signs its clients"
    }

    control "1.2.26" {
      level = 1
      title = "The API server knows which authority signs etcd"
    }

    control "1.2.27" {
      level  = 1
      title  = "Secrets are encrypted in etcd"
      status = "Depends on Environment"
    }

    control "1.2.28" {
      level  = 1
      title  = "The encryption of secrets uses a strong provider"
      status = "Depends on Environment"
    }

    control "1.2.29" {
      level = 1
      title = "The API server offers strong ciphers only"
    }

    control "1.3.1" {
      level = 1
      title = "Finished pods are cleaned away at a number that fits"
    }

    control "1.3.2" {
      level = 1
      title = "The controller manager serves no profiling data"
    }

    control "1.3.3" {
      level = 1
      title = "Each controller has a service account of its own"
    }

    control "1.3.4" {
      level = 1
      title = "The controller manager signs service accounts with a key file"
    }

    control "1.3.5" {
      level = 1
      title = "Pods are given the authority that signs the API server"
    }

    control "1.3.6" {
      level = 2
      title = "Kubelets' serving certificates are renewed by the control plane"
    }

    control "1.3.7" {
      level  = 1
      title  = "The controller manager listens on the loopback address"
      status = "Equivalent Control"
    }

    control "1.4.1" {
      level = 1
      title = "The scheduler serves no profiling data"
    }

    control "1.4.2" {
      level  = 1
      title  = "The scheduler listens on the loopback address"
      status = "Equivalent Control"
    }
  }

  not_applicable {
    reason = "about etcd, which belongs to the control plane and does not run on a node"
    owner  = "aks"
    status = "Pass"

    control "2.1" {
      level = 1
      title = "etcd serves its clients over TLS"
    }

    control "2.2" {
      level = 1
      title = "etcd wants a certificate of its clients"
    }

    control "2.3" {
      level = 1
      title = "etcd's clients see no self-signed certificates"
    }

    control "2.4" {
      level = 1
      title = "etcd's members talk over TLS"
    }

    control "2.5" {
      level = 1
      title = "etcd's members want each other's certificates"
    }

    control "2.6" {
      level = 1
      title = "etcd's members use no self-signed certificates"
    }

    control "2.7" {
      level = 2
      title = "etcd has a certificate authority of its own"
    }
  }

  not_applicable {
    reason = "about who logs in to the API server and what it records, which the cluster decides and not a node"
    owner  = "aks"
    status = "Pass"

    control "3.1.1" {
      level = 1
      title = "People do not log in with client certificates"
    }

    control "3.1.2" {
      level = 1
      title = "People do not log in with the tokens of service accounts"
    }

    control "3.1.3" {
      level = 1
      title = "People do not log in with the tokens of new nodes"
    }

    control "3.2.1" {
      level = 1
      title = "The cluster has an audit policy"
    }

    control "3.2.2" {
      level = 2
      title = "The audit policy covers what matters to security"
    }
  }

  not_applicable {
    reason = "about objects of the cluster, which exist when it runs and which its owner decides"
    owner  = "aks"
    status = "Depends on Environment"

    control "5.1.1" {
      level = 1
      title = "Only who needs it may do everything in the cluster"
    }

    control "5.1.2" {
      level = 1
      title = "Few may read secrets"
    }

    control "5.1.3" {
      level = 1
      title = "Roles name what they allow, without wildcards"
    }

    control "5.1.4" {
      level = 1
      title = "Few may create pods"
    }

    control "5.1.5" {
      level = 1
      title = "Pods do not run as the default service account"
    }

    control "5.1.6" {
      level = 1
      title = "Pods get a token only where they use it"
    }

    control "5.1.7" {
      level = 1
      title = "Nobody is in the group that no role limits"
    }

    control "5.1.8" {
      level = 1
      title = "Few may act as others or hand out more than they have"
    }

    control "5.1.9" {
      level = 1
      title = "Few may create persistent volumes"
    }

    control "5.1.10" {
      level = 1
      title = "Few may reach the kubelet through the API server"
    }

    control "5.1.11" {
      level = 1
      title = "Few may approve certificates"
    }

    control "5.1.12" {
      level = 1
      title = "Few may configure admission webhooks"
    }

    control "5.1.13" {
      level = 1
      title = "Few may make tokens for service accounts"
    }

    control "5.2.1" {
      level = 1
      title = "Something enforces a policy on pods"
    }

    control "5.2.2" {
      level = 1
      title = "Few pods are privileged"
    }

    control "5.2.3" {
      level = 1
      title = "Few pods see the node's processes"
    }

    control "5.2.4" {
      level = 1
      title = "Few pods share the node's memory segments and queues"
    }

    control "5.2.5" {
      level = 1
      title = "Few pods share the node's network"
    }

    control "5.2.6" {
      level = 1
      title = "Few containers may gain privileges while they run"
    }

    control "5.2.7" {
      level = 2
      title = "Few containers run as root"
    }

    control "5.2.8" {
      level = 1
      title = "Few containers may make raw packets"
    }

    control "5.2.9" {
      level = 1
      title = "Few containers are given capabilities beyond the default"
    }

    control "5.2.10" {
      level = 2
      title = "Few containers keep any capability"
    }

    control "5.2.11" {
      level = 1
      title = "Few Windows containers run as processes of the node"
    }

    control "5.2.12" {
      level = 1
      title = "Few pods mount paths of the node"
    }

    control "5.2.13" {
      level = 1
      title = "Few pods take ports of the node"
    }

    control "5.3.1" {
      level  = 1
      title  = "The container network enforces network policies"
      status = "Pass"
    }

    control "5.3.2" {
      level = 2
      title = "Every namespace has a network policy"
    }

    control "5.4.1" {
      level = 2
      title = "Secrets reach programs as files rather than in the environment"
    }

    control "5.4.2" {
      level = 2
      title = "Secrets can be kept outside of the cluster"
    }

    control "5.5.1" {
      level  = 2
      title  = "Admission asks where images come from"
      status = "Fail"
    }

    control "5.6.1" {
      level = 1
      title = "Namespaces separate what belongs to different people"
    }

    control "5.6.2" {
      level = 2
      title = "Pods run under a filter of system calls"
    }

    control "5.6.3" {
      level = 2
      title = "Pods say under which security context they run"
    }

    control "5.6.4" {
      level = 2
      title = "The default namespace stays empty"
    }
  }
}
