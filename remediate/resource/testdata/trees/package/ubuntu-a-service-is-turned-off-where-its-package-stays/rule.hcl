package "nfs-kernel-server" {
  state = "absent"
  rpm   = ["nfs-utils"]

  unless {
    units = ["nfs-server.service", "nfs-kernel-server.service"]
    state = "disabled"
  }
}

package "telnetd" {
  state = "absent"
}
