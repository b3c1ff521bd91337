sysctl "net.ipv4.ip_forward" {
  value = "0"
}

sysctl "kernel.sysrq" {
  value = "0"
}

sysctl "net.ipv4.conf.all.accept_redirects" {
  value = "0"
}

sysctl "kernel.yama.ptrace_scope" {
  value  = "1"
  accept = ["2", "3"]
}

sysctl "net.ipv4.conf.*.rp_filter" {
  value = "1"
}
