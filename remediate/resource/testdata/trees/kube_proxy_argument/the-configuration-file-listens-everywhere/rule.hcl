kube_proxy_argument "metrics-bind-address" {
  one_of = ["127.0.0.1:10249", "[::1]:10249"]
}
