logrotate "create" {
  create_mode = "0640"
}
