root_path "root" {
  exist = true
}
