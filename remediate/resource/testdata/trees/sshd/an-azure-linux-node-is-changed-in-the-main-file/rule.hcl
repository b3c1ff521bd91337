sshd "MaxAuthTries" {
  max = 4
}

sshd "MaxStartups" {
  max = "10:30:60"
}

sshd "X11Forwarding" {
  value = "no"
}

sshd "PermitRootLogin" {
  value = "no"
}

sshd "MACs" {
  forbidden = ["*md5*", "*sha1*", "umac-64*"]
}

sshd "KexAlgorithms" {
  allowed = [
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp521",
    "not-invented-yet",
  ]
}

sshd "ClientAliveInterval" {
  min = 1
  max = 300
}

sshd "AllowTcpForwarding" {
  value = "no"
}

sshd "DenyUsers" {
  contains = ["root"]
}
