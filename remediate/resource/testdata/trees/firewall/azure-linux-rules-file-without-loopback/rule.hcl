firewall "iptables" {
  aspect = "default_deny"
}

firewall "iptables" {
  aspect = "loopback"
}
