mount_class "removable" {
  options = ["nodev", "nosuid"]
}

mount_class "nfs" {
  options = ["nosuid"]
}
