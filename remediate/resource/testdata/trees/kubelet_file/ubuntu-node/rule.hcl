kubelet_file "service" {
  mode = "0600"
}

kubelet_file "config" {
  owner = "root"
  group = "root"
  mode  = "0600"
}

kubelet_file "client-ca" {
  mode = "0600"
}
