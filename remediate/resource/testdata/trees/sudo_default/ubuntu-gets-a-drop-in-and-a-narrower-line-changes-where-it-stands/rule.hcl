sudo_default "use_pty" {
  value = "on"
}

sudo_default "logfile" {
  value = "/var/log/sudo.log"
  any   = true
}

sudo_default "timestamp_timeout" {
  min = 0
  max = 15
}

sudo_default "authenticate" {
  value = "on"
}
