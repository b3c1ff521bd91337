privileged_programs "setuid" {
  allow = ["/usr/bin/sudo", "/usr/lib/*/helper"]
}
