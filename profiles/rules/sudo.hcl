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
  title = "sudo runs commands on a terminal of their own"
  why   = "A program that was started with sudo could otherwise keep the user's terminal and type into it after it has ended. Programs that pass binary data through a terminal may behave differently. Source: CIS benchmarks, privilege escalation; sudoers(5), use_pty; on by itself since sudo 1.9.14."

  sudo_default "use_pty" {
    value = "on"
  }
}

rule "sudo-log-file" {
  title = "sudo keeps a log of its own"
  why   = "Commands of administrators are easier to follow and to keep apart from the system's log. It grows until logrotate is told of it. Source: CIS benchmarks, privilege escalation; sudoers(5), logfile."

  sudo_default "logfile" {
    value = var.sudo_log_file
    any   = true
  }
}

rule "sudo-asks-for-password" {
  title = "sudo asks everybody for a password"
  why   = "Without a password, whoever takes over a session is root. Accounts of a build have no password to give: their line is shown and left alone, and goes with the account when the image is generalized. Source: CIS benchmarks, privilege escalation; sudoers(5), NOPASSWD; issue 3663 of WALinuxAgent for lines that stayed behind."

  sudo_password "everybody" {
    required_of = "everybody"
    allowed     = var.sudo_without_password
  }
}

rule "sudo-reauthenticates" {
  title = "No setting switches sudo's question off"
  why   = "It would be off for everybody whom the setting names, whatever their own lines say. Source: CIS benchmarks, privilege escalation; sudoers(5), authenticate."

  sudo_default "authenticate" {
    value = "on"
  }
}

rule "sudo-timestamp-timeout" {
  title = "sudo asks again after a while"
  why   = "A terminal that was left open is root's for as long as sudo remembers; a negative number is forever. Source: CIS benchmarks, privilege escalation; sudoers(5), timestamp_timeout."

  sudo_default "timestamp_timeout" {
    min = 0
    max = var.sudo_timestamp_timeout
  }
}
