sshd "LoginGraceTime" {
  min = 1
  max = 60
}

sshd "PermitRootLogin" {
  value = "no"
}

sshd "X11Forwarding" {
  value = "no"
}

sshd "Banner" {
  value = "/etc/issue.net"
}

sshd "ClientAliveInterval" {
  min = 1
  max = 300
}

sshd "ClientAliveCountMax" {
  max = 3
}

sshd "Protocol" {
  value = "2"
}
