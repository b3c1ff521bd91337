unused_filesystems "kernel modules" {
  allow = ["netfs"]
}
