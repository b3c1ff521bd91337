kubelet_argument "streaming-connection-idle-timeout" {
  not = ["0"]
}
