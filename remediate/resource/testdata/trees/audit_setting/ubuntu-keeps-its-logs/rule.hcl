audit_setting "max_log_file" {
  min = 8
}

audit_setting "max_log_file_action" {
  one_of = ["keep_logs"]
}

audit_setting "disk_full_action" {
  one_of = ["halt", "single"]
}

audit_setting "disk_error_action" {
  one_of = ["syslog", "single", "halt"]
}
