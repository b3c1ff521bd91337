time_source "ntp" {
  restrict = true
}
