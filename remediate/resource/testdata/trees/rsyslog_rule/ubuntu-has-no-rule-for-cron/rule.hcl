rsyslog_rule "cron.*" {
  target = "/var/log/cron.log"
  or     = ["/var/log/cron"]
}

rsyslog_rule "*.emerg" {
  target = ":omusrmsg:*"
}

rsyslog_rule "auth,authpriv.*" {
  target = "/var/log/auth.log"
  or     = ["/var/log/secure"]
}
