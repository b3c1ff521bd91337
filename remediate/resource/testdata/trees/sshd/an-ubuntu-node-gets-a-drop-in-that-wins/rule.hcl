sshd "MaxAuthTries" {
  max = 4
}

sshd "LoginGraceTime" {
  min = 1
  max = "1m"
}

sshd "MaxStartups" {
  max = "10:30:60"
}

sshd "PermitRootLogin" {
  value = "no"
}

sshd "X11Forwarding" {
  value = "no"
}

sshd "PasswordAuthentication" {
  value = "no"
}

sshd "LogLevel" {
  one_of = ["INFO", "VERBOSE"]
}

sshd "Banner" {
  value = "/etc/issue.net"
}

sshd "MACs" {
  allowed = [
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512",
    "hmac-sha2-256",
  ]
}

sshd "Ciphers" {
  forbidden = ["*-cbc", "chacha20-poly1305@openssh.com"]
}

sshd "DenyUsers" {
  contains = ["root", "omsagent", "nxautomation"]
}
