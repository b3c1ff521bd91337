# File systems and buses that some benchmarks want out of reach and that some nodes need: each why says who.

rule "kmod-overlayfs-disabled" {
  title = "overlay cannot be loaded"
  why   = "Mounting an overlay in a user namespace has given local users root. Containers are made of overlays: a node that runs any needs a waiver, and most kernels of cloud images have it built in. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "overlay" {
    state = "disabled"
  }
}

rule "kmod-squashfs-disabled" {
  title = "squashfs cannot be loaded"
  why   = "A crafted image reaches kernel code. snaps are squashfs images: where snapd is in use it stops working. Azure Linux has it built in. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "squashfs" {
    state = "disabled"
  }
}

rule "kmod-udf-disabled" {
  title = "udf cannot be loaded"
  why   = "A crafted image reaches kernel code. Azure hands provisioning data to a machine on a udf medium: without it neither cloud-init nor the Azure agent can read them at the first boot. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "udf" {
    state = "disabled"
  }
}

rule "kmod-usb-storage-disabled" {
  title = "USB storage cannot be loaded"
  why   = "Whoever plugs in a stick could carry data in and out. Machines in a cloud have no port, so nothing breaks. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "usb-storage" {
    state = "disabled"
  }
}

rule "kmod-firewire-core-disabled" {
  title = "FireWire cannot be loaded"
  why   = "A FireWire device can read and write the machine's memory by itself. Machines in a cloud have no port, so nothing breaks. Source: CIS benchmarks, section 1.1.1; modprobe.d(5)."

  kernel_module "firewire-core" {
    state = "disabled"
  }
}

variable "file_systems_kept" {
  description = "file system modules that may stay loadable though nothing mounts them; empty: a person looks"
  default     = []
}

rule "file-systems-unused" {
  title = "File systems that nothing mounts are known"
  why   = "Each is kernel code that a crafted image or server reaches. Which are needed nobody but the owner knows: cifs, nfs and ceph serve volumes of pods, fuse serves more than it looks, fat holds the boot partition. The report lists them; with file_systems_kept, others fail. Source: CIS benchmarks, unused file systems."

  unused_filesystems "kernel modules" {
    allow = var.file_systems_kept
  }
}
