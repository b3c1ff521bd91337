firewall "ufw" {
  aspect = "default_deny"
}

firewall "ufw" {
  aspect = "loopback"
}
