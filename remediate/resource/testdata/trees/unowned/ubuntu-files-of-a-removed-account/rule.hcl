unowned "users" {}

unowned "groups" {}
