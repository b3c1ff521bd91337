ipv6_status "all" {
  state = "enabled"
}
