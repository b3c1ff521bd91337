# Looks, and changes nothing.

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

variable "report_dir" {
  type    = string
  default = "reports"
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
    report_dir = var.report_dir
  }
}
