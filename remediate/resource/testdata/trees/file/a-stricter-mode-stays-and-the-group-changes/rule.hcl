file "/etc/shadow" {
  owner  = "root"
  groups = ["shadow", "root"]
  mode   = "0640"
}
