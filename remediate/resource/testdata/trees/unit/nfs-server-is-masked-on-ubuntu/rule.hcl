unit "nfs-server.service" {
  state = "masked"
}
