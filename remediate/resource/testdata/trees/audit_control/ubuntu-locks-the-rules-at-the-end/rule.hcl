audit_control "enabled" {
  value = 2
}

audit_control "backlog_limit" {
  min = 8192
}
