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
  title    = "grub asks for a password before it lets anybody change how the system boots"
  why      = "Whoever reaches the console could otherwise start a root shell with one word on the kernel's command line."
  breaks   = "Nobody can edit an entry or use grub's shell to repair the machine: the password is random and forgotten. Booting asks nothing. A later upgrade of grub's package by hand may ask about its changed script."
  source   = "CIS benchmarks, boot loader; GRUB manual, Authentication and authorisation."
  severity = "high"

  grub_password "boot loader" {
    superuser = var.grub_superuser
    entries   = "unrestricted"
  }
}

rule "boot-loader-config-access" {
  title    = "Only root can read or change grub.cfg"
  why      = "grub.cfg holds the hash of the boot loader's password, and decides what boots."
  breaks   = "Nothing: grub reads it before there are users. Programs that look up kernels in it need root."
  source   = "CIS benchmarks, boot loader; GRUB manual, Configuration."
  severity = "high"

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
  title    = "A grub.cfg that is generated again is closed to others too"
  why      = "grub-mkconfig opens the file to everybody unless it holds a password line."
  breaks   = "Nothing: an upgrade of grub's package brings its program back as it was, and may ask about the change."
  source   = "CIS benchmarks, boot loader; grub-mkconfig(8), the script itself."
  severity = "medium"

  grub_generator "grub-mkconfig" {
    mode = "0400"
  }
}

rule "audit-from-boot" {
  title    = "The kernel audits from its first process on"
  why      = "What starts before auditd is otherwise never audited."
  breaks   = "It takes a reboot. Where no auditd runs, audit messages go to the kernel's own log and crowd it."
  source   = "CIS benchmarks, auditd; kernel documentation, kernel-parameters, audit."
  severity = "low"

  kernel_argument "audit" {
    value = "1"
  }
}

rule "audit-backlog-limit" {
  title    = "The kernel keeps the audit records of a boot until auditd takes them"
  why      = "With the default of 64, records of a busy boot are lost before auditd takes them."
  breaks   = "Nothing: each waiting record takes some memory, and only as long as it waits."
  source   = "CIS benchmarks, auditd; kernel documentation, kernel-parameters, audit_backlog_limit."
  severity = "low"

  kernel_argument "audit_backlog_limit" {
    min = var.audit_backlog_limit
  }
}
