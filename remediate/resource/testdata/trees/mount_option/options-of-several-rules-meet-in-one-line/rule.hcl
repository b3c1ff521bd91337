mount_option "/tmp" {
  options = ["nodev"]
}

mount_option "/tmp" {
  options = ["nosuid"]
}

mount_option "/tmp" {
  options = ["noexec"]
}
