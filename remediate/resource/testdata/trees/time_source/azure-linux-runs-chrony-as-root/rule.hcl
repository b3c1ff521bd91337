time_source "any" {
  sources = ["/dev/ptp_hyperv"]
}

time_source "chrony" {
  users = ["_chrony", "chrony"]
}
