kernel_argument "audit" {
  value = "1"
}

kernel_argument "audit_backlog_limit" {
  min = 8192
}

kernel_argument "apparmor" {
  value = "1"
}
