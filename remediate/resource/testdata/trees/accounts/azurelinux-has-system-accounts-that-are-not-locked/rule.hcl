accounts "accounts without a shell" {
  require = "no_shell_is_locked"
}
