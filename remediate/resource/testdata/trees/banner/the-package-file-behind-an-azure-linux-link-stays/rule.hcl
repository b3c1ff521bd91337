banner "/etc/issue.net" {
  text = "Authorized users only. All activity may be monitored and reported."
}
