# A build that goes on although hardening was not attested: Packer's continue_on_error swallows the
# failure of a provisioner. The statement says FAILED, and the post-processor refuses the artifact.

packer {
  required_version = ">= 1.16.0"

  required_plugins {
    harden = {
      source  = "github.com/nodeimage/harden"
      version = ">= 0.1.0"
    }
  }
}

variable "host" { type = string }
variable "port" { type = number }
variable "user" { type = string }
variable "private_key_file" { type = string }
variable "signing_key_file" { type = string }

variable "report_dir" {
  type    = string
  default = "reports"
}

variable "output_dir" {
  type    = string
  default = "statements"
}

variable "execute_command" {
  type        = string
  default     = ""
  description = "How the provisioner becomes root; one that can't leaves no report at all."
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

  provisioner "harden-attest" {
    report_dir        = var.report_dir
    execute_command   = var.execute_command
    continue_on_error = true
  }

  post-processor "harden-attestation" {
    private_key_file = var.signing_key_file
    report_dir       = var.report_dir
    output_dir       = var.output_dir
    resource_uri     = "https://example.com/images/refused"
  }
}
