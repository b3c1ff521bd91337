kubelet_argument "streaming-connection-idle-timeout" {
  not = ["0"]
  set = "5m"
}

kubelet_argument "anonymous-auth" {
  value = "false"
}

kubelet_argument "protect-kernel-defaults" {
  value = "true"
}
