partition "/tmp" {}
