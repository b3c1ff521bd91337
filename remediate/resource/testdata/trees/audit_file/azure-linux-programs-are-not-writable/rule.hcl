audit_file "tools" {
  owner  = "root"
  groups = ["root"]
  mode   = "0755"
}
