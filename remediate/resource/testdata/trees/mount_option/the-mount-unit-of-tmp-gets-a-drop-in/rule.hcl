mount_option "/tmp" {
  options = ["nodev", "nosuid", "noexec"]
}
