accounts "user id 0" {
  require = "uid_0_is_root"
}
