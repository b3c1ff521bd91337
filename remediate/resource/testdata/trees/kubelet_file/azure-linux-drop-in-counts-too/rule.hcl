kubelet_file "service" {
  owner = "root"
  mode  = "0600"
}
