umask "logins" {
  value = "027"
}
