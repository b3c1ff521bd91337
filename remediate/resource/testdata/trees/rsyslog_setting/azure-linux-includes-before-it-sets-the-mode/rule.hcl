rsyslog_setting "FileCreateMode" {
  mode = "0640"
}
