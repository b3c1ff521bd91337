# How the journal proves itself to the machine that it is sent to.

variable "journal_upload_url" {
  description = "the machine that takes the journal, such as https://logs.example:19532; empty asks for evidence"
  default     = ""
}

variable "journal_upload_key" {
  description = "file of the private key with which journals are uploaded; empty asks for evidence"
  default     = ""
}

variable "journal_upload_certificate" {
  description = "file of the certificate with which journals are uploaded; empty asks for evidence"
  default     = ""
}

variable "journal_upload_authority" {
  description = "file of the certificate authority of who takes the journal; empty asks for evidence"
  default     = ""
}

rule "journal-upload-authenticates" {
  title    = "The journal is sent to the agreed machine, and both sides prove who they are"
  why      = "Without certificates anybody on the way can read the journal or take the place of the log host. Which host and which certificates is the operator's decision: what is configured is collected as evidence, and decided where the profile names it."
  breaks   = "Uploads stop until the files with the key and the certificates are on the machine, which an image cannot hold for all its nodes."
  source   = "CIS benchmarks, systemd-journal-remote; journal-upload.conf(5)."
  severity = "medium"

  ini_setting "systemd/journal-upload.conf" {
    section = "Upload"
    settings = {
      URL                    = var.journal_upload_url
      ServerKeyFile          = var.journal_upload_key
      ServerCertificateFile  = var.journal_upload_certificate
      TrustedCertificateFile = var.journal_upload_authority
    }
  }
}
