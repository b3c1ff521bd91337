file "/etc/cron.deny" {
  state = "absent"
}

file "/etc/cron.allow" {
  state = "present"
  owner = "root"
  group = "root"
  mode  = "0640"
}
