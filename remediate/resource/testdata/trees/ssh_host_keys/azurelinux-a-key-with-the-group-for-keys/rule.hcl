ssh_host_keys "private" {}
