unit "avahi-daemon.service" {
  state = "disabled"
}
