# File systems and buses that some benchmarks want out of reach and that some nodes need: each says whom it breaks.

rule "kmod-overlayfs-disabled" {
  title    = "overlay cannot be loaded"
  why      = "Mounting an overlay in a user namespace has given local users root."
  breaks   = "Containers are made of overlays: no pod starts without them. A node needs a waiver, and most kernels of cloud images have it built in."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5); kernel documentation, overlayfs."
  severity = "medium"

  kernel_module "overlay" {
    state = "disabled"
  }
}

rule "kmod-squashfs-disabled" {
  title    = "squashfs cannot be loaded"
  why      = "A crafted image reaches kernel code."
  breaks   = "snaps are squashfs images: where snapd is in use, what it installed stops. Azure Linux has the module built in."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5)."
  severity = "low"

  kernel_module "squashfs" {
    state = "disabled"
  }
}

rule "kmod-udf-disabled" {
  title    = "udf cannot be loaded"
  why      = "A crafted image reaches kernel code."
  breaks   = "Azure hands provisioning data to a machine on a udf medium: without it neither cloud-init nor the Azure agent can read them at the first boot."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5); cloud-init documentation, Azure data source."
  severity = "low"

  kernel_module "udf" {
    state = "disabled"
  }
}

rule "kmod-usb-storage-disabled" {
  title    = "USB storage cannot be loaded"
  why      = "Whoever plugs in a stick could carry data in and out."
  breaks   = "Nothing in a cloud, where a machine has no port. In a rack, repair from a stick and the virtual media of management controllers stop."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5)."
  severity = "low"

  kernel_module "usb-storage" {
    state = "disabled"
  }
}

rule "kmod-firewire-core-disabled" {
  title    = "FireWire cannot be loaded"
  why      = "A FireWire device can read and write the machine's memory by itself."
  breaks   = "Nothing in a cloud, where a machine has no port."
  source   = "CIS benchmarks, filesystem kernel modules; modprobe.d(5); kernel documentation, debugging over FireWire."
  severity = "medium"

  kernel_module "firewire-core" {
    state = "disabled"
  }
}

variable "file_systems_kept" {
  description = "file system modules that may stay loadable though nothing mounts them; empty: a person looks"
  default     = []
}

rule "file-systems-unused" {
  title    = "File systems that nothing mounts are known"
  why      = "Each file system module is kernel code that a crafted image or server reaches. The report lists those that nothing mounts; with file_systems_kept, others fail."
  breaks   = "Nothing is changed without a list. With one, what it leaves out goes: cifs, nfs and ceph serve volumes of pods, fuse serves more than it looks, and fat holds the boot partition."
  source   = "CIS benchmarks, unused file systems; modprobe.d(5)."
  severity = "low"

  unused_filesystems "kernel modules" {
    allow = var.file_systems_kept
  }
}
