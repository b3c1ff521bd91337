partition "/var" {}
