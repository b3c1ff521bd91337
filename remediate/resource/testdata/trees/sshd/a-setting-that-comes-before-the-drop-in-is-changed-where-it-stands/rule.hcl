sshd "MaxAuthTries" {
  max = 4
}

sshd "PermitEmptyPasswords" {
  value = "no"
}

sshd "MaxStartups" {
  max = "10:30:60"
}

sshd "MaxSessions" {
  max = 8
}
