accounts "shells" {
  require = "system_accounts_no_shell"
}

accounts "empty passwords" {
  require = "passwords_not_empty"
}

accounts "shadowed" {
  require = "passwords_shadowed"
}

accounts "group shadow" {
  require = "shadow_group_empty"
}

accounts "nologin" {
  require = "nologin_not_a_shell"
}
