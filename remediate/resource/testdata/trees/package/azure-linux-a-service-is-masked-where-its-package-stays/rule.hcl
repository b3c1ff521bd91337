package "nfs-kernel-server" {
  state = "absent"
  rpm   = ["nfs-utils"]

  unless {
    units = ["nfs-server.service"]
    state = "masked"
  }
}
