privileged_programs "setgid" {
  allow = ["/usr/bin/write"]
}
