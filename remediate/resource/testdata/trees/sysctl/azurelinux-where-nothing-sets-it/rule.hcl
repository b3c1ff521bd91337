sysctl "kernel.randomize_va_space" {
  value = "2"
}

sysctl "net.ipv4.conf.all.rp_filter" {
  value = "1"
}

sysctl "kernel.unprivileged_bpf_disabled" {
  value = "1"
}
