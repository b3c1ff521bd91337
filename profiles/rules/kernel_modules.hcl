# Kernel modules that a node has no use for. Each is code that runs in the kernel as soon as somebody
# mounts a crafted image or opens a socket of an unusual family.

rule "kmod-cramfs-disabled" {
  title = "cramfs cannot be loaded"
  why   = "A file system that nodes never mount is only a way for a crafted image to reach kernel code. Nothing breaks: cramfs lives on small embedded flash. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "cramfs" {
    state = "disabled"
  }
}

rule "kmod-freevxfs-disabled" {
  title = "freevxfs cannot be loaded"
  why   = "The read-only driver for the old Veritas file system is unmaintained and unused on nodes, and parses whatever a disk claims to hold. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "freevxfs" {
    state = "disabled"
  }
}

rule "kmod-jffs2-disabled" {
  title = "jffs2 cannot be loaded"
  why   = "jffs2 serves raw flash, which a virtual machine does not have; the driver is only attack surface. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "jffs2" {
    state = "disabled"
  }
}

rule "kmod-hfs-disabled" {
  title = "hfs cannot be loaded"
  why   = "The classic Mac OS file system has had memory-safety defects reachable by mounting a crafted image, and no node mounts it. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "hfs" {
    state = "disabled"
  }
}

rule "kmod-hfsplus-disabled" {
  title = "hfsplus cannot be loaded"
  why   = "As hfs: a crafted image reaches kernel code, and no node mounts it. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "hfsplus" {
    state = "disabled"
  }
}

rule "kmod-dccp-disabled" {
  title = "dccp cannot be loaded"
  why   = "Opening a DCCP socket loads the module for any user, and the protocol's defects have given local users root. Workloads that speak DCCP stop working; none is known on nodes. Source: CIS benchmarks, network protocols; modprobe.d(5)."

  kernel_module "dccp" {
    state = "disabled"
  }
}

rule "kmod-sctp-disabled" {
  title = "sctp cannot be loaded"
  why   = "Opening an SCTP socket loads the module for any user. Telecom workloads and Services of protocol SCTP need it: leave the rule out, or waive it, on nodes that run them. Source: CIS benchmarks, network protocols; modprobe.d(5)."

  kernel_module "sctp" {
    state = "disabled"
  }
}

rule "kmod-rds-disabled" {
  title = "rds cannot be loaded"
  why   = "Opening an RDS socket loads the module for any user, and its defects have given local users root. Only some database clusters use it. Source: CIS benchmarks, network protocols; modprobe.d(5)."

  kernel_module "rds" {
    state = "disabled"
  }
}

rule "kmod-tipc-disabled" {
  title = "tipc cannot be loaded"
  why   = "TIPC is for closed clusters of appliances; its parser of remote messages has been exploitable. Source: CIS benchmarks, network protocols; modprobe.d(5)."

  kernel_module "tipc" {
    state = "disabled"
  }
}
