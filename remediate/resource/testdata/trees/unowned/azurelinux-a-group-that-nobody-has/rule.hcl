unowned "groups" {}
