unused_filesystems "kernel modules" {
  allow = ["netfs", "cifs", "cramfs"]
}
