# What reaches the logs.

rule "rsyslog-selectors" {
  title    = "rsyslog keeps authentication, scheduling and urgent messages in files"
  why      = "Without these selectors nothing remains of who logged in once the journal has rotated."
  breaks   = "Nothing: messages that another line already keeps may stand in two files."
  source   = "CIS benchmarks, rsyslog; rsyslog.conf(5), selectors."
  severity = "medium"

  rsyslog_rule "auth,authpriv.*" {
    target = "/var/log/auth.log"
    or     = ["/var/log/secure"]
  }
  rsyslog_rule "cron.*" {
    target = "/var/log/cron.log"
    or     = ["/var/log/cron", "/var/log/syslog", "/var/log/messages"]
  }
  rsyslog_rule "*.emerg" {
    target = ":omusrmsg:*"
    or     = ["*", "/var/log/syslog", "/var/log/messages"]
  }
}
