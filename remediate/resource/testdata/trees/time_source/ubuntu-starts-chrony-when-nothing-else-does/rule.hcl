time_source "chrony" {
  started = true
}

time_source "systemd-timesyncd" {
  started = true
}
