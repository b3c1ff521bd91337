# What has to go on working on a node of a cluster: no rule of any profile that names these may break
# them, whatever a benchmark asks for.

invariant "packet-forwarding" {
  why = "packets of pods pass through the node's network, so the kernel has to forward them"

  never {
    sysctl "net.ipv4.ip_forward" {
      value = "0"
    }

    sysctl "net.ipv4.conf.all.forwarding" {
      value = "0"
    }

    sysctl "net.ipv6.conf.all.forwarding" {
      value = "0"
    }

    sysctl "net.bridge.bridge-nf-call-iptables" {
      value = "0"
    }
  }

  kernel_module "br_netfilter" {
    state = "loadable"
  }

  kernel_module "nf_conntrack" {
    state = "loadable"
  }
}

invariant "container-storage" {
  why = "the container runtime stacks file systems with overlay and runs programs from its own folders"

  kernel_module "overlay" {
    state = "loadable"
  }

  never {
    mount_option "/var" {
      options = ["noexec"]
    }

    mount_option "/var/lib" {
      options = ["noexec"]
    }

    mount_option "/var/lib/containerd" {
      options = ["noexec"]
    }

    mount_option "/var/lib/containerd" {
      options = ["nodev"]
    }
  }
}

invariant "container-runtime" {
  why = "nothing runs on a node without its container runtime"

  never {
    unit "containerd.service" {
      state = "disabled"
    }

    unit "containerd.service" {
      state = "masked"
    }
  }
}

invariant "kubelet" {
  why = "provisioning enables and starts the kubelet, which runs programs from its folder and from /opt"

  never {
    unit "kubelet.service" {
      state = "disabled"
    }

    unit "kubelet.service" {
      state = "masked"
    }

    mount_option "/var/lib/kubelet" {
      options = ["noexec"]
    }

    mount_option "/opt" {
      options = ["noexec"]
    }

  }
}

invariant "boot-partition" {
  why = "machines of the second generation boot from a partition of this type"

  kernel_module "vfat" {
    state = "loadable"
  }
}

invariant "azure-agent" {
  why = "Azure takes a machine for failed whose agent does not answer"

  never {
    unit "walinuxagent.service" {
      state = "disabled"
    }

    unit "walinuxagent.service" {
      state = "masked"
    }

    unit "waagent.service" {
      state = "disabled"
    }

    unit "waagent.service" {
      state = "masked"
    }
  }
}

invariant "provisioning" {
  why = "cloud-init gives a new machine its name, its keys and its place in the cluster, from a disc in UDF or over the network"

  kernel_module "udf" {
    state = "loadable"
  }

  never {
    unit "cloud-init-local.service" {
      state = "disabled"
    }

    unit "cloud-init-local.service" {
      state = "masked"
    }

    unit "cloud-init.service" {
      state = "disabled"
    }

    unit "cloud-init.service" {
      state = "masked"
    }

    unit "cloud-config.service" {
      state = "disabled"
    }

    unit "cloud-config.service" {
      state = "masked"
    }

    unit "cloud-final.service" {
      state = "disabled"
    }

    unit "cloud-final.service" {
      state = "masked"
    }
  }
}
