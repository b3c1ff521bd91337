ssh_host_keys "private" {}

ssh_host_keys "public" {}
