audit_file "log" {
  mode = "0640"
}

audit_file "log_directory" {
  mode = "0750"
}

audit_file "configuration" {
  owner = "root"
  mode  = "0640"
}
