rsyslog_network "receive" {}
