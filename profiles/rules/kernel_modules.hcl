# Kernel modules that a node has no use for. Each is code that runs in the kernel as soon as somebody
# mounts a crafted image or opens a socket of an unusual family.

rule "kmod-cramfs-disabled" {
  title    = "cramfs cannot be loaded"
  why      = "A file system that nodes never mount is only a way for a crafted image to reach kernel code."
  breaks   = "Nothing: cramfs lives on small embedded flash."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5)."
  severity = "low"

  kernel_module "cramfs" {
    state = "disabled"
  }
}

rule "kmod-freevxfs-disabled" {
  title    = "freevxfs cannot be loaded"
  why      = "The read-only driver for the old Veritas file system parses whatever a disk claims to hold."
  breaks   = "Nothing on a node: only disks of old Unix systems have it."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5)."
  severity = "low"

  kernel_module "freevxfs" {
    state = "disabled"
  }
}

rule "kmod-jffs2-disabled" {
  title    = "jffs2 cannot be loaded"
  why      = "The driver is for raw flash, which a virtual machine does not have: it is only attack surface."
  breaks   = "Nothing on a node: it needs a flash chip without a controller."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5)."
  severity = "low"

  kernel_module "jffs2" {
    state = "disabled"
  }
}

rule "kmod-hfs-disabled" {
  title    = "hfs cannot be loaded"
  why      = "The driver for the classic Mac OS file system has had memory-safety defects that a crafted image reaches."
  breaks   = "Nothing on a node: media of old Macs cannot be mounted."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5)."
  severity = "low"

  kernel_module "hfs" {
    state = "disabled"
  }
}

rule "kmod-hfsplus-disabled" {
  title    = "hfsplus cannot be loaded"
  why      = "A crafted image reaches kernel code, and no node mounts one."
  breaks   = "Nothing on a node: media of Macs cannot be mounted."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5)."
  severity = "low"

  kernel_module "hfsplus" {
    state = "disabled"
  }
}

rule "kmod-dccp-disabled" {
  title    = "dccp cannot be loaded"
  why      = "Opening a DCCP socket loads the module for any user, and the protocol's defects have given local users root."
  breaks   = "Workloads that speak DCCP stop working; none is known on nodes."
  source   = "CIS benchmarks, network kernel modules; modprobe.d(5); CVE-2017-6074."
  severity = "medium"

  kernel_module "dccp" {
    state = "disabled"
  }
}

rule "kmod-sctp-disabled" {
  title    = "sctp cannot be loaded"
  why      = "Opening an SCTP socket loads the module for any user, and few workloads need the protocol."
  breaks   = "Telecom workloads and Services of protocol SCTP stop: waive this on nodes that run them."
  source   = "CIS benchmarks, network kernel modules; modprobe.d(5); Kubernetes documentation, protocols for Services."
  severity = "medium"

  kernel_module "sctp" {
    state = "disabled"
  }
}

rule "kmod-rds-disabled" {
  title    = "rds cannot be loaded"
  why      = "Opening an RDS socket loads the module for any user, and its defects have given local users root."
  breaks   = "Some database clusters use it; nothing else on a node does."
  source   = "CIS benchmarks, network kernel modules; modprobe.d(5); CVE-2010-3904."
  severity = "medium"

  kernel_module "rds" {
    state = "disabled"
  }
}

rule "kmod-tipc-disabled" {
  title    = "tipc cannot be loaded"
  why      = "The parser of messages from other machines has been exploitable."
  breaks   = "Closed clusters of appliances use TIPC; nothing else on a node does."
  source   = "CIS benchmarks, network kernel modules; modprobe.d(5); CVE-2022-0435."
  severity = "medium"

  kernel_module "tipc" {
    state = "disabled"
  }
}
