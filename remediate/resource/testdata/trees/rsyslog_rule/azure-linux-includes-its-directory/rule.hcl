rsyslog_rule "mail.*" {
  target = "/var/log/maillog"
  or     = ["/var/log/mail.log"]
}

rsyslog_rule "auth,authpriv.*" {
  target = "/var/log/auth.log"
  or     = ["/var/log/secure"]
}
