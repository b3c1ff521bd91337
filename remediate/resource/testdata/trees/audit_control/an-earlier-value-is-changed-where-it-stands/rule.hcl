audit_control "enabled" {
  value = 2
}
