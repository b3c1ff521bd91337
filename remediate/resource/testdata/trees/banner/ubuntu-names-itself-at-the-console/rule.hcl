banner "/etc/issue" {
  text = "Authorized users only. All activity may be monitored and reported."
}
