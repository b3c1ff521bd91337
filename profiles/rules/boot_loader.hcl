# The boot loader and what it tells the kernel.

variable "grub_superuser" {
  description = "name that grub asks for before anything but booting"
  default     = "root"
}

variable "grub_config_mode" {
  description = "most permissive mode of grub.cfg"
  default     = "0600"
}

variable "audit_backlog_limit" {
  description = "fewest audit records that wait for auditd, from the boot on"
  default     = 8192
}

rule "boot-loader-password" {
  title = "grub asks for a password before it lets anybody change how the system boots"
  why   = "Whoever reaches the console could otherwise start a root shell with one word on the kernel's command line. Booting asks nothing: a node starts by itself. The password is random and forgotten, since a node that does not boot is replaced. The lines that make generated entries boot freely stand in a file of the package, which may ask about it when it is upgraded by hand. Source: CIS benchmarks, boot loader; GRUB manual, Authentication and authorisation."

  grub_password "boot loader" {
    superuser = var.grub_superuser
    entries   = "unrestricted"
  }
}

rule "boot-loader-config-access" {
  title = "Only root can read or change grub.cfg"
  why   = "It holds the hash of the boot loader's password, and decides what boots. Source: CIS benchmarks, boot loader."

  file "/boot/grub/grub.cfg" {
    owner = "root"
    group = "root"
    mode  = var.grub_config_mode
  }
  file "/boot/grub2/grub.cfg" {
    owner = "root"
    group = "root"
    mode  = var.grub_config_mode
  }
}

rule "boot-loader-config-stays-closed" {
  title = "A grub.cfg that is generated again is closed to others too"
  why   = "grub-mkconfig opens the file to everybody unless it holds a password line. An upgrade of the package brings its program back as it was. Source: CIS benchmarks, boot loader; grub-mkconfig's own text."

  grub_generator "grub-mkconfig" {
    mode = "0400"
  }
}

rule "audit-from-boot" {
  title = "The kernel audits from its first process on"
  why   = "What starts before auditd is otherwise never audited. Source: CIS benchmarks, auditd; kernel-parameters, audit."

  kernel_argument "audit" {
    value = "1"
  }
}

rule "audit-backlog-limit" {
  title = "The kernel keeps the audit records of a boot until auditd takes them"
  why   = "With the default of 64, records of a busy boot are lost. Each record takes some memory. Source: CIS benchmarks, auditd; kernel-parameters, audit_backlog_limit."

  kernel_argument "audit_backlog_limit" {
    min = var.audit_backlog_limit
  }
}
