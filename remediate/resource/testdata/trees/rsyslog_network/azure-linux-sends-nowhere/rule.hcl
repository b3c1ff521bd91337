rsyslog_network "send" {
  targets = ["loghost"]
}
