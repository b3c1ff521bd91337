# Hardens and attests a node, and makes signed statements about the artifact of the build.
#
# The null builder's artifact is nothing but an id. "artifice" puts a file in its place, so that both
# kinds of artifact are seen here: one of files, like a VHD, and one without, like an image in Azure.
# With azure-arm or qemu, the post-processors stand right in the build block.

packer {
  required_version = ">= 1.16.0" # for the provenance post-processor; harden itself needs 1.11

  required_plugins {
    harden = {
      source  = "github.com/nodeimage/harden"
      version = ">= 0.1.0"
    }
  }
}

variable "host" {
  type        = string
  description = "Address of the node."
}

variable "port" {
  type    = number
  default = 22
}

variable "user" {
  type        = string
  description = "Who logs in; becomes root through sudo without a password."
}

variable "private_key_file" {
  type        = string
  description = "Private key of that user."
}

variable "image" {
  type        = string
  description = "File that is released."
}

variable "signing_key_file" {
  type        = string
  default     = ""
  description = "Private key in PEM that signs the statements."
}

variable "signing_key_env" {
  type        = string
  default     = ""
  description = "Instead: environment variable that holds the key."
}

variable "sign_command" {
  type        = list(string)
  default     = []
  description = "Instead: program and arguments that sign."
}

variable "public_key_file" {
  type        = string
  default     = ""
  description = "Public key that belongs to sign_command."
}

variable "second_key_file" {
  type        = string
  default     = ""
  description = "Another private key that signs too."
}

variable "report_dir" {
  type    = string
  default = "reports"
}

variable "output_dir" {
  type    = string
  default = "statements"
}

source "null" "node" {
  communicator         = "ssh"
  ssh_host             = var.host
  ssh_port             = var.port
  ssh_username         = var.user
  ssh_private_key_file = var.private_key_file
}

build {
  sources = ["source.null.node"]

  provisioner "harden" {
    report_dir = var.report_dir
  }

  # An artifact without files: the subject is its builder's id and its own.
  post-processors {
    post-processor "harden-attestation" {
      private_key_file = var.signing_key_file
      private_key_env  = var.signing_key_env
      sign_command     = var.sign_command
      public_key_file  = var.public_key_file
      report_dir       = var.report_dir
      output_dir       = "${var.output_dir}/identity"
    }
    post-processor "provenance" {
      output_dir = "${var.output_dir}/identity"
    }
  }

  # An artifact of files: the subject is the sha256 of each.
  post-processors {
    post-processor "artifice" {
      files               = [var.image]
      keep_input_artifact = true
    }
    post-processor "harden-attestation" {
      private_key_file = var.signing_key_file
      private_key_env  = var.signing_key_env
      sign_command     = var.sign_command
      public_key_file  = var.public_key_file
      report_dir       = var.report_dir
      output_dir       = "${var.output_dir}/files"
      resource_uri     = "https://example.com/images/${basename(var.image)}"

      dynamic "also_sign" {
        for_each = compact([var.second_key_file])
        content {
          private_key_file = also_sign.value
        }
      }
    }
    post-processor "provenance" {
      output_dir = "${var.output_dir}/files"
    }
  }
}
