pam_lockout "accounts" {
  deny        = 5
  unlock_time = 900
}
