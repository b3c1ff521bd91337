# Hardens and attests a node that already runs and answers on ssh. The null builder makes no
# artifact: what is of interest here is the node and the report.

packer {
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

variable "profile" {
  type        = list(string)
  default     = []
  description = "Profile names or files. Empty: the node's platform picks."
}

variable "variables" {
  type        = map(string)
  default     = {}
  description = "Parameters of the profile."
}

variable "report_dir" {
  type    = string
  default = "reports"
}

variable "formats" {
  type    = list(string)
  default = ["json", "text", "markdown", "html"]
}

variable "reconnect_timeout" {
  type    = string
  default = "5m"
}

variable "deprovision_command" {
  type        = string
  default     = ""
  description = "Runs on the node after hardening and before the attestation: waagent -force -deprovision+user"
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
    profile             = var.profile
    variables           = var.variables
    report_dir          = var.report_dir
    formats             = var.formats
    reconnect_timeout   = var.reconnect_timeout
    deprovision_command = var.deprovision_command
  }
}
