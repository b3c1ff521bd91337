audit_privileged "programs" {
  uid_min = 500
}
