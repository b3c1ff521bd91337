# Commands as another user. Every rule is about what sudo reads after includes, where the last line wins.

variable "sudo_log_file" {
  description = "file that sudo logs commands to where none is set"
  default     = "/var/log/sudo.log"
}

variable "sudo_timestamp_timeout" {
  description = "most minutes for which sudo remembers that it has asked"
  default     = 15
}

variable "sudo_without_password" {
  description = "users and groups (%name) that may use sudo without a password"
  default     = []
}

rule "sudo-pty" {
  title    = "sudo runs commands on a terminal of their own"
  why      = "A program that was started with sudo could otherwise keep the user's terminal and type into it after it has ended."
  breaks   = "Programs that pass binary data through sudo from a terminal may behave differently."
  source   = "CIS benchmarks, privilege escalation; sudoers(5), use_pty, on by itself since sudo 1.9.14."
  severity = "medium"

  sudo_default "use_pty" {
    value = "on"
  }
}

rule "sudo-log-file" {
  title    = "sudo keeps a log of its own"
  why      = "Commands of administrators are easier to follow when they are kept apart from the system's log."
  breaks   = "The file grows until logrotate is told of it. sudo-rs knows no such setting."
  source   = "CIS benchmarks, privilege escalation; sudoers(5), logfile."
  severity = "low"

  sudo_default "logfile" {
    value = var.sudo_log_file
    any   = true
  }
}

rule "sudo-asks-for-password" {
  title    = "sudo asks everybody for a password"
  why      = "Without a password, whoever takes over a session is root."
  breaks   = "Accounts of a build and those that cloud-init makes have no password to give: their line is shown and left alone, and goes with the account when the image is generalized. Automation that logs in later and uses sudo needs sudo_without_password or a waiver."
  source   = "CIS benchmarks, privilege escalation; sudoers(5), NOPASSWD; github.com/Azure/WALinuxAgent issue 3663 for lines that stayed behind."
  severity = "high"

  sudo_password "everybody" {
    required_of = "everybody"
    allowed     = var.sudo_without_password
  }
}

rule "sudo-reauthenticates" {
  title    = "No setting switches sudo's question off"
  why      = "With !authenticate, sudo asks nobody whom the setting names, whatever their own lines say."
  breaks   = "Automation that relied on the setting needs a NOPASSWD line of its own, which another rule lists."
  source   = "CIS benchmarks, privilege escalation; sudoers(5), authenticate."
  severity = "high"

  sudo_default "authenticate" {
    value = "on"
  }
}

rule "sudo-timestamp-timeout" {
  title    = "sudo asks again after a while"
  why      = "A terminal that was left open is root's for as long as sudo remembers; a negative number is for ever."
  breaks   = "People type their password more often. Lines without a password are not affected."
  source   = "CIS benchmarks, privilege escalation; sudoers(5), timestamp_timeout."
  severity = "medium"

  sudo_default "timestamp_timeout" {
    min = 0
    max = var.sudo_timestamp_timeout
  }
}
