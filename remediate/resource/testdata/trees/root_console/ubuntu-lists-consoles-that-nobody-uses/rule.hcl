root_console "/etc/securetty" {
  allow = ["console", "tty1"]
}
