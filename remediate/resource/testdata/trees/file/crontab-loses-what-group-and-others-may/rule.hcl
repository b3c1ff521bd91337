file "/etc/crontab" {
  owner = "root"
  group = "root"
  mode  = "0600"
}
