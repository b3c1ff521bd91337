unit "rpcbind.service" {
  state = "disabled"
}
