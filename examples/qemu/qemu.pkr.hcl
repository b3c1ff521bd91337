# Builds a hardened, attested image: from a disk image to a VHD with a statement about it.

packer {
  required_plugins {
    harden = {
      source  = "github.com/nodeimage/harden"
      version = ">= 0.1.0"
    }
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = ">= 1.0.9"
    }
  }
}

variable "base_image" {
  type        = string
  description = "Disk image in qcow2 form that cloud-init starts."
}

variable "private_key_file" {
  type        = string
  description = "Private key of the account that builds, with its public half beside it in a file .pub. Neither gets into the image."
}

variable "signing_key_file" {
  type        = string
  description = "Private key in PEM that signs the statements."
}

variable "output_dir" {
  type        = string
  default     = "image"
  description = "Where the image goes; must not be there yet."
}

variable "report_dir" {
  type    = string
  default = "reports"
}

variable "profile" {
  type        = list(string)
  default     = []
  description = "Profile names or files. Empty: the image's platform picks."
}

variable "variables" {
  type        = map(string)
  default     = {}
  description = "Parameters of the profile."
}

variable "accelerator" {
  type        = string
  default     = "tcg"
  description = "tcg emulates and runs anywhere, slowly; kvm where the machine has it."
}

locals {
  user = "packer"
  vhd  = "${var.output_dir}/image.vhd"
}

source "qemu" "image" {
  iso_url          = var.base_image
  iso_checksum     = "none" # a file of this machine, named after its recipe
  disk_image       = true
  use_backing_file = true    # the base is never written to
  disk_size        = "2048M" # that of the base
  skip_resize_disk = true
  skip_compaction  = true # the conversion below does it
  format           = "qcow2"
  output_directory = "${var.output_dir}/disk"
  vm_name          = "image.qcow2"

  accelerator  = var.accelerator
  machine_type = "pc"
  cpu_model    = "max"
  cpus         = 2
  memory       = 1024
  headless     = true
  boot_wait    = "1s" # nothing is typed

  # What a cloud's metadata service would say.
  cd_label = "cidata"
  cd_content = {
    "meta-data" = "instance-id: build\n"
    "user-data" = join("\n", ["#cloud-config", yamlencode({
      users = [{
        name                = local.user
        shell               = "/bin/bash"
        sudo                = "ALL=(ALL) NOPASSWD:ALL"
        ssh_authorized_keys = [file("${var.private_key_file}.pub")]
      }]
    })])
  }

  ssh_username         = local.user
  ssh_private_key_file = var.private_key_file
  ssh_timeout          = "30m"

  # The account is gone by then, and the session is all that is left of it: see deprovision.sh.
  shutdown_command = "touch /dev/shm/shutdown"
  shutdown_timeout = "15m"
}

build {
  sources = ["source.qemu.image"]

  # How the machine boots before it is hardened, to compare with.
  provisioner "shell" {
    inline = [
      "cloud-init status --wait >/dev/null",
      "systemctl --failed --plain --no-legend >/tmp/failed",
      "systemd-analyze blame --no-pager >/tmp/blame",
    ]
  }
  provisioner "file" {
    direction   = "download"
    sources     = ["/tmp/failed", "/tmp/blame"]
    destination = "${var.report_dir}/"
  }
  provisioner "shell" {
    inline = ["rm /tmp/failed /tmp/blame"]
  }

  provisioner "harden" {
    profile             = var.profile
    variables           = var.variables
    report_dir          = var.report_dir
    deprovision_command = templatefile("${path.root}/deprovision.sh", { user = local.user })
  }

  post-processors {
    # Azure takes fixed VHDs whose size is what the file says.
    post-processor "shell-local" {
      environment_vars = ["DISK=${var.output_dir}/disk/image.qcow2", "VHD=${local.vhd}"]
      inline = [
        "qemu-img convert -f qcow2 -O vpc -o subformat=fixed,force_size=on \"$DISK\" \"$VHD\"",
        "rm \"$DISK\"",
      ]
    }
    post-processor "artifice" {
      files               = [local.vhd]
      keep_input_artifact = true
    }
    post-processor "harden-attestation" {
      private_key_file = var.signing_key_file
      report_dir       = var.report_dir
      output_dir       = "${var.output_dir}/statements"
    }
  }
}
