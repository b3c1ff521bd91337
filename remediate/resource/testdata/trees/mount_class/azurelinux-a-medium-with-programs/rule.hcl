mount_class "removable" {
  options = ["noexec"]
}
